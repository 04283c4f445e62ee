"""The files of a course that another machine needs to grade one assignment."""

from autograder.course import CONFIG_NAME, Assignment
from autograder.files import read_tree


def course_files(assignment: Assignment) -> dict[str, bytes]:
    """Return everything that compiling and grading read of a course, by path below its root.

    Hidden files, which editors leave in the source, are omitted.
    """
    root = assignment.root
    paths = [root / CONFIG_NAME, root / "pyproject.toml"]
    paths += assignment.calibration.parent.glob(f"{assignment.name}.*json")
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    for name, data in read_tree(assignment.source).items():
        if not any(part.startswith(".") for part in name.split("/")):
            files[f"source/{assignment.name}/{name}"] = data
    return files
