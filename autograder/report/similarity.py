"""Answers that are more similar than the question and the class explain: a hint for staff, not a proof.

Two answers are compared as sequences of tokens: names that an author chooses, comments,
docstrings, layout and the spelling of literals do not count. From their similarity is subtracted
how similar each of them is to known texts (the solution, the released stub, known answers) and to
the rest of the class: what the question demands, or many students write, is no hint.
"""

import ast
import builtins
import io
import keyword
import math
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise, product

import numpy as np

from autograder.known_answers import KnownAnswer
from autograder.notebook import CellType, Source

MIN_SIMILARITY = 0.9
"""Two answers below this similarity are never a hint."""

MIN_COMMON_COUNT = 4
"""An answer about as similar to this many classmates' is what the class writes. In a class of more
than ``MIN_COMMON_COUNT / MIN_COMMON_SHARE`` students it takes that share of them."""

MIN_COMMON_SHARE = 0.03

THRESHOLD = 12.0
"""Unexplained tokens in common, over all questions, from which a pair is listed; ``docs/similarity.md``."""

MAX_PAIRS = 40

_MAX_TOKENS = 4_000
_MAX_CHARS = 40_000
"""Characters of an answer that are compared, and bound the time that its author can take."""

_BATCH_ROWS = 256
"""Texts compared with all others at once; bounds the memory for a class of any size."""

_IGNORED_TYPES = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip
_STATEMENT_STARTS = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
_OPENING_BRACKETS, _CLOSING_BRACKETS = "([{", ")]}"
_BUILTIN_NAMES = frozenset(dir(builtins))

Tokens = tuple[str, ...]
"""An answer as it is compared."""


@dataclass(frozen=True, slots=True)
class SimilarAnswers:
    """Two answers to one question."""

    question: str
    similarity: float
    """Share of the tokens that both have in the same order, from 0 to 1."""

    explained_similarity: float
    """The larger similarity of either to a known or common text."""

    unexplained_tokens: float
    """How many of the tokens in common are not explained."""


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two students with similar answers."""

    students: tuple[str, str]
    questions: tuple[SimilarAnswers, ...]
    """The strongest hint first."""

    @property
    def unexplained_tokens(self) -> float:
        """Return the unexplained tokens of all questions."""
        return sum(answers.unexplained_tokens for answers in self.questions)


def reference_answers(source: Source, known_answers: Iterable[KnownAnswer]) -> dict[str, list[str]]:
    """Return the texts that answers are expected to resemble: solution, stub and known answers."""
    references: dict[str, list[str]] = {}
    for question in source.questions:
        solutions, stubs = [], []
        for answer in question.answers:
            if answer.cell.cell_type is CellType.CODE:
                solutions.append(answer.solution())
                stubs.append(answer.stub())
        references[question.name] = ["\n".join(solutions), "\n".join(stubs)]
    for known_answer in known_answers:
        references.setdefault(known_answer.question, []).append(known_answer.code)
    return references


def similar_pairs(
    answers: Mapping[str, Mapping[str, str]],
    references: Mapping[str, Sequence[str]],
    threshold: float = THRESHOLD,
) -> tuple[SimilarPair, ...]:
    """Return the pairs of students with unexplained similarities, the strongest hint first.

    Args:
        answers: code by student and question.
        references: texts that explain a similarity, by question.
        threshold: unexplained tokens over all questions below which a pair is not listed.
    """
    codes: dict[str, dict[str, str]] = defaultdict(dict)
    for student, by_question in answers.items():
        for question, code in by_question.items():
            codes[question][student] = code
    similar: dict[tuple[str, str], list[SimilarAnswers]] = defaultdict(list)
    for question, by_student in codes.items():
        for students, similar_answers in _similar_answers(question, by_student, references.get(question, ())):
            similar[students].append(similar_answers)
    pairs = []
    for students, questions in similar.items():
        questions.sort(key=lambda similar_answers: -similar_answers.unexplained_tokens)
        pair = SimilarPair(students, tuple(questions))
        if pair.unexplained_tokens >= threshold:
            pairs.append(pair)
    return tuple(sorted(pairs, key=lambda pair: (-pair.unexplained_tokens, pair.students)))


def _similar_answers(
    question: str, codes: Mapping[str, str], references: Sequence[str]
) -> Iterator[tuple[tuple[str, str], SimilarAnswers]]:
    """Yield the pairs of students with similar, unexplained answers to one question."""
    if len(codes) < 2:
        return
    authors: dict[Tokens, list[str]] = defaultdict(list)
    for student in sorted(codes):
        authors[tokens(codes[student])].append(student)
    expected = [text for code in references if (text := tokens(code))]
    texts = list(authors)
    counts = np.array(list(map(len, authors.values())))
    lengths = np.array(list(map(len, texts)))
    explained = _similarity_matrix(texts, expected).max(axis=1, initial=0.0)
    candidates: list[tuple[int, int, float]] = []
    for start in range(0, len(texts), _BATCH_ROWS):
        rows = _similarity_matrix(texts[start : start + _BATCH_ROWS], texts)
        indices = np.arange(start, start + len(rows))
        explained[indices] = np.maximum(explained[indices], _common_similarity(rows, indices, counts))
        unexplained = (rows - explained[indices, None]) * (lengths[indices, None] + lengths) / 2
        # Only one triangle of the symmetric matrix. The diagonal stays: equal texts are one row.
        hints = (rows >= MIN_SIMILARITY) & (unexplained >= 1) & (indices[:, None] <= np.arange(len(texts)))
        for row, second in np.argwhere(hints).tolist():
            candidates.append((start + row, second, float(rows[row, second])))
    # What explains the second text is known for all texts only now.
    for first, second, similarity in candidates:
        explained_similarity = float(max(explained[first], explained[second]))
        mean_length = float(lengths[first] + lengths[second]) / 2
        unexplained_tokens = (similarity - explained_similarity) * mean_length
        if unexplained_tokens >= 1:
            answers = SimilarAnswers(question, similarity, explained_similarity, unexplained_tokens)
            left, right = authors[texts[first]], authors[texts[second]]
            for pair in combinations(left, 2) if first == second else product(left, right):
                yield (min(pair), max(pair)), answers


def _similarity_matrix(texts: Sequence[Tokens], others: Sequence[Tokens]) -> np.ndarray:
    """Return the share of tokens in common and in the same order, (texts, others)."""
    # Imported here: only a report of a whole class needs it.
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    return cdist(texts, others, scorer=Indel.normalized_similarity, dtype=np.float32, workers=-1)


def _common_similarity(rows: np.ndarray, indices: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the least similarity of each text to its nearest classmates, as many as make it common.

    Args:
        rows: similarity of some texts to all texts, (some, all).
        indices: those texts' indices among all.
        counts: authors of each of all texts.
    """
    students = int(counts.sum())
    enough = max(MIN_COMMON_COUNT, math.ceil(MIN_COMMON_SHARE * students))
    if enough >= students:
        return np.zeros(len(rows), np.float32)
    classmates = np.tile(counts, (len(rows), 1))
    classmates[np.arange(len(rows)), indices] -= 1  # an author is not their own classmate
    # Walk from the most similar text outwards until enough classmates are counted; a text that
    # several students wrote counts for each of them.
    nearest_first = np.argsort(-rows, axis=1)
    running_count = np.cumsum(np.take_along_axis(classmates, nearest_first, axis=1), axis=1)
    last = np.argmax(running_count >= enough, axis=1)[:, None]
    return np.take_along_axis(np.take_along_axis(rows, nearest_first, axis=1), last, axis=1)[:, 0]


@lru_cache(maxsize=4096)
def tokens(code: str) -> Tokens:
    """Return the tokens of an answer that are compared; code that is not Python is split at blanks."""
    # Comments, layout and statements that are a text, such as docstrings, do not count.
    significant: list[tuple[int, str]] = []
    previous_type = tokenize.ENCODING
    try:
        for token in tokenize.generate_tokens(io.StringIO(code[:_MAX_CHARS]).readline):
            is_docstring = token.type == tokenize.STRING and previous_type in _STATEMENT_STARTS
            if token.type not in _IGNORED_TYPES and not is_docstring:
                significant.append((token.type, token.string))
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                previous_type = token.type
    except (tokenize.TokenError, SyntaxError, ValueError):
        significant = [(tokenize.NAME, word) for word in code[:_MAX_CHARS].split()]
    canonical: list[str] = []
    before, depth = "", 0
    for (kind, text), (_, after) in pairwise([*significant, (tokenize.ENDMARKER, "")]):
        if kind == tokenize.OP:
            depth += (text in _OPENING_BRACKETS) - (text in _CLOSING_BRACKETS)
        # A name that is neither an attribute nor a keyword of a call is chosen by the author.
        is_chosen = before != "." and not (depth > 0 and after == "=")
        canonical.append(_canonical_token(kind, text, is_chosen=is_chosen))
        before = text
    return tuple(canonical[:_MAX_TOKENS])


def _canonical_token(kind: int, text: str, *, is_chosen: bool) -> str:
    """Return a token as it is compared: all names that an author chooses are the same."""
    if kind in (tokenize.NUMBER, tokenize.STRING):
        try:
            return repr(ast.literal_eval(text))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return text
    is_name = kind == tokenize.NAME and not keyword.iskeyword(text) and text not in _BUILTIN_NAMES
    return "name" if is_name and is_chosen else text
