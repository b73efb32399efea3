"""How nbgrader works with this folder as it is: `nbgrader autograde 02-crash`, and so on.

Solutions are in `solutions`, and `make labs` makes `labs` of them: what students get.
"""

c = get_config()  # noqa: F821 (nbgrader defines it)

c.CourseDirectory.course_id = "break-the-balancer"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints", "__pycache__", ".keep", "lab-progress.jsonl", "predictions.json",
]  # fmt: skip

# It stands in a Caddyfile as well as in Python: both begin a comment with this sign.
c.ClearSolutions.code_stub = {"python": "# YOUR LINES HERE"}

# A check takes up to 25 s, on a busy machine 50, and a first cell starts a lab.
c.ExecutePreprocessor.timeout = 60
