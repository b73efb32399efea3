"""Stands where JupyterHub looks for a way to keep secrets in its database.

A learner's server keeps none, and JupyterHub does without it. It would take 7 MB in every one.
"""

raise ImportError("left out in a class")
