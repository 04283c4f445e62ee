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

from autograder.compile import (
    bars,
    coursetree,
    gates,
    kitfiles,
    leaks,
    nbgrader,
    otter,
    release,
    solutions,
)
from autograder.compile.fold import Folding
from autograder.compile.folder import differences, read_tree, replace_file, replace_trees
from autograder.compile.translation import Stamp
from autograder.course import Assignment, Course
from autograder.errors import AuthorError, StaffError
from autograder.facts import Facts, facts_of
from autograder.notebook import load
from autograder.source import Source, parse, read

__all__ = ["BuildReport", "Prepared", "build", "prepare"]

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build made."""

    assignment: str
    release: str
    """Digest of what the release was made from."""

    files: int
    """How many files the release has, its manifest included."""

    changed: tuple[str, ...]
    """What this build changed in the release, one line per path; empty after ``check``."""

    watched: int
    public: int
    bars: str
    executed: bool
    """Whether the solution was run again."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A source that passed every gate, ready for the tools."""

    source: Source
    """With literals for facts."""

    files: dict[str, bytes]
    """What ships beside the notebook."""

    stamp: Stamp
    bars: str


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
        flavours = _tools(course, assignment, prepared, work)
        published, executed = _solution(assignment, prepared, flavours, check=check)
        watch = _watch(assignment, prepared, published)
        _refuse_leaks(watch, assignment, flavours)
        plan = _plan(assignment, prepared, flavours, watch)
        changed = tuple(differences(_released(assignment), plan))
        if check:
            _refuse_changes(assignment, changed)
        else:
            coursetree.refuse_lost_marks(assignment, flavours.nbgrader, work)
            _write(course, assignment, flavours, plan, published, work)
    return BuildReport(
        assignment.name,
        prepared.stamp.release,
        len(plan),
        changed,
        len(watch.watched),
        watch.public,
        prepared.bars,
        executed,
    )


def prepare(assignment: Assignment, *, uncalibrated: bool = False) -> Prepared:
    """Read, check and fold a source notebook.

    Raises:
        AuthorError: every problem at once, each with file, cell and line.
    """
    label = f"source/{assignment.name}/{assignment.notebook.name}"
    try:
        data = assignment.notebook.read_bytes()
    except OSError as error:
        raise AuthorError(f"{label}: cannot be read ({error.strerror}); add the notebook") from error
    cells, problems = read(data, label)
    if not cells:
        raise AuthorError([str(problem) for problem in problems])
    source, found = parse(cells, label)
    facts = facts_of(assignment)
    problems += [*found, *gates.check(source, assignment)]
    unmeasured = bars.problems(source, assignment)
    problems += [] if uncalibrated else unmeasured
    folding = Folding(facts, assignment.name, calibrated=not unmeasured)
    folded, found = folding.fold(source)
    if uncalibrated and found and not unmeasured:
        folding = replace(folding, calibrated=False)
        folded, found = folding.fold(source)
    files, missing = kitfiles.beside(assignment, source)
    problems += [*found, *missing]
    if problems:
        raise AuthorError([str(problem) for problem in dict.fromkeys(problems)])
    known = Facts(facts.lab, facts.expected, facts.bars if folding.calibrated else {})
    stamp = Stamp(assignment.name, release.release_id(assignment, data, known, files))
    return Prepared(parse(folded, label)[0], files, stamp, _bars(source, folding))


def _bars(source: Source, folding: Folding) -> str:
    if not any("BARS" in check.code for check in source.checks()):
        return "none"
    return "calibrated" if folding.calibrated else "uncalibrated"


@dataclass(frozen=True, slots=True)
class _Flavours:
    """What the two tools made."""

    otter: dict[str, bytes]
    bundle: bytes
    nbgrader: nbgrader.Made


def _tools(course: Course, assignment: Assignment, prepared: Prepared, work: Path) -> _Flavours:
    """Run otter's and nbgrader's own code side by side."""
    for name in release.FLAVOURS:
        (work / name).mkdir()
    source, files, stamp = prepared.source, prepared.files, prepared.stamp
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(otter.build, source, assignment, stamp, files, work / "otter")
        second = pool.submit(nbgrader.build, source, course, assignment, stamp, files, work / "nbgrader")
        return _Flavours(*first.result(), second.result())


def _released(assignment: Assignment) -> Path:
    return assignment.root / "release" / assignment.name


def _published(assignment: Assignment) -> Path:
    return assignment.root / "solutions" / assignment.name


def _solution(
    assignment: Assignment, prepared: Prepared, flavours: _Flavours, *, check: bool
) -> tuple[dict[str, bytes], bool]:
    """Return the files of the solution, and whether it was executed for them."""
    draft = solutions.draft(prepared.source)
    inputs = solutions.inputs_digest(draft, assignment, prepared.files)
    folder = _published(assignment)
    if solutions.up_to_date(folder, inputs):
        return read_tree(folder), False
    if check:
        raise StaffError(
            f"solutions/{assignment.name}: not the solution of this source; "
            f"run `course build {assignment.name}` and commit it"
        )
    _refuse_leaks(_watch(assignment, prepared), assignment, flavours)
    return solutions.execute(draft, prepared.source, assignment, prepared.files), True


def _watch(
    assignment: Assignment, prepared: Prepared, published: dict[str, bytes] | None = None
) -> leaks.Watch:
    expected = (assignment.source / "expected.py").read_text(encoding="utf-8")
    executed = load(published[assignment.notebook.name]) if published else None
    return leaks.watch(prepared.source, prepared.files, expected, executed)


def _refuse_leaks(watch: leaks.Watch, assignment: Assignment, flavours: _Flavours) -> None:
    label = f"release/{assignment.name}"
    problems = [*watch.problems, *watch.problems_in(flavours.otter, f"{label}/otter")]
    problems += watch.problems_in(flavours.nbgrader.release, f"{label}/nbgrader")
    if problems:
        raise AuthorError([str(problem) for problem in problems])


def _plan(
    assignment: Assignment, prepared: Prepared, flavours: _Flavours, watch: leaks.Watch
) -> dict[str, bytes]:
    manifest = release.Manifest(
        assignment.name, prepared.stamp.release, prepared.bars, len(watch.watched), watch.public
    )
    return release.plan(manifest, flavours.otter, flavours.nbgrader.release)


def _write(
    course: Course,
    assignment: Assignment,
    flavours: _Flavours,
    plan: dict[str, bytes],
    published: dict[str, bytes],
    work: Path,
) -> None:
    trees = {_released(assignment): plan, _published(assignment): published}
    replace_trees(trees | coursetree.trees(assignment, flavours.nbgrader))
    replace_file(assignment.bundle("otter"), flavours.bundle)
    coursetree.fill(course, assignment, flavours.nbgrader, work)


def _refuse_changes(assignment: Assignment, changed: tuple[str, ...]) -> None:
    if not changed:
        return
    shown = "\n".join(f"release/{line}" for line in changed[:_SHOWN])
    more = f"\nand {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    do = f"run `course build {assignment.name}` and commit it"
    raise StaffError(f"release/{assignment.name} is not what the build makes; {do}\n{shown}{more}")
