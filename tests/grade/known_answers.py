"""Every known answer to the lab's questions, graded: one answer per question in each notebook."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder import misconceptions
from autograder.course import load_course
from autograder.grade.engine import Engine, started
from autograder.grade.recipe import Recipe
from autograder.grade.results import Result
from autograder.grade.submissions import find
from autograder.misconceptions import Misconception
from autograder.recipes import recipe_of
from autograder.sample import answered, answering, released
from autograder.source import Source

ROOT = Path(__file__).parents[2]
ASSIGNMENT = load_course(ROOT).assignment("lab_4_4_rnn")
FLAVOURS = ("otter", "nbgrader")

FIRST = (
    "q2_cuts_in_front",
    "q2_padded_twice",
    "q2_pads_in_front",
    "q2_zeros_first_by_hand",
    "q2_drops_long_reviews",
    "q2_longest_by_hand",
    "q5_no_embedding",
    "q5_not_compiled",
    "q5_no_input",
    "q5_not_compiled_functional",
    "q5_units_are_steps",
    "q5_units_default_is_length",
    "q6_stacked",
    "q6_always_gru",
    "q6_any_kind",
    "right_q6_functional",
)
"""Dealt out first. Each network is trained again on reviews that are padded otherwise, so these
answers to Q2 meet networks that cannot be trained, and a costly one meets reviews that cannot."""

Answers = Mapping[str, Misconception]
"""Known answers by their question; the solution answers all other questions."""


@dataclass(frozen=True, slots=True)
class Known:
    """Graded notebooks."""

    recipe: Recipe
    results: Mapping[str, Result]
    """By ``<flavour>-<notebook>``; a notebook is ``solution``, ``blank`` or the number of a row."""

    def result(self, flavour: str, notebook: str) -> Result:
        return self.results[f"{flavour}-{notebook}"]


def entries() -> tuple[Misconception, ...]:
    return misconceptions.load(ASSIGNMENT)


def rows() -> tuple[Answers, ...]:
    """Return all known answers, dealt out: each once, at most one of a question in a row."""
    return misconceptions.dealt(sorted(entries(), key=lambda entry: (*FIRST, entry.name).index(entry.name)))


def graded(folder: Path) -> Known:
    """Grade solution, blank release and all rows in both flavours, with an empty trainer's cache."""
    recipe = replace(
        recipe_of(ASSIGNMENT),
        cache=folder / "training",
        environment={"RNNLAB_REVIEWS": "embedded"},
        workers=2,
    )
    with started(recipe, workers=2) as engine:
        return Known(recipe, grade(engine, dict(_notebooks(recipe.source)), folder / "submitted"))


def grade(engine: Engine, notebooks: Mapping[str, bytes], folder: Path) -> dict[str, Result]:
    """Grade notebooks by name, handed in as files of a folder."""
    folder.mkdir()
    for name, data in notebooks.items():
        (folder / f"{name}.ipynb").write_bytes(data)
    results: dict[str, Result] = {}
    engine.grade(find([folder], ASSIGNMENT), lambda result: results.update({result.student: result}))
    return results


def _notebooks(source: Source) -> Iterator[tuple[str, bytes]]:
    for flavour in FLAVOURS:
        yield f"{flavour}-blank", released(ASSIGNMENT, flavour)
        yield f"{flavour}-solution", notebook(source, {}, flavour)
        for number, row in enumerate(rows()):
            codes = {question: entry.code for question, entry in row.items()}
            yield f"{flavour}-{number}", notebook(source, codes, flavour)


def notebook(source: Source, codes: Mapping[str, str], flavour: str = "otter") -> bytes:
    """Return a release with the solution and, for some questions, other code."""
    return answered(released(ASSIGNMENT, flavour), answering(source, codes))
