"""Compile one assignment: plan all bytes, check them for leaks, then write everything at once."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from autograder.authoring import read_source
from autograder.build import flavors, leaks, lint, solutions
from autograder.build.exposed import exposed_values
from autograder.build.release_parts import PreparedSource, in_folder, support_files
from autograder.build.substitute_facts import FactSubstitution, make_substitution
from autograder.course import Assignment, Course, IsolationPolicy
from autograder.errors import AuthorError, Problem, StaffError
from autograder.facts import EXPECTED_NAME, why_uncalibrated
from autograder.files import differences, digest, load_notebook, replace_file, replace_trees
from autograder.notebook import parse_questions

MANIFEST_NAME = "MANIFEST.json"
_ASSIGNED_IDS = "assigned_ids"
"""Entry of the manifest: ids that the source file does not contain."""

_MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build made."""

    prepared: PreparedSource
    scanner: leaks.LeakScanner
    files: int
    """Number of files in the release, its manifest included."""

    changes: tuple[str, ...]
    """What this build changed in the release, one line per path; empty after ``check``."""

    executed: bool
    """Whether the solution was executed again."""

    proof: str
    """What the grader has proven of this release, e.g. ``solution 100 of 100, blank 0 of 100``; empty
    for a draft."""

    remarks: tuple[str, ...]
    """What an author may want to know, one sentence each."""


Prover = Callable[[PreparedSource, bytes], str]
"""Grades a prepared source and its released notebook, and returns what that proves."""


def build(
    course: Course,
    assignment: Assignment,
    *,
    check: bool = False,
    uncalibrated: bool = False,
    prove: Prover | None = None,
) -> BuildReport:
    """Compile one assignment; releases and solutions change together or not at all.

    Args:
        check: compare what would be made with the files on disk; execute and write nothing.
        uncalibrated: build without measured accuracy thresholds, and say so in the manifest.
        prove: called before anything is written, unless a release of the same inputs was proven;
            not with ``check``. Without it, the release is a draft.

    Raises:
        AuthorError: all problems of the source at once, or a leak.
        StaffError: a tool fails, the disk cannot be written, or with ``check``: the files on
            disk are not what the build makes.
    """
    prepared = prepare(assignment, uncalibrated=uncalibrated, for_release=True)
    with tempfile.TemporaryDirectory(prefix="build-") as name:
        return _build(course, prepared, Path(name), check=check, prove=prove)


def _build(
    course: Course, prepared: PreparedSource, work_dir: Path, *, check: bool, prove: Prover | None
) -> BuildReport:
    """Build in an empty folder, which must stay until the release is written."""
    assignment = prepared.assignment
    release_folder = assignment.root / "release" / assignment.name
    # Each tool starts in a process of its own for seconds; both share nothing but their input.
    with ThreadPoolExecutor(2) as pool:
        otter = pool.submit(flavors.build_otter, prepared, work_dir / "otter")
        nbgrader = pool.submit(flavors.build_nbgrader, course, prepared, work_dir / "nbgrader")
    otter_files, otter_bundle = otter.result()
    for_nbgrader = nbgrader.result()
    files = in_folder("otter", otter_files) | in_folder("nbgrader", for_nbgrader.release)
    solution_files, scanner, executed = _add_solution(prepared, files, check=check)
    proof = stored_proof(prepared)
    if prove and not proof and not check:
        proof = prove(prepared, files[f"otter/{assignment.notebook.name}"])
    files[MANIFEST_NAME] = _manifest(prepared, files, scanner, proof)
    changes = tuple(differences(release_folder, files))
    remarks = (*prepared.remarks, *_id_remarks(prepared, release_folder))
    if check and changes:
        lines = [f"release/{line}" for line in changes[:_MAX_LISTED]]
        if len(changes) > _MAX_LISTED:
            lines.append(f"and {len(changes) - _MAX_LISTED} more")
        fix = f"run `course build {assignment.name}` and commit it"
        lines.insert(0, f"release/{assignment.name} is not what the build makes; {fix}")
        raise StaffError("\n".join(lines))
    if check:
        return BuildReport(prepared, scanner, len(files), (), executed, proof, remarks)
    flavors.check_no_marks_lost(course, assignment, for_nbgrader)
    trees = flavors.course_trees(assignment, for_nbgrader)
    trees |= {release_folder: files, solutions.solution_folder(assignment): solution_files}
    # Everything is written before anything is replaced, so a full disk changes nothing.
    replace_trees(trees)
    replace_file(assignment.bundle("otter"), otter_bundle, public=True)
    flavors.update_course(course, assignment, for_nbgrader)
    return BuildReport(prepared, scanner, len(files), changes, executed, proof, remarks)


def _add_solution(
    prepared: PreparedSource, files: Mapping[str, bytes], *, check: bool
) -> tuple[dict[str, bytes], leaks.LeakScanner, bool]:
    """Return the solution, what searched the release for its secrets, and whether it was executed."""
    assignment = prepared.assignment
    solution_files = solutions.stored(prepared)
    scanner = _check_no_leaks(prepared, files, solution_files)
    executed = not solution_files
    if executed and check:
        fix = f"run `course build {assignment.name}` and commit it"
        raise StaffError(f"solutions/{assignment.name}: not the solution of this source; {fix}")
    if executed:
        # Executing takes minutes: a leak that can be found without it has not waited for it.
        solution_files = solutions.execute(prepared)
        scanner = _check_no_leaks(prepared, files, solution_files)
    return solution_files, scanner, executed


def prepare(
    assignment: Assignment, *, uncalibrated: bool = False, for_release: bool = False
) -> PreparedSource:
    """Read and check a source notebook, and replace its facts by literals.

    Args:
        uncalibrated: accept thresholds that are missing or of other parameters.
        for_release: also refuse values of hidden checks that students could read in prose.

    Raises:
        AuthorError: every problem at once, each with file, cell and line.
    """
    label = f"source/{assignment.name}/{assignment.notebook.name}"
    try:
        data = assignment.notebook.read_bytes()
    except OSError as error:
        raise AuthorError(f"{label}: cannot be read ({error.strerror}); add the notebook") from error
    authored = read_source(data, label)
    if authored.problems:  # the other rules would only report what follows from these
        raise AuthorError(authored.problems)
    source, parse_problems = parse_questions(authored.cells, label)
    problems = [*parse_problems, *lint.check(source, assignment)]
    if for_release:
        problems += exposed_values(source)
    uses_thresholds = any("THRESHOLDS" in check.code for check in source.checks())
    reason = why_uncalibrated(assignment) if uses_thresholds else ""
    if reason and not uncalibrated:
        fix = f"run `course calibrate {assignment.name}` (or build with --uncalibrated)"
        problems.append(Problem(f"calibration/{assignment.calibration.name}", reason, fix))
    substitution = make_substitution(source, assignment, calibrated=not reason)
    cells, fact_problems = substitution.apply(source)
    if uncalibrated and fact_problems and not reason:
        # A threshold may be missing in a calibration that is otherwise valid.
        substitution = replace(substitution, calibrated=False)
        cells, fact_problems = substitution.apply(source)
    files, modules, kit_problems = support_files(assignment, source)
    problems += [*fact_problems, *kit_problems]
    if problems:
        raise AuthorError(dict.fromkeys(problems))
    release_id = _release_id(substitution, assignment, {**files, "source.ipynb": authored.content})
    source, _ = parse_questions(cells, label)
    thresholds, remarks = "none", list(authored.remarks)
    if uses_thresholds:
        thresholds = "calibrated" if substitution.calibrated else "uncalibrated"
    if uses_thresholds and not reason:
        for dataset in substitution.unmeasured_datasets:
            remarks.append(f"{assignment.name}: no thresholds for the dataset {dataset}; it was not measured")
    return PreparedSource(
        assignment, source, files, modules, release_id, thresholds, tuple(remarks), authored.assigned_ids
    )


def _release_id(substitution: FactSubstitution, assignment: Assignment, files: Mapping[str, bytes]) -> str:
    """Return the digest of all that a release is made from: ``files``, and the numbers stored elsewhere."""
    facts = substitution.facts
    settings = {
        "lab": asdict(facts.lab),
        "expected": dict(facts.expected),
        "thresholds": dict(facts.thresholds if substitution.calibrated else {}),
        "kit": assignment.kit,
    }
    text = json.dumps(settings, sort_keys=True, default=repr)
    return digest({**files, "settings.json": text.encode()})[:16]


def _check_no_leaks(
    prepared: PreparedSource, files: Mapping[str, bytes], solution_files: Mapping[str, bytes]
) -> leaks.LeakScanner:
    """Search the release for secrets and return the scanner; ``solution_files`` may be empty."""
    assignment = prepared.assignment
    path = assignment.source / EXPECTED_NAME
    expected = path.read_text(encoding="utf-8") if path.is_file() else ""
    executed = load_notebook(solution_files[assignment.notebook.name]) if solution_files else None
    scanner = leaks.leak_scanner(prepared.source, prepared.files, expected, executed)
    problems = [*scanner.problems, *scanner.scan(files, f"release/{assignment.name}")]
    if problems:
        raise AuthorError(problems)
    return scanner


def _grading_id(assignment: Assignment) -> str:
    """Return the digest of the settings, except those of the release, on which a proof depends."""
    # No mark depends on the isolation.
    grading = replace(assignment.grading, isolation=IsolationPolicy.ANY)
    return digest({"grading": f"{grading!r} {assignment.environment!r}".encode()})[:16]


def stored_proof(prepared: PreparedSource) -> str:
    """Return what was proven of the release on disk; empty if it is a draft or made from other inputs."""
    assignment = prepared.assignment
    try:
        manifest = json.loads((assignment.root / "release" / assignment.name / MANIFEST_NAME).read_bytes())
        same = manifest["release"] == prepared.release_id and manifest["grading"] == _grading_id(assignment)
        return str(manifest.get("proof", "")) if same else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""


def _manifest(
    prepared: PreparedSource, files: Mapping[str, bytes], scanner: leaks.LeakScanner, proof: str
) -> bytes:
    """Return the manifest of a release: the size and SHA-256 of each file, and how it was made."""
    entries = {}
    for name, data in sorted(files.items()):
        entries[name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    manifest: dict[str, object] = {
        **prepared.identity(),
        "thresholds": prepared.thresholds,
        "watched": len(scanner.secrets),
        "public": scanner.public_count,
        "proof": proof,
        "grading": _grading_id(prepared.assignment),
        "files": entries,
    }
    if prepared.assigned_ids:
        manifest[_ASSIGNED_IDS] = list(prepared.assigned_ids)
    return f"{json.dumps(manifest, indent=1, ensure_ascii=False)}\n".encode()


def _id_remarks(prepared: PreparedSource, release_folder: Path) -> Iterator[str]:
    """Yield which cells that the build named have other names than in the last release."""
    path = release_folder / MANIFEST_NAME
    if not path.is_file():
        return
    try:
        before = json.loads(path.read_bytes()).get(_ASSIGNED_IDS, [])
    except ValueError:
        return  # a damaged manifest is replaced
    ids = [cell.id for cell in prepared.source.cells]
    gone = [name for name in before if name not in ids]
    new = [name for name in prepared.assigned_ids if name not in before]
    if gone:
        became = f"; new ids: {', '.join(new)}" if new else ""
        yield (
            f"{prepared.source.label}: these cell ids of the last release no longer exist: {', '.join(gone)}"
            f"{became}; submissions made from that release are matched by their content"
        )
