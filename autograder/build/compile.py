"""Compile one assignment: plan all bytes, check them for leaks, then write everything at once."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from autograder.build import kit, leaks, lint, nbgrader_release, otter_release, solutions
from autograder.build.cells import PreparedSource, ReleaseInfo
from autograder.build.substitute_facts import FactSubstitution, points_by_question
from autograder.course import Assignment, Course
from autograder.errors import AuthorError, Problem, StaffError
from autograder.facts import Facts, compute_facts, why_uncalibrated
from autograder.files import differences, digest, load_notebook, read_tree, replace_file, replace_trees
from autograder.notebook import parse_cells, parse_questions

MANIFEST_NAME = "MANIFEST.json"
_MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build made."""

    assignment: str
    release_id: str
    """Digest of what the release was made from."""

    files: int
    """Number of files in the release, its manifest included."""

    changes: tuple[str, ...]
    """What this build changed in the release, one line per path; empty after ``check``."""

    secret_count: int
    public_count: int
    thresholds: str
    executed: bool
    """Whether the solution was executed again."""


@dataclass(frozen=True, slots=True)
class _Flavors:
    """What the two tools made."""

    otter: dict[str, bytes]
    otter_bundle: bytes
    nbgrader: nbgrader_release.NbgraderOutput


def build(
    course: Course, assignment: Assignment, *, check: bool = False, uncalibrated: bool = False
) -> BuildReport:
    """Compile one assignment; releases and solutions change together or not at all.

    Args:
        check: compare what would be made with the files on disk; execute and write nothing.
        uncalibrated: build without measured accuracy thresholds, and say so in the manifest.

    Raises:
        AuthorError: all problems of the source at once, or a leak.
        StaffError: a tool fails, the disk cannot be written, or with ``check``: the files on
            disk are not what the build makes.
    """
    prepared = prepare(assignment, uncalibrated=uncalibrated)
    release_folder = assignment.root / "release" / assignment.name
    with tempfile.TemporaryDirectory(prefix="build-") as name:
        work_dir = Path(name)
        # Each tool starts in a process of its own for seconds; both share nothing but their input.
        with ThreadPoolExecutor(2) as pool:
            otter = pool.submit(otter_release.build, prepared, work_dir / "otter")
            nbgrader = pool.submit(nbgrader_release.build, course, prepared, work_dir / "nbgrader")
        flavors = _Flavors(*otter.result(), nbgrader.result())
        solution_files, executed = _solution_files(prepared, flavors, check=check)
        scanner = _check_no_leaks(prepared, flavors, solution_files)
        release_files = _release_files(prepared, flavors, scanner)
        changes = tuple(differences(release_folder, release_files))
        if check:
            _check_no_changes(assignment, changes)
        else:
            nbgrader_release.check_no_marks_lost(course, assignment, flavors.nbgrader)
            trees = nbgrader_release.course_trees(assignment, flavors.nbgrader)
            trees |= {release_folder: release_files, _solution_folder(assignment): solution_files}
            # Everything is written before anything is replaced, so a full disk changes nothing.
            replace_trees(trees)
            replace_file(assignment.bundle("otter"), flavors.otter_bundle, public=True)
            nbgrader_release.update_course(course, assignment, flavors.nbgrader)
    return BuildReport(
        assignment.name,
        prepared.release_info.release,
        len(release_files),
        changes,
        len(scanner.secrets),
        scanner.public_count,
        prepared.thresholds,
        executed,
    )


def prepare(assignment: Assignment, *, uncalibrated: bool = False) -> PreparedSource:
    """Read and check a source notebook, and replace its facts by literals.

    Raises:
        AuthorError: every problem at once, each with file, cell and line.
    """
    label = f"source/{assignment.name}/{assignment.notebook.name}"
    try:
        data = assignment.notebook.read_bytes()
    except OSError as error:
        raise AuthorError(f"{label}: cannot be read ({error.strerror}); add the notebook") from error
    cells, problems = parse_cells(data, label)
    if not cells:  # the other rules need cells
        raise AuthorError(list(map(str, problems)))
    source, parse_problems = parse_questions(cells, label)
    problems += [*parse_problems, *lint.check(source, assignment)]
    uses_thresholds = any("THRESHOLDS" in check.code for check in source.checks())
    reason = why_uncalibrated(assignment) if uses_thresholds else ""
    if reason and not uncalibrated:
        fix = f"run `course calibrate {assignment.name}` (or build with --uncalibrated)"
        problems.append(Problem(f"calibration/{assignment.calibration.name}", reason, fix))
    facts = compute_facts(assignment)
    substitution = FactSubstitution(facts, assignment.name, not reason, points_by_question(source))
    cells, fact_problems = substitution.apply(source)
    if uncalibrated and fact_problems and not reason:
        # A threshold may be missing in a calibration that is otherwise valid.
        substitution = replace(substitution, calibrated=False)
        cells, fact_problems = substitution.apply(source)
    files, kit_problems = kit.support_files(assignment, source)
    problems += [*fact_problems, *kit_problems]
    if problems:
        raise AuthorError(list(map(str, dict.fromkeys(problems))))
    thresholds = "none"
    if uses_thresholds:
        thresholds = "calibrated" if substitution.calibrated else "uncalibrated"
    if not substitution.calibrated:
        facts = facts._replace(thresholds={})
    release_info = ReleaseInfo(assignment.name, _release_id(assignment, data, facts, files))
    return PreparedSource(assignment, parse_questions(cells, label)[0], files, release_info, thresholds)


def _release_id(assignment: Assignment, notebook: bytes, facts: Facts, files: Mapping[str, bytes]) -> str:
    """Return the digest of everything that a release is made from, 16 hexadecimal digits."""
    # The notebook's bytes are not enough: it refers to numbers that are stored elsewhere.
    settings = {
        "lab": asdict(facts.lab),
        "expected": dict(facts.expected),
        "thresholds": dict(facts.thresholds),
        "kit": assignment.kit,
    }
    text = json.dumps(settings, sort_keys=True, default=repr)
    return digest({**files, "source.ipynb": notebook, "settings.json": text.encode()})[:16]


def _solution_folder(assignment: Assignment) -> Path:
    return assignment.root / "solutions" / assignment.name


def _solution_files(
    prepared: PreparedSource, flavors: _Flavors, *, check: bool
) -> tuple[dict[str, bytes], bool]:
    """Return the files of the executed solution, and whether it was executed for them."""
    name = prepared.assignment.name
    folder = _solution_folder(prepared.assignment)
    draft = solutions.draft(prepared.source)
    if solutions.is_up_to_date(folder, solutions.inputs_digest(draft, prepared)):
        return read_tree(folder), False
    if check:
        fix = f"run `course build {name}` and commit it"
        raise StaffError(f"solutions/{name}: not the solution of this source; {fix}")
    # Executing takes minutes: a leak that can be found without it must not wait for it.
    _check_no_leaks(prepared, flavors, {})
    return solutions.execute(draft, prepared), True


def _check_no_leaks(
    prepared: PreparedSource, flavors: _Flavors, solution_files: Mapping[str, bytes]
) -> leaks.LeakScanner:
    """Search the release for secrets and return the scanner; ``solution_files`` may be empty."""
    assignment = prepared.assignment
    expected = (assignment.source / "expected.py").read_text(encoding="utf-8")
    executed = load_notebook(solution_files[assignment.notebook.name]) if solution_files else None
    scanner = leaks.leak_scanner(prepared.source, prepared.files, expected, executed)
    label = f"release/{assignment.name}"
    problems = [*scanner.problems, *scanner.scan(flavors.otter, f"{label}/otter")]
    problems += scanner.scan(flavors.nbgrader.release, f"{label}/nbgrader")
    if problems:
        raise AuthorError(list(map(str, problems)))
    return scanner


def _release_files(
    prepared: PreparedSource, flavors: _Flavors, scanner: leaks.LeakScanner
) -> dict[str, bytes]:
    """Return every file of a release; the manifest has the size and SHA-256 of each."""
    files = kit.in_folder("otter", flavors.otter) | kit.in_folder("nbgrader", flavors.nbgrader.release)
    entries = {}
    for name, data in sorted(files.items()):
        entries[name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    manifest = {
        **asdict(prepared.release_info),
        "thresholds": prepared.thresholds,
        "watched": len(scanner.secrets),
        "public": scanner.public_count,
        "files": entries,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    return {**files, MANIFEST_NAME: f"{text}\n".encode()}


def _check_no_changes(assignment: Assignment, changes: tuple[str, ...]) -> None:
    if not changes:
        return
    lines = [f"release/{line}" for line in changes[:_MAX_LISTED]]
    if len(changes) > _MAX_LISTED:
        lines.append(f"and {len(changes) - _MAX_LISTED} more")
    fix = f"run `course build {assignment.name}` and commit it"
    raise StaffError("\n".join([f"release/{assignment.name} is not what the build makes; {fix}", *lines]))
