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

from autograder import misconceptions, peers, sample
from autograder.classroom import results_of
from autograder.course import Assignment
from autograder.grade.recipe import Recipe
from autograder.misconceptions import Misconception
from autograder.peers import Points
from autograder.recipes import recipe_of

TOOLS = ("otter", "nbgrader")
"""Each grades the flavour of its name."""

SOLUTION, BLANK = "solution", "blank"

_HEAD = ("| tool | answer | question | its points | ours | why |", "|---|---|---|---|---|---|")

Answers = Mapping[str, Misconception] | None
"""Known answers by question, the solution answers the others; ``None`` for the blank release."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The points for one question of one notebook, by us and by another tool."""

    tool: str
    notebook: str
    question: str
    answer: str
    """Name of the known answer; empty for the solution's or the blank one."""

    ours: float
    theirs: float
    differs: str
    """Where ``docs/differences.md`` explains that they differ; empty if they must not."""

    @property
    def explained(self) -> bool:
        """Return whether the two are equal exactly where nothing else is listed."""
        return (self.ours == self.theirs) is not bool(self.differs)


def show(assignment: Assignment, console: Console, *, workers: int) -> int:
    """Grade everything by all three, print and document the agreement; return the exit code.

    Raises:
        AuthorError: the assignment does not compile.
        StaffError: it has not been built, or a tool gives no result.
    """
    recipe = recipe_of(assignment)
    rows = misconceptions.dealt(misconceptions.load(assignment))
    named = {
        BLANK: None,
        SOLUTION: {},
        **{f"row{number:02}": row for number, row in enumerate(rows, start=1)},
    }
    found = marks(recipe, named, console, workers=workers)
    path = _document(assignment, found)
    wrong = [mark for mark in found if not mark.explained]
    for mark in wrong:
        console.print(_sentence(mark), soft_wrap=True, highlight=False)
    console.print("\n".join(_totals(found)), highlight=False)
    console.print(f"{assignment.name}: docs/{path.name}")
    return 2 if wrong else 0


def marks(recipe: Recipe, rows: Mapping[str, Answers], console: Console, *, workers: int) -> list[Mark]:
    """Return the points for every question of every notebook.

    Args:
        rows: the known answers in each notebook, by its name.

    The other tools may remember what the kit trained; each works through its notebooks in turn,
    both at the same time.

    Raises:
        StaffError: the assignment has not been built, or a tool gives no result.
    """
    notebooks = {
        (tool, name): data for tool in TOOLS for name, data in _notebooks(recipe, rows, tool).items()
    }
    with tempfile.TemporaryDirectory(prefix="agreement-") as folder, ThreadPoolExecutor(len(TOOLS)) as pool:
        theirs = dict(
            pair
            for found in pool.map(
                lambda tool: _of_tool(recipe, tool, notebooks, Path(folder) / tool, console), TOOLS
            )
            for pair in found
        )
    handed_in = {f"{tool}-{name}": data for (tool, name), data in notebooks.items()}
    results = results_of(recipe, handed_in, console, workers=workers)
    found = []
    for (tool, name), points in theirs.items():
        for question, (ours, _) in results[f"{tool}-{name}"].questions().items():
            one = (rows[name] or {}).get(question)
            answer, differs = (one.name, one.differs) if one else ("", "")
            found.append(Mark(tool, name, question, answer, ours, points[question], differs))
    return found


def _notebooks(recipe: Recipe, rows: Mapping[str, Answers], tool: str) -> dict[str, bytes]:
    release = sample.released(recipe.assignment, tool)
    return {name: _notebook(recipe, row, release) for name, row in rows.items()}


def _notebook(recipe: Recipe, row: Answers, release: bytes) -> bytes:
    if row is None:
        return release
    codes = {question: one.code for question, one in row.items()}
    return sample.answered(release, sample.answering(recipe.source, codes))


def _of_tool(
    recipe: Recipe,
    tool: str,
    notebooks: Mapping[tuple[str, str], bytes],
    folder: Path,
    console: Console,
) -> list[tuple[tuple[str, str], Points]]:
    assignment, root = recipe.assignment, _course(recipe.assignment, folder)
    found = []
    for key, data in notebooks.items():
        if key[0] != tool:
            continue
        work = folder / key[1]
        work.mkdir()
        if tool == "otter":
            points = peers.otter_points(root, assignment.name, data, work, recipe.environment)
        else:
            points = peers.nbgrader_points(root, assignment.name, data, key[1], recipe.environment)
        console.print(f"{tool} {key[1]}: {sum(points.values()):g}")
        found.append((key, points))
    return found


def _course(assignment: Assignment, folder: Path) -> Path:
    """Return a course with what a tool reads and the folders into which it writes."""
    root = folder / "course"
    shutil.copytree(assignment.root / "dist", root / "dist")
    written = shutil.ignore_patterns("submitted", "autograded", "feedback")
    shutil.copytree(assignment.root / "var" / "nbgrader", root / "var" / "nbgrader", ignore=written)
    shutil.copy(assignment.root / "nbgrader_config.py", root)
    return root


def _sentence(mark: Mark) -> str:
    where = f"{mark.tool} {mark.notebook}, {mark.question} ({mark.answer or 'not a known answer'})"
    points = f"{mark.tool} gives {mark.theirs:g}, we give {mark.ours:g}"
    if mark.differs:
        return f"{where}: {points}; they no longer differ, remove differs = {mark.differs!r}"
    return f"{where}: {points}; mend it, or explain it in docs/differences.md and name it as differs"


def _totals(found: Sequence[Mark]) -> Iterator[str]:
    for tool in TOOLS:
        mine = [mark for mark in found if mark.tool == tool]
        equal = sum(mark.ours == mark.theirs for mark in mine)
        notebooks = len({mark.notebook for mark in mine})
        share = f"{equal / len(mine):.2%}"
        yield f"{tool}: {equal} of {len(mine)} question marks in {notebooks} notebooks are equal ({share})"


def _document(assignment: Assignment, found: Sequence[Mark]) -> Path:
    answers = {mark.answer for mark in found if mark.answer}
    rows = [
        f"| {mark.tool} | {mark.answer or mark.notebook} | {mark.question} | {mark.theirs:g} | {mark.ours:g} "
        f"| [{mark.differs}](differences.md#{mark.differs}) |"
        for mark in found
        if mark.ours != mark.theirs
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
            *(f"- {line}" for line in _totals(found)),
            "",
            *((*_HEAD, *rows) if rows else ("No mark differs.",)),
            "",
        ]
    )
    path = assignment.root / "docs" / "agreement.md"
    path.write_text(text, encoding="utf-8")
    return path
