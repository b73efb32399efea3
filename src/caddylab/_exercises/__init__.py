"""The labs: exercises that are judged by how the learner's Caddyfile behaves.

`task` says what a task is, `check` runs one, `feedback` shows the result, `progress` remembers
it. The tasks themselves are in `chapters/ch01`, `ch02` and so on, one module a chapter; a module
with such a name is found automatically.
"""
