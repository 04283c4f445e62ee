"""``course agreement``: every known answer, graded by us, by ``otter run`` and ``nbgrader autograde``.

A known answer for which a tool gives other points says so in its head: ``differs`` names the
paragraph of ``docs/differences.md`` that explains it. What is not explained is a mistake of ours.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from autograder import known_answers
from autograder.build.compile import prepare
from autograder.course import Assignment
from autograder.engine.grade_notebooks import grade_notebooks
from autograder.engine.plan import GradingPlan, grading_plan
from autograder.known_answers import KnownAnswer
from autograder.quality import other_graders, sample
from autograder.quality.other_graders import Points

TOOLS = ("otter", "nbgrader")
"""Each grades the flavour of its name."""

SOLUTION, BLANK = "solution", "blank"

_TABLE_HEADER = ("| tool | answer | question | its points | ours | why |", "|---|---|---|---|---|---|")

Answers = Mapping[str, KnownAnswer] | None
"""Known answers by question, the solution answers the others; ``None`` for the blank release."""


@dataclass(frozen=True, slots=True)
class PointsComparison:
    """The points for one question of one notebook, by us and by another tool."""

    tool: str
    notebook: str
    question: str
    answer: str
    """Name of the known answer; empty for the solution's or the blank one."""

    our_points: float
    tool_points: float
    known_difference: str
    """Where ``docs/differences.md`` explains that they differ; empty if they must not."""

    @property
    def is_explained(self) -> bool:
        """Return whether the two are equal exactly where nothing else is listed."""
        return (self.our_points == self.tool_points) is not bool(self.known_difference)


def compare_graders(assignment: Assignment, console: Console, *, workers: int) -> int:
    """Grade everything by all three, print and document the agreement; return the exit code.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: it has not been built, or a tool gives no result.
    """
    prepared = prepare(assignment)
    recipe = grading_plan(assignment, prepared.source, prepared.files)
    rows = known_answers.batched(known_answers.load(assignment))
    named = {
        BLANK: None,
        SOLUTION: {},
        **{f"row{number:02}": row for number, row in enumerate(rows, start=1)},
    }
    found = compare_points(recipe, named, console, workers=workers)
    path = _write_page(assignment, found)
    wrong = [mark for mark in found if not mark.is_explained]
    for mark in wrong:
        console.print(_message(mark), soft_wrap=True, highlight=False)
    console.print("\n".join(_summary_lines(found)), highlight=False)
    console.print(f"{assignment.name}: docs/{path.name}")
    return 2 if wrong else 0


def compare_points(
    plan: GradingPlan, rows: Mapping[str, Answers], console: Console, *, workers: int
) -> list[PointsComparison]:
    """Return the points for every question of every notebook.

    Args:
        rows: the known answers in each notebook, by its name.

    The other tools may remember what the kit trained; each works through its notebooks in turn,
    both at the same time.

    Raises:
        StaffError: the assignment has not been built, or a tool gives no result.
    """
    notebooks = {(tool, name): data for tool in TOOLS for name, data in _notebooks(plan, rows, tool).items()}
    with tempfile.TemporaryDirectory(prefix="agreement-") as folder, ThreadPoolExecutor(len(TOOLS)) as pool:
        theirs = dict(
            pair
            for found in pool.map(
                lambda tool: _tool_points(plan, tool, notebooks, Path(folder) / tool, console), TOOLS
            )
            for pair in found
        )
    handed_in = {f"{tool}-{name}": data for (tool, name), data in notebooks.items()}
    results = grade_notebooks(plan, handed_in, console, workers=workers)
    found = []
    for (tool, name), points in theirs.items():
        for question, (ours, _) in results[f"{tool}-{name}"].questions().items():
            one = (rows[name] or {}).get(question)
            answer, differs = (one.name, one.known_difference) if one else ("", "")
            found.append(PointsComparison(tool, name, question, answer, ours, points[question], differs))
    return found


def _notebooks(plan: GradingPlan, rows: Mapping[str, Answers], tool: str) -> dict[str, bytes]:
    release = sample.read_release(plan.assignment, tool)
    return {name: _notebook(plan, row, release) for name, row in rows.items()}


def _notebook(plan: GradingPlan, row: Answers, release: bytes) -> bytes:
    if row is None:
        return release
    codes = {question: one.code for question, one in row.items()}
    return sample.fill_answers(release, sample.answers_with(plan.source, codes))


def _tool_points(
    plan: GradingPlan,
    tool: str,
    notebooks: Mapping[tuple[str, str], bytes],
    folder: Path,
    console: Console,
) -> list[tuple[tuple[str, str], Points]]:
    assignment, root = plan.assignment, _copy_course(plan.assignment, folder)
    found = []
    for key, data in notebooks.items():
        if key[0] != tool:
            continue
        work = folder / key[1]
        work.mkdir()
        if tool == "otter":
            points = other_graders.otter_points(root, assignment.name, data, work, plan.environment)
        else:
            points = other_graders.nbgrader_points(root, assignment.name, data, key[1], plan.environment)
        console.print(f"{tool} {key[1]}: {sum(points.values()):g}")
        found.append((key, points))
    return found


def _copy_course(assignment: Assignment, folder: Path) -> Path:
    """Return a course with what a tool reads and the folders into which it writes."""
    root = folder / "course"
    shutil.copytree(assignment.root / "dist", root / "dist")
    written = shutil.ignore_patterns("submitted", "autograded", "feedback")
    shutil.copytree(assignment.root / "var" / "nbgrader", root / "var" / "nbgrader", ignore=written)
    shutil.copy(assignment.root / "nbgrader_config.py", root)
    return root


def _message(comparison: PointsComparison) -> str:
    answer = comparison.answer or "not a known answer"
    where = f"{comparison.tool} {comparison.notebook}, {comparison.question} ({answer})"
    points = f"{comparison.tool} gives {comparison.tool_points:g}, we give {comparison.our_points:g}"
    if comparison.known_difference:
        return f"{where}: {points}; they no longer differ, remove differs = {comparison.known_difference!r}"
    return f"{where}: {points}; mend it, or explain it in docs/differences.md and name it as differs"


def _summary_lines(comparisons: Sequence[PointsComparison]) -> Iterator[str]:
    for tool in TOOLS:
        mine = [mark for mark in comparisons if mark.tool == tool]
        equal = sum(mark.our_points == mark.tool_points for mark in mine)
        notebooks = len({mark.notebook for mark in mine})
        share = f"{equal / len(mine):.2%}"
        yield f"{tool}: {equal} of {len(mine)} question marks in {notebooks} notebooks are equal ({share})"


def _write_page(assignment: Assignment, comparisons: Sequence[PointsComparison]) -> Path:
    answers = {mark.answer for mark in comparisons if mark.answer}
    rows = [
        f"| {mark.tool} | {mark.answer or mark.notebook} | {mark.question} | "
        f"{mark.tool_points:g} | {mark.our_points:g} "
        f"| [{mark.known_difference}](differences.md#{mark.known_difference}) |"
        for mark in comparisons
        if mark.our_points != mark.tool_points
    ]
    text = "\n".join(
        [
            "# Do the graders agree?",
            "",
            "Output of `course agreement`: the solution, the blank release and all "
            f"{len(answers)} known answers, wrong and right,",
            "dealt into notebooks with one known answer to a question at most. Each notebook is graded by",
            "`course grade` in both flavours, by `otter run` and by `nbgrader autograde`.",
            "",
            *(f"- {line}" for line in _summary_lines(comparisons)),
            "",
            *((*_TABLE_HEADER, *rows) if rows else ("No mark differs.",)),
            "",
        ]
    )
    path = assignment.root / "docs" / "agreement.md"
    path.write_text(text, encoding="utf-8")
    return path
