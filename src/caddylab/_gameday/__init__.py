"""The game day: something breaks on a running site, and the learner is on call.

`scenario` says what can happen, `site` is the lab of the one on call, `crowd` its visitors,
`game` lets it all happen, `score` counts the error budget, `report` tells it at the end.
"""
