"""The labs: exercises that are judged by how the learner's Caddyfile behaves.

`task` says what a task is, `check` lets one happen, `feedback` shows it, `progress` remembers
it. The tasks themselves are in `ch01`, `ch02` and so on, a module a chapter; each module that
is called so is found by itself.
"""
