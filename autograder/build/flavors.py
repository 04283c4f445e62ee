"""The two flavors of a release, made by the tools themselves: otter and nbgrader.

nbgrader's own course is at ``var/nbgrader``: the build writes it and never reads it back. It is
apart from ``source/`` and ``release/`` because nbgrader deletes and overwrites its folders
(``generate_assignment --force`` starts by deleting the release).
"""

import ast
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from autograder import files
from autograder.build import release_parts, stand_alone
from autograder.build.release_parts import (
    EXPORT_IDS,
    INIT_ID,
    SUBMISSION_ID,
    PreparedSource,
    check_code,
    make_cell,
)
from autograder.build.stand_alone import README_NAME, REQUIREMENTS_NAME, flavor_files
from autograder.checks.preflight import HIDDEN_CHECK
from autograder.course import Assignment, Course
from autograder.errors import StaffError
from autograder.files import NotebookNode, dump_notebook, load_notebook
from autograder.notebook import TEXT_STUB, Cell, CellType, Source

CONFIG_NAME = "nbgrader_config.py"
ROOT_CONFIG = '''\
"""Where nbgrader works: in var/nbgrader, which `course build` fills, and nowhere else."""

from pathlib import Path

c = get_config()  # noqa: F821  nbgrader provides it
c.CourseDirectory.root = str(Path(__file__).resolve().parent / "var" / "nbgrader")
'''
"""The file of that name next to ``course_config.py``."""

GRADEBOOK = "gradebook.db"
EXCHANGE = "exchange"
"""Where ``nbgrader release_assignment`` and ``list`` look on a machine without JupyterHub."""

READ_ONLY_CELLS = ("setup", "parameters")
"""Provided cells that nbgrader restores before it grades; students may change the others."""


# If rfc3987_syntax is installed, jsonschema imports it to check web addresses, which takes
# seconds; the schemas of notebooks contain none.
_LAUNCHER = """
import runpy, sys
sys.modules["rfc3987_syntax"] = None
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""

_MAX_MESSAGE_LINES = 12


def tool_path() -> str:
    """Return the PATH with which tools find others by name, e.g. jupyter: first those next to this Python."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def run_tool(
    module: str,
    *arguments: str,
    folder: Path,
    timeout_s: float = 300,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m module arguments…`` in ``folder`` without anybody's personal settings.

    otter and nbgrader change the working directory and read configuration from the home folder; a
    subprocess in a temporary course isolates them from everything else.

    Args:
        timeout_s: maximum run time, seconds.
        environment: additional variables.

    Raises:
        StaffError: the tool is missing, fails or takes too long; with the end of its output.
    """
    settings = folder / ".jupyter"
    variables = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(settings),
        "JUPYTER_NO_CONFIG": "1",
        "IPYTHONDIR": str(settings / "ipython"),
        "PATH": tool_path(),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        **(environment or {}),
    }
    command = [sys.executable, "-P", "-c", _LAUNCHER, module, *arguments]
    try:
        process = subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise StaffError(f"{module}: took more than {timeout_s:g} s; run the command again") from error
    if process.returncode != 0:
        output = (process.stdout + process.stderr).strip().splitlines()
        message = "\n".join(output[-_MAX_MESSAGE_LINES:])
        raise StaffError(f"{module} {arguments[0]}: failed with code {process.returncode}:\n{message}")
    return process


def build_otter(prepared: PreparedSource, work_dir: Path) -> tuple[dict[str, bytes], bytes]:
    """Return the files that students get, and otter's autograder zip; ``work_dir`` is a new folder."""
    name = prepared.assignment.notebook.name
    own_files = flavor_files(prepared, "otter")
    files.write_tree(
        work_dir, {**prepared.files, **own_files, name: dump_notebook(master_notebook(prepared))}
    )
    run_tool("otter", "assign", "--no-run-tests", "--no-pdfs", name, "made", folder=work_dir)
    release = files.read_tree(work_dir / "made" / "student")
    release[name] = dump_notebook(_assign_cell_ids(load_notebook(release[name]), prepared.source))
    # What only students need is not in otter's list of files, which also go into its zip.
    release |= {file: own_files[file] for file in (README_NAME, REQUIREMENTS_NAME)}
    # Its name contains the time at which it was made.
    zips = list((work_dir / "made" / "autograder").glob("*.zip"))
    if len(zips) != 1:
        raise StaffError(f"otter assign made {len(zips)} autograder zips; one is expected")
    return release, repack(zips[0].read_bytes())


def master_notebook(prepared: PreparedSource) -> NotebookNode:
    """Return the notebook that otter assign reads: the source with otter's settings on top."""
    support_files = sorted({path.partition("/")[0] for path in prepared.files})
    settings = {
        "init_cell": False,
        "run_tests": False,
        "requirements": REQUIREMENTS_NAME,
        "files": support_files,  # folders are copied with their content
        # Tests in files survive a renamed notebook and Colab; tests in metadata do not.
        "tests": {"files": True, "ok_format": False},
        "export_cell": {
            "pdf": False,
            "run_tests": False,
            "instructions": stand_alone.submission_text(prepared, "otter"),
        },
        "generate": {"show_stdout": False, "show_hidden": False},
    }
    config = "# ASSIGNMENT CONFIG\n" + yaml.safe_dump(settings, sort_keys=True)
    # A traceback shows the comment; a statement more would be the student's own code to the grader.
    hint = "# Needs the folder tests next to this notebook, and %pip install -r requirements.txt"
    init = Cell(INIT_ID, CellType.CODE, f"{hint}\nimport otter\n\ngrader = otter.Notebook()")
    cells = [make_cell(Cell("assignment-config", CellType.RAW, config))]
    checks = {check.cell.id: check for check in prepared.source.checks()}
    notes = dict(_notes_on_hidden_checks(prepared.source))
    for cell in prepared.source.cells:
        text = None
        if cell.id in checks:
            check = checks[cell.id]
            settings = {"points": check.points, "hidden": check.hidden, "failure_message": check.title}
            if cell.id in notes:
                settings["success_message"] = notes[cell.id]
            # Without a width, YAML would fold a long title into two lines.
            config = yaml.safe_dump(settings, sort_keys=True, width=10_000, allow_unicode=True)
            code = _enclose(check_code(check, prepared.assignment.kit))
            text = f'""" # BEGIN TEST CONFIG\n{config}""" # END TEST CONFIG\n{code}'
        cells.append(make_cell(cell, text))
        if cell.id == "setup":  # which says in one sentence what is missing next to the notebook
            cells.append(make_cell(init, editable=False, deletable=False))
    return release_parts.make_notebook(cells, prepared)


def _enclose(code: str) -> str:
    """Return a check whose statements are in a function of their own, which its last line calls.

    otter prints the line at which a check failed above the message: there, the hint would be read
    twice and the call would run over the page.
    """
    tree = ast.parse(code)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    names = ", ".join(argument.arg for argument in function.args.args)
    # The title must remain the first statement.
    title, statements = function.body[0], function.body[1:]
    function.body = [title, *ast.parse(f"def check({names}):\n    ...\ncheck({names})").body]
    inner = function.body[1]
    assert isinstance(inner, ast.FunctionDef)
    inner.body = statements
    return ast.unparse(tree)


def _notes_on_hidden_checks(source: Source) -> Iterator[tuple[str, str]]:
    """Yield what the last visible check of a question adds when it passes, by the check's id.

    otter says of a question whose visible checks pass that it passed.
    """
    for question in source.questions:
        visible = [check for check in question.checks if not check.hidden]
        hidden_points = sum(check.points for check in question.checks if check.hidden)
        if visible and hidden_points:
            share = f"{hidden_points:g} of {question.points:g} points"
            yield visible[-1].cell.id, f"Visible checks only: hidden checks bring the other {share}."


def repack(data: bytes) -> bytes:
    """Return a zip with the same files in order of their names and without times."""
    # otter stores times and the order of a folder listing: other bytes at every build.
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return files.make_zip({name: archive.read(name) for name in archive.namelist()})


def _assign_cell_ids(student: NotebookNode, source: Source) -> NotebookNode:
    """Give every cell that otter added a fixed id instead of its random one."""
    # The order in which otter adds cells identifies those without any other mark.
    known_ids = {cell.id for cell in source.cells} | {INIT_ID}
    manual_ids = iter([question.answers[0].cell.id for question in source.questions if question.manual])
    export_ids = iter(EXPORT_IDS)
    check_ids = {question.name: question.otter_check_id for question in source.questions}
    for number, cell in enumerate(student.cells):
        if cell.id in known_ids:
            continue
        check = re.fullmatch(r'grader\.check\("(\w+)"\)', cell.source)
        if check:
            cell.id = check_ids[check[1]]
        elif "otter_answer_cell" in cell.metadata.get("tags", []):
            cell.id = next(manual_ids)
        elif re.fullmatch(r"<!-- (BEGIN|END) QUESTION -->\s*(<!-- .*)?", cell.source, re.DOTALL):
            cell.id = f"otter-mark-{number}"
        elif export_id := next(export_ids, None):
            cell.id = export_id
        else:
            raise StaffError(f"otter assign added an unknown cell: {cell.source[:60]!r}")
    return student


@dataclass(frozen=True, slots=True)
class NbgraderOutput:
    """What nbgrader made of one assignment."""

    source: dict[str, bytes]
    """The translated source and the files next to it, for nbgrader's own course."""

    release: dict[str, bytes]
    gradebook: Path
    """An SQLite file with this assignment and without students, in the working folder."""


def build_nbgrader(course: Course, prepared: PreparedSource, work_dir: Path) -> NbgraderOutput:
    """Return the files that students get, and those that nbgrader grades with.

    Args:
        work_dir: a new folder, which becomes the temporary course.
    """
    assignment = prepared.assignment
    name = assignment.notebook.name
    text = stand_alone.submission_text(prepared, "nbgrader")
    submission = make_cell(Cell(SUBMISSION_ID, CellType.MARKDOWN, text), editable=False, deletable=False)
    cells = [*_nbgrader_cells(prepared.source, assignment.kit), submission]
    translated = release_parts.make_notebook(cells, prepared)
    inputs = {**prepared.files, **flavor_files(prepared, "nbgrader"), name: dump_notebook(translated)}
    files.write_tree(work_dir / "source" / assignment.name, inputs)
    (work_dir / CONFIG_NAME).write_text(config_text(course), encoding="utf-8")
    run_tool("nbgrader", "generate_assignment", assignment.name, "--create", folder=work_dir)
    release = files.read_tree(work_dir / "release" / assignment.name)
    release[name] = dump_notebook(load_notebook(release[name]))  # nbgrader's own JSON has another order
    return NbgraderOutput(inputs, release, work_dir / GRADEBOOK)


def config_text(course: Course) -> str:
    """Return ``nbgrader_config.py`` for the folder that is nbgrader's course."""
    timeout = max(assignment.build_cell_timeout_s for assignment in course.assignments.values())
    settings = {
        "ClearSolutions.code_stub": {"python": release_parts.STUB},
        "ClearSolutions.text_stub": TEXT_STUB,
        "CourseDirectory.course_id": course.id,
        "Execute.timeout": timeout,
        # nbgrader takes points away for text on stderr; TensorFlow and warnings write there.
        "IgnorePattern.enabled": True,
        "IgnorePattern.pattern": r"[\s\S]",
    }
    lines = ['"""Made from course_config.py by `course build`; change that file."""', ""]
    lines += ["from pathlib import Path", "", "c = get_config()  # noqa: F821"]
    lines.append(f'c.Exchange.root = str(Path(__file__).resolve().parent / "{EXCHANGE}")')
    lines += [f"c.{name} = {value!r}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def course_folder(root: Path) -> Path:
    """Return nbgrader's course folder."""
    return root / "var" / "nbgrader"


def course_trees(assignment: Assignment, output: NbgraderOutput) -> dict[Path, dict[str, bytes]]:
    """Return the folders of nbgrader's course that belong to this assignment."""
    root = course_folder(assignment.root)
    return {
        root / "source" / assignment.name: output.source,
        root / "release" / assignment.name: output.release,
    }


def check_no_marks_lost(course: Course, assignment: Assignment, output: NbgraderOutput) -> None:
    """Refuse a build that nbgrader could not take over without losing marks.

    Raises:
        StaffError: its gradebook contains submissions, and cells were added, removed or renamed.
    """
    path = course_folder(assignment.root) / GRADEBOOK
    if not path.is_file():
        return  # nothing was ever graded with nbgrader here
    before = _read_gradebook(path, course, assignment)
    after = _read_gradebook(output.gradebook, course, assignment)
    # nbgrader deletes the marks of cells that a new version of the assignment lacks.
    changed = before.points.keys() ^ after.points.keys()
    if before.submission_count and before.points and changed:
        raise StaffError(
            f"{path.relative_to(assignment.root)}: contains {before.submission_count} submissions of "
            f"{assignment.name}, and the source now has different cells ({', '.join(sorted(changed))}); "
            "give questions and functions their old names, or move the gradebook away and grade again"
        )


def update_course(course: Course, assignment: Assignment, output: NbgraderOutput) -> None:
    """Bring nbgrader's settings and gradebook up to date with its source."""
    root = course_folder(course.root)
    (root / EXCHANGE).mkdir(exist_ok=True)
    files.replace_file(root / CONFIG_NAME, config_text(course).encode(), public=True)
    path = root / GRADEBOOK
    made = _read_gradebook(output.gradebook, course, assignment)
    if not path.is_file():
        files.replace_file(path, output.gradebook.read_bytes(), public=True)
    elif _read_gradebook(path, course, assignment) != made:
        # --force rewrites the release in nbgrader's folder, with JSON in another order than in release/.
        run_tool("nbgrader", "generate_assignment", assignment.name, "--create", "--force", folder=root)
        files.replace_trees(course_trees(assignment, output))
    # Not part of generate_assignment; formgrader shows it, and late penalties need it.
    with _open_gradebook(path, course) as gradebook:
        gradebook.update_or_create_assignment(assignment.name, duedate=assignment.due)


@dataclass(frozen=True, slots=True)
class _GradebookContent:
    """What a gradebook knows of an assignment, comparable between gradebooks."""

    source_cells: dict[str, tuple[object, ...]] = field(default_factory=dict)
    points: dict[str, float | None] = field(default_factory=dict)
    """By the cells that marks or comments are given for; None if they have no points."""

    submission_count: int = field(default=0, compare=False)


def _read_gradebook(path: Path, course: Course, assignment: Assignment) -> _GradebookContent:
    from nbgrader.api import MissingEntry

    content = _GradebookContent()
    with _open_gradebook(path, course) as gradebook:
        try:
            notebook = gradebook.find_notebook(assignment.notebook.stem, assignment.name)
        except MissingEntry:
            return content
        for cell in notebook.source_cells:
            content.source_cells[cell.name] = (cell.cell_type, cell.locked, cell.source, cell.checksum)
        for cell in notebook.solution_cells:
            content.points[cell.name] = None
        for cell in notebook.grade_cells:
            content.points[cell.name] = cell.max_score
        submissions = gradebook.assignment_submissions(assignment.name)
        return replace(content, submission_count=len(submissions))


@contextmanager
def _open_gradebook(path: Path, course: Course) -> Iterator[Any]:
    # Imported here: nbgrader's database layer takes a second, and only a full build needs it.
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with Gradebook(f"sqlite:///{path}?timeout=30", course.id) as gradebook:
            yield gradebook
    except SQLAlchemyError as error:
        reason = str(error).strip().splitlines()[0]
        fix = "move it away; the build makes a new one"
        raise StaffError(f"{path}: not an nbgrader gradebook ({reason}); {fix}") from error


def _nbgrader_cells(source: Source, kit: str) -> Iterator[NotebookNode]:
    """Yield the source's cells with nbgrader's metadata where nbgrader must know them."""
    metadata = _nbgrader_metadata(source)
    checks = {check.cell.id: check for check in source.checks()}
    for cell in source.cells:
        if cell.id in checks:
            check = checks[cell.id]
            # Below the def, which has imports of its own, the cell imports and runs the check.
            body, run_line = check_code(check, kit).rsplit("\n", 1)
            lines = [*body.rstrip("\n").split("\n"), "", "", "import checks", "", run_line]
            if check.hidden:
                points = "1 point" if check.points == 1 else f"{check.points:g} points"
                intro = f"{HIDDEN_CHECK}, {points}: it runs when your work is graded."
                lines = [intro, "### BEGIN HIDDEN TESTS", *lines, "### END HIDDEN TESTS"]
            # Without the tag, Run All would stop at the first failed check. A visible check is
            # folded, so that its hints are not in sight before it has run.
            shown = {} if check.hidden else {"jupyter": {"source_hidden": True}}
            tags = ["raises-exception"]
            yield make_cell(cell, "\n".join(lines), nbgrader=metadata[cell.id], tags=tags, **shown)
        elif cell.id in metadata:
            yield make_cell(cell, nbgrader=metadata[cell.id])
        elif cell.cell_type is not CellType.RAW:
            yield make_cell(cell)


def _nbgrader_metadata(source: Source) -> dict[str, dict[str, Any]]:
    """Return what nbgrader must know of cells, by cell id."""
    metadata: dict[str, dict[str, Any]] = {cell_id: {"locked": True} for cell_id in READ_ONLY_CELLS}
    for question in source.questions:
        for cell in question.prompt:
            if cell.cell_type is CellType.MARKDOWN:
                metadata[cell.id] = {"locked": True}
        for answer in question.answers:
            metadata[answer.cell.id] = {"solution": True}
            if question.manual:
                metadata[answer.cell.id] |= {"grade": True, "points": question.points}
        for check in question.checks:
            metadata[check.cell.id] = {"grade": True, "locked": True, "points": check.points}
    defaults = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return {cell_id: {"grade_id": cell_id, **defaults, **values} for cell_id, values in metadata.items()}
