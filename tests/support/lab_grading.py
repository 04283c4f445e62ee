"""Every known answer to the lab's questions, graded: one answer per question in each notebook."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder import known_answers
from autograder.course import load_course
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result
from autograder.engine.run import Engine, start_engine
from autograder.known_answers import KnownAnswer
from autograder.notebook import Source
from autograder.quality.sample import answers_with, fill_answers, read_release
from autograder.submission.discover import find_submissions
from tests.support.plans import compile_plan

ROOT = Path(__file__).parents[2]
ASSIGNMENT = load_course(ROOT).assignment("lab_4_4_rnn")
FLAVORS = ("otter", "nbgrader")

FIRST_BATCHED = (
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

AnswersByQuestion = Mapping[str, KnownAnswer]
"""Known answers by their question; the solution answers all other questions."""


@dataclass(frozen=True, slots=True)
class GradedLab:
    """Graded notebooks."""

    plan: GradingPlan
    results: Mapping[str, Result]
    """By ``<flavor>-<notebook>``; a notebook is ``solution``, ``blank`` or the number of a row."""

    def result(self, flavor: str, notebook: str) -> Result:
        return self.results[f"{flavor}-{notebook}"]


def load_known_answers() -> tuple[KnownAnswer, ...]:
    """Return the known answers without the idioms, which ``make validate`` grades."""
    return tuple(answer for answer in known_answers.load(ASSIGNMENT) if not answer.seen)


def answer_batches() -> tuple[AnswersByQuestion, ...]:
    """Return these answers, dealt out: each once, at most one of a question in a row."""
    return known_answers.batched(
        sorted(load_known_answers(), key=lambda entry: (*FIRST_BATCHED, entry.name).index(entry.name))
    )


def grade_lab(folder: Path) -> GradedLab:
    """Grade solution, blank release and all rows in both flavors, with an empty trainer's cache."""
    plan = replace(
        compile_plan(ASSIGNMENT),
        cache=folder / "training",
        environment={"RNNLAB_REVIEWS": "embedded"},
        workers=2,
    )
    with start_engine(plan, workers=2) as engine:
        return GradedLab(plan, grade_notebooks(engine, dict(_notebooks(plan.source)), folder / "submitted"))


def grade_notebooks(engine: Engine, notebooks: Mapping[str, bytes], folder: Path) -> dict[str, Result]:
    """Grade notebooks by name, handed in as files of a folder."""
    folder.mkdir()
    for name, data in notebooks.items():
        (folder / f"{name}.ipynb").write_bytes(data)
    results: dict[str, Result] = {}
    engine.grade(
        find_submissions([folder], ASSIGNMENT), lambda result: results.update({result.student: result})
    )
    return results


def _notebooks(source: Source) -> Iterator[tuple[str, bytes]]:
    for flavor in FLAVORS:
        yield f"{flavor}-blank", read_release(ASSIGNMENT, flavor)
        yield f"{flavor}-solution", notebook(source, {}, flavor)
        for number, row in enumerate(answer_batches()):
            codes = {question: entry.code for question, entry in row.items()}
            yield f"{flavor}-{number}", notebook(source, codes, flavor)


def notebook(source: Source, codes: Mapping[str, str], flavor: str = "otter") -> bytes:
    """Return a release with the solution and, for some questions, other code."""
    return fill_answers(read_release(ASSIGNMENT, flavor), answers_with(source, codes))
