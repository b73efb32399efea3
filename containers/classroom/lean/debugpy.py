"""Shadows ipykernel's debugger, which has no place on a shared machine.

ipykernel works without it. The debugger takes 8 MB in every kernel and, once switched on, listens
on a port that every user of the machine could attach to, and so act as the learner.
"""

raise ImportError("left out in a class")
