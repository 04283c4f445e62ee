"""What the likeness of answers comes to where nobody copied, and where somebody did.

``python -m tools.measure_similarity`` writes ``docs/results/similarity.md``.
"""

import ast
import random
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from autograder import known_answers
from autograder.build.compile import prepare
from autograder.course import load_course
from autograder.quality.sample import solution_answers
from autograder.report import similarity
from autograder.report.similarity import SimilarPair
from tests.support import class_of_twenty

ASSIGNMENT = load_course(Path(__file__).parents[1]).assignment("lab_4_4_rnn")
SOURCE = prepare(ASSIGNMENT).source
KNOWN_ANSWERS = known_answers.load(ASSIGNMENT)
REFERENCES = similarity.reference_answers(SOURCE, KNOWN_ANSWERS)
SOLUTION = {
    question.name: solution_answers(SOURCE)[question.answers[0].cell.id] for question in SOURCE.questions
}


class _Renamer(ast.NodeTransformer):
    """Gives other names to whatever a function binds, its arguments aside."""

    def __init__(self, tree: ast.AST) -> None:
        stored = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        bound = {
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and type(node.ctx) is ast.Store
        }
        self.names = {name: f"my_{place}" for place, name in enumerate(stored) if name in bound}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)


def disguise(code: str) -> str:
    """Return code with other names, other layout, other quotes and a comment."""
    tree = ast.parse(code)
    return f"# my own work\n{ast.unparse(_Renamer(tree).visit(tree))}\n"


def independent_pairs() -> Iterator[tuple[str, str, float]]:
    """Yield pairs of known answers to one question, compared as if both were new to us."""
    for item, other in combinations(KNOWN_ANSWERS, 2):
        if item.question == other.question:
            expected = [expected for expected in KNOWN_ANSWERS if expected not in (item, other)]
            answers = {item.name: {item.question: item.code}, other.name: {item.question: other.code}}
            yield item.name, other.name, _max_tokens(answers, similarity.reference_answers(SOURCE, expected))


def independent_class_pairs() -> tuple[SimilarPair, ...]:
    """Return the pairs of twenty students who did not copy; no threshold."""
    answers = {answer.name: {**SOLUTION, **answer.answers} for answer in class_of_twenty.load()}
    return similarity.similar_pairs(answers, REFERENCES, threshold=0)


def copied_answers() -> Iterator[tuple[str, float]]:
    """Yield each right known answer with what it comes to if a second student hands it in disguised."""
    for answer in KNOWN_ANSWERS:
        expected = [expected for expected in KNOWN_ANSWERS if expected is not answer]
        answers = {"ana": {answer.question: answer.code}, "ben": {answer.question: disguise(answer.code)}}
        yield answer.name, _max_tokens(answers, similarity.reference_answers(SOURCE, expected))


def copied_notebooks() -> dict[str, float]:
    """Return what each of the twenty comes to if somebody hands in all of it, disguised."""
    actual = {}
    for answer in class_of_twenty.load():
        mine = {**SOLUTION, **answer.answers}
        theirs = {question: _disguise_if_python(code) for question, code in mine.items()}
        actual[answer.name] = _max_tokens({"ana": mine, "ben": theirs}, REFERENCES)
    return actual


def class_with_copies() -> dict[str, dict[str, str]]:
    """Return the twenty, and for the first three of them somebody who copied, as students of a crowd."""
    actual: dict[str, dict[str, str]] = {}
    for place, item in enumerate(class_of_twenty.load()):
        mine = {**SOLUTION, **item.answers}
        actual[f"student{2 * place:03}"] = mine
        if place < 3:
            theirs = {question: _disguise_if_python(code) for question, code in mine.items()}
            actual[f"student{2 * place + 1:03}"] = theirs
    return actual


def random_class(students: int, seed: int = 7) -> dict[str, dict[str, str]]:
    """Return a class in which everybody writes one of the known answers, or the solution, in own names."""
    draw = random.Random(seed)
    choices = {question: [code] for question, code in SOLUTION.items()}
    for answer in KNOWN_ANSWERS:
        choices[answer.question].append(answer.code)
    return {
        f"s{place:03}": {
            question: disguise(draw.choice(codes)) if draw.random() < 0.5 else draw.choice(codes)
            for question, codes in choices.items()
        }
        for place in range(students)
    }


def _disguise_if_python(code: str) -> str:
    try:
        return disguise(code)
    except SyntaxError:
        return code


def _max_tokens(answers: dict[str, dict[str, str]], references: dict[str, tuple[str, ...]]) -> float:
    return max(
        (pair.unexplained_tokens for pair in similarity.similar_pairs(answers, references, threshold=0)),
        default=0.0,
    )


_PAGE = """# Measured similarity of answers

`python -m tools.measure_similarity` wrote this page. It compares answers of which we know whether they
were copied. [How similar answers are detected](../similarity.md) explains the method.

| answers | result |
|---|---|
"""


def main() -> None:
    """Measure everything and write ``docs/results/similarity.md``."""
    threshold = f"{similarity.THRESHOLD:g}"
    independent = [tokens for _, _, tokens in independent_pairs()]
    class_pairs = independent_class_pairs()
    notebooks = copied_notebooks()
    copied = sum(tokens >= similarity.THRESHOLD for tokens in notebooks.values())
    singles = sorted(tokens for _, tokens in copied_answers())
    above = sum(tokens >= similarity.THRESHOLD for tokens in singles)
    hints = similarity.similar_pairs(random_class(300), REFERENCES)
    students = len(class_of_twenty.load())
    rows = [
        f"| {len(independent)} pairs of different known answers to one question, compared as if both were "
        f"new to us | at most {max(independent):.1f} tokens |",
        f"| {students * (students - 1) // 2} pairs of the {students} students in "
        "`tests/support/class_of_twenty/`, who did not copy "
        f"| at most {max(pair.unexplained_tokens for pair in class_pairs):.1f} tokens |",
        f"| the same {students}, each copied by a student who changed names, comments and layout "
        f"| {copied} of {students} reach {threshold}, the highest {max(notebooks.values()):.0f} |",
        "| one known answer, copied in the same disguise, all other questions left out "
        f"| {above} of {len(singles)} reach {threshold}, median {singles[len(singles) // 2]:.0f} |",
        f"| 300 students who each write known answers or the solution | {len(hints) or 'no'} hints |",
    ]
    path = ASSIGNMENT.root / "docs" / "results" / "similarity.md"
    path.write_text(_PAGE + "\n".join(rows) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
