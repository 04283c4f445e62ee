"""Where nbgrader works: in var/nbgrader, which `course build` fills, and nowhere else."""

from pathlib import Path

c = get_config()  # noqa: F821  nbgrader provides it
c.CourseDirectory.root = str(Path(__file__).resolve().parent / "var" / "nbgrader")
