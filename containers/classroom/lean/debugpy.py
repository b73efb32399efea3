"""Stands where ipykernel looks for its debugger, which has no place on a machine that is shared.

ipykernel does without it. The debugger takes 8 MB in every kernel, and when it is switched on, it
listens on a port that every user of the machine could attach to, and so act as the learner.
"""

raise ImportError("left out in a class")
