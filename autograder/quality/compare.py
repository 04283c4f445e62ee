"""``course compare``: every known answer, graded by us, by ``otter run`` and ``nbgrader autograde``.

A known answer to which another grader gives other points names the reason in its head:
``known_difference`` is the id of a paragraph of ``docs/differences.md``. A difference without
a reason is a grader error. Points of checks that a person must decide are counted separately.
"""

import itertools
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from autograder import known_answers
from autograder.build import flavors
from autograder.build.compile import prepare
from autograder.course import Assignment
from autograder.engine.plan import GradingPlan, grading_plan
from autograder.engine.run import grade_notebooks
from autograder.files import digest, replace_file
from autograder.known_answers import KnownAnswer
from autograder.quality import sample
from autograder.quality.results_page import write_page

TOOLS = ("otter", "nbgrader")
"""Each grades the release of its own flavor."""

TIMEOUT_S = 1_800
"""Maximum run time of a command, seconds."""

Points = Mapping[str, float]
"""By question, without those that people mark."""

Batch = Mapping[str, KnownAnswer]
"""Known answers by question, next to the solution's answers."""


@dataclass(frozen=True, slots=True)
class PointsComparison:
    """The points for one question of one notebook, by us and by another tool."""

    tool: str
    notebook: str
    question: str
    our_points: float
    tool_points: float
    answer: KnownAnswer | None = None
    """None for an answer of the solution or of the blank release."""

    review_points: float = 0.0
    """Points that a person may add to ours."""

    undecided_points: float = 0.0
    """Points of checks that the answer passes or fails by chance, each time it is trained."""

    @property
    def known_difference(self) -> str:
        """Return where ``docs/differences.md`` explains a difference; empty if there must be none."""
        return self.answer.known_difference if self.answer else ""

    @property
    def is_equal(self) -> bool:
        """Return True if both give the same points, for good."""
        return not self.review_points and self.our_points == self.tool_points

    @property
    def is_for_review(self) -> bool:
        """Return True if a person decides whether ours become the points of the tool."""
        most = self.our_points + self.review_points
        return self.review_points > 0 and self.our_points <= self.tool_points <= most

    @property
    def is_by_chance(self) -> bool:
        """Return True if nothing but checks that chance decides makes the points differ."""
        difference = abs(self.our_points - self.tool_points)
        return not self.review_points and 0 < difference <= self.undecided_points

    @property
    def is_explained(self) -> bool:
        """Return True if the points differ exactly where a known difference is named."""
        is_open = self.is_for_review or self.is_by_chance
        return is_open or self.is_equal is not bool(self.known_difference)


def compare_graders(assignment: Assignment, console: Console, *, workers: int, question: str = "") -> int:
    """Grade everything by all three, print and document the differences; return the exit code.

    Args:
        assignment: must be built.
        console: shows progress.
        workers: submissions that we grade at the same time.
        question: the only question whose known answers are graded; then nothing is documented.

    Raises:
        AuthorError: the assignment does not compile, or a known answer has mistakes.
        StaffError: it has not been built, or a tool gives no result.
    """
    prepared = prepare(assignment)
    plan = grading_plan(assignment, prepared.source, prepared.files)
    answers = known_answers.load(assignment, question)
    known_answers.require_names(answers, plan.source)
    batches: dict[str, Batch] = {sample.BLANK: {}, sample.SOLUTION: {}}
    for number, batch in enumerate(known_answers.batched(answers), start=1):
        batches[f"batch{number:02}"] = batch
    comparisons = compare_points(plan, batches, console, workers=workers)
    unexplained = [comparison for comparison in comparisons if not comparison.is_explained]
    console.quiet = False  # what follows is the result, which --quiet shows too
    for comparison in unexplained:
        difference = comparison.known_difference
        action = "fix it, or explain it in docs/differences.md and set known_difference to its heading"
        if difference:
            action = f"the points no longer differ: remove known_difference = {difference!r}"
        answer = comparison.answer.name if comparison.answer else "not a known answer"
        console.print(
            f"{comparison.tool} {comparison.notebook}, {comparison.question} ({answer}): {comparison.tool} "
            f"gives {comparison.tool_points:g}, we give {comparison.our_points:g}; {action}",
            soft_wrap=True,
            highlight=False,
        )
    console.print("\n".join(_summary_lines(comparisons)), highlight=False)
    if not question:
        path = write_results(assignment, comparisons)
        console.print(f"{assignment.name}: {path.relative_to(assignment.root)}")
    return 2 if unexplained else 0


def compare_points(
    plan: GradingPlan, batches: Mapping[str, Batch], console: Console, *, workers: int
) -> list[PointsComparison]:
    """Return the points for every question of every notebook.

    Each tool grades its notebooks one after the other, both tools at the same time. They may
    use the kit's cache of trainings.

    Args:
        plan: of a built assignment.
        batches: the known answers in each notebook, by its name; ``BLANK`` is the release itself.
        console: shows progress.
        workers: submissions that we grade at the same time.

    Raises:
        StaffError: the assignment has not been built, or a tool gives no result.
    """
    cases = list(itertools.product(TOOLS, batches))
    notebooks = {}
    for tool, name in cases:
        codes = {question: answer.code for question, answer in batches[name].items()}
        texts = {} if name == sample.BLANK else sample.answers_with(plan.source, codes)
        release = sample.read_release(plan.assignment, tool)
        notebooks[f"{tool}-{name}"] = sample.fill_answers(release, texts)
    points: dict[str, Points] = {}
    # Threads suffice: each tool is a process of its own, and the thread only waits for it.
    with tempfile.TemporaryDirectory(prefix="compare-") as folder, ThreadPoolExecutor(len(TOOLS)) as pool:
        grade = partial(_tool_points, plan, notebooks, Path(folder), console)
        for graded in pool.map(grade, TOOLS):
            points |= graded
    results = grade_notebooks(plan, notebooks, console, workers=workers)
    comparisons = []
    for tool, name in cases:
        result = results[f"{tool}-{name}"]
        for question, (ours, _) in result.questions().items():
            theirs, answer = points[f"{tool}-{name}"][question], batches[name].get(question)
            review = sum(check.points for check in result.review_checks if check.question == question)
            undecided = answer.undecided_checks if answer else ()
            by_chance = sum(check.points for check in result.checks if check.id in undecided)
            comparisons.append(
                PointsComparison(tool, name, question, ours, theirs, answer, review, by_chance)
            )
    return comparisons


def write_results(assignment: Assignment, comparisons: Sequence[PointsComparison]) -> Path:
    """Write ``docs/results/compare.md`` and return its path."""
    return write_page(
        assignment,
        "compare",
        answer_count=len({comparison.answer.name for comparison in comparisons if comparison.answer}),
        summary=list(_summary_lines(comparisons)),
        differences=[comparison for comparison in comparisons if not comparison.is_equal],
    )


def _tool_points(
    plan: GradingPlan, notebooks: Mapping[str, bytes], folder: Path, console: Console, tool: str
) -> dict[str, Points]:
    """Grade the notebooks of a tool by it, in a copy of the course; return the points by notebook.

    Points are stored, so that a comparison that was interrupted goes on where it was.
    """
    root = folder / tool / "course"
    source, name = plan.assignment.root, plan.assignment.name
    shutil.copytree(source / "dist", root / "dist")
    # The tool writes into these folders; results of other runs would be mixed with its own.
    written = shutil.ignore_patterns("submitted", "autograded", "feedback")
    shutil.copytree(source / "var" / "nbgrader", root / "var" / "nbgrader", ignore=written)
    (root / flavors.CONFIG_NAME).write_text(flavors.ROOT_CONFIG)
    points: dict[str, Points] = {}
    names = [notebook for notebook in notebooks if notebook.startswith(f"{tool}-")]
    # The tools share a cache of trainings: from both ends, one seldom trains what the other trains too.
    if tool == TOOLS[-1]:
        names.reverse()
    for notebook in names:
        data = notebooks[notebook]
        graded = {"notebook": data, "source": repr(sorted(plan.digests().items())).encode()}
        stored = plan.cache.with_name("compare") / f"{tool}-{digest(graded)}.json"
        if stored.is_file():
            points[notebook] = json.loads(stored.read_bytes())
            continue
        if tool == "otter":
            work = folder / notebook
            work.mkdir()
            points[notebook] = otter_points(root, name, data, work, plan.environment)
        else:
            points[notebook] = nbgrader_points(root, name, data, notebook, plan.environment)
        replace_file(stored, json.dumps(points[notebook]).encode())
        console.print(f"{notebook}: {sum(points[notebook].values()):g}")
    return points


def _summary_lines(comparisons: Sequence[PointsComparison]) -> Iterator[str]:
    for tool in TOOLS:
        total = [comparison for comparison in comparisons if comparison.tool == tool]
        equal = sum(comparison.is_equal for comparison in total)
        notebooks = len({comparison.notebook for comparison in total})
        review = sum(comparison.is_for_review for comparison in total)
        chance = sum(comparison.is_by_chance for comparison in total)
        different = len(total) - equal - review - chance
        share = f"{equal / len(total):.2%}"
        yield (
            f"{tool}: {equal} of {len(total)} question totals in {notebooks} notebooks are equal ({share}); "
            f"left to a person: {review}, due to chance: {chance}, different: {different}"
        )


def otter_points(
    root: Path, name: str, notebook: bytes, work_folder: Path, environment: Mapping[str, str] | None = None
) -> Points:
    """Return the points that ``otter run`` gives.

    Args:
        root: folder of a course in which the assignment is built.
        name: of the assignment.
        notebook: the submission.
        work_folder: an empty folder.
        environment: additional variables.

    Raises:
        StaffError: otter gives no result.
    """
    (work_folder / f"{name}.ipynb").write_bytes(notebook)
    bundle = str(root / "dist" / f"{name}-otter.zip")
    arguments = ["run", "-a", bundle, f"{name}.ipynb"]
    flavors.run_tool("otter", *arguments, folder=work_folder, timeout_s=TIMEOUT_S, environment=environment)
    tests = json.loads((work_folder / "results.json").read_bytes())["tests"]
    return {test["name"]: test["score"] for test in tests if "score" in test and "name" in test}


def nbgrader_points(
    root: Path, name: str, notebook: bytes, student: str, environment: Mapping[str, str] | None = None
) -> Points:
    """Return the points that ``nbgrader autograde`` gives.

    Args:
        root: folder of a course in which the assignment is built; its gradebook is used.
        name: of the assignment.
        notebook: the submission.
        student: under whose name it is graded.
        environment: additional variables.

    Raises:
        StaffError: nbgrader gives no result.
    """
    course = root / "var" / "nbgrader"
    submitted = course / "submitted" / student / name
    shutil.rmtree(submitted, ignore_errors=True)
    submitted.mkdir(parents=True)
    (submitted / f"{name}.ipynb").write_bytes(notebook)
    arguments = [name, "--student", student, "--force"]
    flavors.run_tool(
        "nbgrader", "autograde", *arguments, folder=root, timeout_s=TIMEOUT_S, environment=environment
    )
    return gradebook_points(course, name, student)


def gradebook_points(course: Path, name: str, student: str) -> Points:
    """Return the points in the gradebook of an nbgrader course."""
    from nbgrader.api import Gradebook

    totals: dict[str, float] = defaultdict(float)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for grade in gradebook.find_submission_notebook(name, name, student).grades:
            # Manually graded answers have such names; they are marked by people.
            if not grade.name.endswith("-answer"):
                totals[grade.name.partition("-")[0]] += grade.auto_score or 0.0
    return dict(totals)
