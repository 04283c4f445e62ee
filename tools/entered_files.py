"""Print which files of the package the supervisor enters for one submission.

    python tools/entered_files.py [NOTEBOOK]

Grades a submission to the tiny assignment of ``tests/`` by ``course grade`` and records each
function that the supervisor calls, on all of its threads, with ``sys.setprofile``. Modules that
are only imported do not count.
"""

import shutil
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402  the package is found through the path set above

from autograder.commands.grade_class import grade_class  # noqa: E402
from autograder.course import load_course  # noqa: E402
from tests.support.grading import make_submission  # noqa: E402
from tests.support.plans import compile_plan  # noqa: E402

PACKAGE = str(ROOT / "autograder")


def main() -> None:
    """Grade one submission under a profiler and print the files, one line each."""
    entered: dict[str, set[str]] = {}

    def record(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        is_ours = code.co_filename.startswith(PACKAGE) and code.co_filename.endswith(".py")
        if event == "call" and is_ours and code.co_name != "<module>":
            entered.setdefault(code.co_filename, set()).add(code.co_qualname)

    with tempfile.TemporaryDirectory() as name:
        course_folder = Path(shutil.copytree(ROOT / "tests" / "tiny_assignment", Path(name) / "course"))
        course = load_course(course_folder)
        assignment = course.assignment("tiny")
        notebook = Path(name) / "student.ipynb"
        if len(sys.argv) > 1:
            shutil.copy(sys.argv[1], notebook)
        else:
            notebook.write_bytes(make_submission(compile_plan(assignment), {}, {}))
        threading.setprofile(record)
        sys.setprofile(record)
        try:
            grade_class(assignment, [notebook], Path(name) / "out", Console(quiet=True), workers=1)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]  documented to take None
    for file in sorted(entered):
        print(f"{Path(file).relative_to(PACKAGE)}: {len(entered[file])} functions")
    print(f"{len(entered)} files, {sum(map(len, entered.values()))} functions")


if __name__ == "__main__":
    main()
