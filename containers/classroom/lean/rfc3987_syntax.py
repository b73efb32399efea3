"""Stands where jsonschema looks for a grammar of international addresses, which nobody here needs.

jsonschema does without it. Building it would take 16 MB and a second of CPU in every learner's
server, and once more in every kernel.
"""

raise ImportError("left out in a class")
