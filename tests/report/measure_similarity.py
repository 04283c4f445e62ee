"""What the likeness of answers comes to where nobody copied, and where somebody did.

``python -m tests.report.measure_similarity`` prints the figures of ``docs/similarity.md``.
"""

import ast
import random
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from autograder import misconceptions
from autograder.compile import prepare
from autograder.course import load_course
from autograder.report import similarity
from autograder.report.similarity import Pair
from autograder.sample import solved
from tests.grade import class_of_twenty

ASSIGNMENT = load_course(Path(__file__).parents[2]).assignment("lab_4_4_rnn")
SOURCE = prepare(ASSIGNMENT).source
KNOWN = misconceptions.load(ASSIGNMENT)
REFERENCES = similarity.references(SOURCE, KNOWN)
SOLUTION = {question.name: solved(SOURCE)[question.answers[0].cell.id] for question in SOURCE.questions}


class _Renamed(ast.NodeTransformer):
    """Gives other names to whatever a function binds, its arguments aside."""

    def __init__(self, tree: ast.AST) -> None:
        stored = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        bound = {
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and type(node.ctx) is ast.Store
        }
        self.names = {name: f"my_{place}" for place, name in enumerate(stored) if name in bound}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)


def disguised(code: str) -> str:
    """Return code with other names, other layout, other quotes and a comment."""
    tree = ast.parse(code)
    return f"# my own work\n{ast.unparse(_Renamed(tree).visit(tree))}\n"


def apart() -> Iterator[tuple[str, str, float]]:
    """Yield pairs of known answers to one question, compared as if both were new to us."""
    for one, other in combinations(KNOWN, 2):
        if one.question == other.question:
            known = [known for known in KNOWN if known not in (one, other)]
            answers = {one.name: {one.question: one.code}, other.name: {one.question: other.code}}
            yield one.name, other.name, _tokens(answers, similarity.references(SOURCE, known))


def class_apart() -> tuple[Pair, ...]:
    """Return the pairs of twenty students who did not copy; no threshold."""
    answers = {one.name: {**SOLUTION, **one.answers} for one in class_of_twenty.load()}
    return similarity.pairs(answers, REFERENCES, threshold=0)


def copied() -> Iterator[tuple[str, float]]:
    """Yield each right known answer with what it comes to if a second student hands it in disguised."""
    for one in KNOWN:
        known = [known for known in KNOWN if known is not one]
        answers = {"ana": {one.question: one.code}, "ben": {one.question: disguised(one.code)}}
        yield one.name, _tokens(answers, similarity.references(SOURCE, known))


def copied_whole() -> dict[str, float]:
    """Return what each of the twenty comes to if somebody hands in all of it, disguised."""
    found = {}
    for one in class_of_twenty.load():
        mine = {**SOLUTION, **one.answers}
        theirs = {question: _disguised_if_python(code) for question, code in mine.items()}
        found[one.name] = _tokens({"ana": mine, "ben": theirs}, REFERENCES)
    return found


def copied_class() -> dict[str, dict[str, str]]:
    """Return the twenty, and for the first three of them somebody who copied, as students of a crowd."""
    found: dict[str, dict[str, str]] = {}
    for place, one in enumerate(class_of_twenty.load()):
        mine = {**SOLUTION, **one.answers}
        found[f"student{2 * place:03}"] = mine
        if place < 3:
            theirs = {question: _disguised_if_python(code) for question, code in mine.items()}
            found[f"student{2 * place + 1:03}"] = theirs
    return found


def crowd(students: int, seed: int = 7) -> dict[str, dict[str, str]]:
    """Return a class in which everybody writes one of the known answers, or the solution, in own names."""
    draw = random.Random(seed)
    choices = {question: [code] for question, code in SOLUTION.items()}
    for one in KNOWN:
        choices[one.question].append(one.code)
    return {
        f"s{place:03}": {
            question: disguised(draw.choice(codes)) if draw.random() < 0.5 else draw.choice(codes)
            for question, codes in choices.items()
        }
        for place in range(students)
    }


def _disguised_if_python(code: str) -> str:
    try:
        return disguised(code)
    except SyntaxError:
        return code


def _tokens(answers: dict[str, dict[str, str]], known: dict[str, tuple[str, ...]]) -> float:
    return max((pair.tokens for pair in similarity.pairs(answers, known, threshold=0)), default=0.0)


def main() -> None:
    """Print all figures."""
    independent = sorted(((found, one, other) for one, other, found in apart()), reverse=True)
    print(f"{len(independent)} pairs of different known answers; the nearest:")
    for found, one, other in independent[:5]:
        print(f"  {found:5.1f} tokens  {one}, {other}")
    print("twenty students who did not copy; the nearest pairs:")
    for pair in class_apart()[:3]:
        print(f"  {pair.tokens:5.1f} tokens  {', '.join(pair.students)}")
    amounts = sorted(found for _, found in copied())
    above = sum(found >= similarity.THRESHOLD for found in amounts)
    print(
        f"{len(amounts)} single answers, copied in disguise: {above} reach {similarity.THRESHOLD:g} tokens,"
    )
    print(f"  median {amounts[len(amounts) // 2]:.1f}")
    whole = copied_whole()
    above = sum(found >= similarity.THRESHOLD for found in whole.values())
    print(f"{len(whole)} notebooks, copied in disguise: {above} reach it, the most {max(whole.values()):.0f}")
    answers, begin = crowd(300), time.monotonic()
    found = similarity.pairs(answers, REFERENCES)
    print(f"300 students, all answers known: {len(found)} hints, {time.monotonic() - begin:.1f} s")


if __name__ == "__main__":
    main()
