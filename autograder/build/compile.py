"""From one source notebook to releases, solutions and bundles.

gates         hygiene rules                                     check_rules   rules of a check cell
bars          calibrated or not
fold          facts become literals                             translation   cells for the tools
kitfiles      what stands beside a notebook                     solutions     the executed notebook
otter         otter's flavour, by otter assign                  nbgrader      nbgrader's, likewise
tool          runs other people's tools                         coursetree    nbgrader's var/nbgrader
leaks         nothing secret in a release                       layers        all texts in a file
release       plan, manifest                                    folder        trees of files

``build`` is all that the command line needs.
"""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.build import (
    kit,
    leaks,
    lint,
    nbgrader_course,
    nbgrader_release,
    otter_release,
    release_manifest,
    solutions,
    thresholds,
)
from autograder.build.cells import ReleaseInfo
from autograder.build.substitute_facts import FactSubstitution
from autograder.course import Assignment, Course
from autograder.errors import AuthorError, StaffError
from autograder.facts import Facts, compute_facts
from autograder.files import differences, load_notebook, read_tree, replace_file, replace_trees
from autograder.notebook import Source, parse_cells, parse_questions

__all__ = ["BuildReport", "PreparedSource", "build", "prepare"]

_MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build made."""

    assignment: str
    release_id: str
    """Digest of what the release was made from."""

    files: int
    """How many files the release has, its manifest included."""

    changes: tuple[str, ...]
    """What this build changed in the release, one line per path; empty after ``check``."""

    secret_count: int
    public_count: int
    thresholds: str
    executed: bool
    """Whether the solution was run again."""


@dataclass(frozen=True, slots=True)
class PreparedSource:
    """A source that passed every gate, ready for the tools."""

    source: Source
    """With literals for facts."""

    files: dict[str, bytes]
    """What ships beside the notebook."""

    release_info: ReleaseInfo
    thresholds: str


def build(
    course: Course,
    assignment: Assignment,
    *,
    check: bool = False,
    uncalibrated: bool = False,
) -> BuildReport:
    """Compile one assignment; releases and solutions change together or not at all.

    Args:
        check: compare what would be made with what is on disk, and execute and write nothing.
        uncalibrated: build without measured accuracy bars, and say so in the manifest.

    Raises:
        AuthorError: all problems of the source at once, or a leak.
        StaffError: a tool fails, the disk cannot be written, or with ``check``: the files on
            disk are not what the build makes.
    """
    prepared = prepare(assignment, uncalibrated=uncalibrated)
    with tempfile.TemporaryDirectory(prefix="build-") as name:
        work = Path(name)
        flavours = _run_tools(course, assignment, prepared, work)
        published, executed = _solution_files(assignment, prepared, flavours, check=check)
        watch = _leak_scanner(assignment, prepared, published)
        _check_no_leaks(watch, assignment, flavours)
        plan = _release_files(assignment, prepared, flavours, watch)
        changed = tuple(differences(_release_folder(assignment), plan))
        if check:
            _check_no_changes(assignment, changed)
        else:
            nbgrader_course.check_no_marks_lost(assignment, flavours.nbgrader, work)
            _write(course, assignment, flavours, plan, published, work)
    return BuildReport(
        assignment.name,
        prepared.release_info.release,
        len(plan),
        changed,
        len(watch.secrets),
        watch.public_count,
        prepared.thresholds,
        executed,
    )


def prepare(assignment: Assignment, *, uncalibrated: bool = False) -> PreparedSource:
    """Read, check and fold a source notebook.

    Raises:
        AuthorError: every problem at once, each with file, cell and line.
    """
    label = f"source/{assignment.name}/{assignment.notebook.name}"
    try:
        data = assignment.notebook.read_bytes()
    except OSError as error:
        raise AuthorError(f"{label}: cannot be read ({error.strerror}); add the notebook") from error
    cells, problems = parse_cells(data, label)
    if not cells:
        raise AuthorError([str(problem) for problem in problems])
    source, found = parse_questions(cells, label)
    facts = compute_facts(assignment)
    problems += [*found, *lint.check(source, assignment)]
    unmeasured = thresholds.problems(source, assignment)
    problems += [] if uncalibrated else unmeasured
    folding = FactSubstitution(facts, assignment.name, calibrated=not unmeasured)
    folded, found = folding.apply(source)
    if uncalibrated and found and not unmeasured:
        folding = replace(folding, calibrated=False)
        folded, found = folding.apply(source)
    files, missing = kit.support_files(assignment, source)
    problems += [*found, *missing]
    if problems:
        raise AuthorError([str(problem) for problem in dict.fromkeys(problems)])
    known = Facts(facts.lab, facts.expected, facts.thresholds if folding.calibrated else {})
    stamp = ReleaseInfo(assignment.name, release_manifest.release_id(assignment, data, known, files))
    return PreparedSource(
        parse_questions(folded, label)[0], files, stamp, _calibration_status(source, folding)
    )


def _calibration_status(source: Source, substitution: FactSubstitution) -> str:
    if not any("THRESHOLDS" in check.code for check in source.checks()):
        return "none"
    return "calibrated" if substitution.calibrated else "uncalibrated"


@dataclass(frozen=True, slots=True)
class _ToolOutputs:
    """What the two tools made."""

    otter: dict[str, bytes]
    bundle: bytes
    nbgrader: nbgrader_release.NbgraderOutput


def _run_tools(
    course: Course, assignment: Assignment, prepared: PreparedSource, work_dir: Path
) -> _ToolOutputs:
    """Run otter's and nbgrader's own code side by side."""
    for name in release_manifest.FLAVORS:
        (work_dir / name).mkdir()
    source, files, stamp = prepared.source, prepared.files, prepared.release_info
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(otter_release.build, source, assignment, stamp, files, work_dir / "otter")
        second = pool.submit(
            nbgrader_release.build, source, course, assignment, stamp, files, work_dir / "nbgrader"
        )
        return _ToolOutputs(*first.result(), second.result())


def _release_folder(assignment: Assignment) -> Path:
    return assignment.root / "release" / assignment.name


def _solution_folder(assignment: Assignment) -> Path:
    return assignment.root / "solutions" / assignment.name


def _solution_files(
    assignment: Assignment, prepared: PreparedSource, outputs: _ToolOutputs, *, check: bool
) -> tuple[dict[str, bytes], bool]:
    """Return the files of the solution, and whether it was executed for them."""
    draft = solutions.draft(prepared.source)
    inputs = solutions.inputs_digest(draft, assignment, prepared.files)
    folder = _solution_folder(assignment)
    if solutions.is_up_to_date(folder, inputs):
        return read_tree(folder), False
    if check:
        raise StaffError(
            f"solutions/{assignment.name}: not the solution of this source; "
            f"run `course build {assignment.name}` and commit it"
        )
    _check_no_leaks(_leak_scanner(assignment, prepared), assignment, outputs)
    return solutions.execute(draft, prepared.source, assignment, prepared.files), True


def _leak_scanner(
    assignment: Assignment, prepared: PreparedSource, solution_files: dict[str, bytes] | None = None
) -> leaks.LeakScanner:
    expected = (assignment.source / "expected.py").read_text(encoding="utf-8")
    executed = load_notebook(solution_files[assignment.notebook.name]) if solution_files else None
    return leaks.leak_scanner(prepared.source, prepared.files, expected, executed)


def _check_no_leaks(scanner: leaks.LeakScanner, assignment: Assignment, outputs: _ToolOutputs) -> None:
    label = f"release/{assignment.name}"
    problems = [*scanner.problems, *scanner.scan(outputs.otter, f"{label}/otter")]
    problems += scanner.scan(outputs.nbgrader.release, f"{label}/nbgrader")
    if problems:
        raise AuthorError([str(problem) for problem in problems])


def _release_files(
    assignment: Assignment, prepared: PreparedSource, outputs: _ToolOutputs, scanner: leaks.LeakScanner
) -> dict[str, bytes]:
    manifest = release_manifest.Manifest(
        assignment.name,
        prepared.release_info.release,
        prepared.thresholds,
        len(scanner.secrets),
        scanner.public_count,
    )
    return release_manifest.release_files(manifest, outputs.otter, outputs.nbgrader.release)


def _write(
    course: Course,
    assignment: Assignment,
    outputs: _ToolOutputs,
    release_files: dict[str, bytes],
    solution_files: dict[str, bytes],
    work_dir: Path,
) -> None:
    trees = {_release_folder(assignment): release_files, _solution_folder(assignment): solution_files}
    replace_trees(trees | nbgrader_course.trees(assignment, outputs.nbgrader))
    replace_file(assignment.bundle("otter"), outputs.bundle, public=True)
    nbgrader_course.update_gradebook(course, assignment, outputs.nbgrader, work_dir)


def _check_no_changes(assignment: Assignment, changes: tuple[str, ...]) -> None:
    if not changes:
        return
    shown = "\n".join(f"release/{line}" for line in changes[:_MAX_LISTED])
    more = f"\nand {len(changes) - _MAX_LISTED} more" if len(changes) > _MAX_LISTED else ""
    do = f"run `course build {assignment.name}` and commit it"
    raise StaffError(f"release/{assignment.name} is not what the build makes; {do}\n{shown}{more}")
