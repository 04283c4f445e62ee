"""Answers that are more alike than the question and the class explain: a hint for staff, not a proof.

Two answers are compared as sequences of tokens: names that an author chooses, comments,
docstrings, layout and the spelling of literals do not count. How alike they are is set against
how alike each of them is to what is known (the solution, the released stub, known answers) and
to the rest of the class: what the question forces, or many write, is no hint.
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
from itertools import combinations, product

import numpy as np

from autograder.known_answers import KnownAnswer
from autograder.notebook import CellType, Source

MIN_SIMILARITY = 0.9
"""Two answers below this likeness are never a hint."""

MIN_COMMON_COUNT = 4
"""An answer that is about as near to so many classmates is what the class writes; from a class of
``MOST_ALIKE / COMMON`` on it is that share of it."""

MIN_COMMON_SHARE = 0.03

THRESHOLD = 12.0
"""Tokens that a pair shares beyond what is explained, over all questions; ``docs/similarity.md``."""

MAX_PAIRS = 40

_MAX_TOKENS = 4_000
_BATCH_ROWS = 256
"""Texts that are compared with all others at once; a class of any size fits into memory so."""

_IGNORED_TYPES = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip
_STATEMENT_STARTS = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
_OPENING_BRACKETS, _CLOSING_BRACKETS = "([{", ")]}"
_BUILTIN_NAMES = frozenset(dir(builtins))
_FIRST_CODE_POINT = 0x100
_LAST_CODE_POINT = 0xD7FF
"""Tokens become characters from ``_FIRST`` on; all rarer than the first 55,000 kinds share the last."""


@dataclass(frozen=True, slots=True)
class SimilarAnswers:
    """Two answers to one question."""

    question: str
    similarity: float
    """Share of the tokens that both have in the same order, from 0 to 1."""

    explained_similarity: float
    """The likeness of the nearer of them to what is known or common."""

    unexplained_tokens: float
    """How many of the shared tokens nothing explains."""


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two students with answers that are alike."""

    students: tuple[str, str]
    questions: tuple[SimilarAnswers, ...]
    """The most telling first."""

    @property
    def unexplained_tokens(self) -> float:
        """Return what nothing explains, over all questions."""
        return sum(alike.unexplained_tokens for alike in self.questions)


def reference_answers(source: Source, known_answers: Iterable[KnownAnswer]) -> dict[str, tuple[str, ...]]:
    """Return what answers to a question are expected to resemble: solution, stub, known answers."""
    found: dict[str, list[str]] = {}
    for question in source.questions:
        cells = [answer for answer in question.answers if answer.cell.cell_type is CellType.CODE]
        texts = ["\n".join(cell.solution() for cell in cells), "\n".join(cell.stub() for cell in cells)]
        found[question.name] = texts
    for one in known_answers:
        found.setdefault(one.question, []).append(one.code)
    return {question: tuple(texts) for question, texts in found.items()}


def similar_pairs(
    answers: Mapping[str, Mapping[str, str]],
    references: Mapping[str, Sequence[str]],
    threshold: float = THRESHOLD,
) -> tuple[SimilarPair, ...]:
    """Return the pairs of students whose answers nothing explains, the most telling first.

    Args:
        answers: code by student and question.
        known: what explains likeness, by question, see ``references``.
        threshold: tokens over all questions below which a pair is no hint.
    """
    found: dict[tuple[str, str], list[SimilarAnswers]] = defaultdict(list)
    questions = dict.fromkeys(question for own in answers.values() for question in own)
    for question in questions:
        codes = {student: own[question] for student, own in answers.items() if question in own}
        for students, alike in _similar_answers(question, codes, references.get(question, ())):
            found[students].append(alike)
    all_pairs = (
        SimilarPair(students, tuple(sorted(there, key=lambda alike: -alike.unexplained_tokens)))
        for students, there in found.items()
    )
    telling = [pair for pair in all_pairs if pair.unexplained_tokens >= threshold]
    return tuple(sorted(telling, key=lambda pair: (-pair.unexplained_tokens, pair.students)))


def _similar_answers(
    question: str, codes: Mapping[str, str], references: Sequence[str]
) -> Iterator[tuple[tuple[str, str], SimilarAnswers]]:
    """Yield the pairs of students whose answers to one question are nearly the same and unexplained."""
    spelling: dict[str, str] = {}
    authors: dict[str, list[str]] = defaultdict(list)
    for student in sorted(codes):
        authors[_encode(tokens(codes[student]), spelling)].append(student)
    expected = [text for code in references if (text := _encode(tokens(code), spelling))]
    texts, wrote = list(authors), list(authors.values())
    for one, other, likeness, explained, beyond in _unexplained_pairs(texts, [*map(len, wrote)], expected):
        alike = SimilarAnswers(question, likeness, explained, beyond)
        both = combinations(wrote[one], 2) if one == other else product(wrote[one], wrote[other])
        for first, second in both:
            yield (min(first, second), max(first, second)), alike


def _unexplained_pairs(
    texts: Sequence[str], counts: Sequence[int], expected: Sequence[str]
) -> Iterator[tuple[int, int, float, float, float]]:
    """Yield the places of two texts, their likeness, what of it is explained, and tokens beyond that.

    Args:
        texts: each once.
        counts: how many wrote it.
        expected: texts that explain likeness.
    """
    if sum(counts) < 2:
        return
    how_often, lengths = np.array(counts), np.array([*map(len, texts)])
    explained = _similarity_matrix(texts, expected).max(axis=1, initial=0.0)
    near: list[tuple[int, int, float]] = []
    for begin in range(0, len(texts), _BATCH_ROWS):
        rows = _similarity_matrix(texts[begin : begin + _BATCH_ROWS], texts)
        places = np.arange(begin, begin + len(rows))
        explained[places] = np.maximum(explained[places], _common_similarity(rows, places, how_often))
        beyond = (rows - explained[places, None]) * (lengths[places, None] + lengths) / 2
        told = (rows >= MIN_SIMILARITY) & (beyond >= 1) & (places[:, None] <= np.arange(len(texts)))
        near += [(begin + row, other, float(rows[row, other])) for row, other in np.argwhere(told).tolist()]
    for one, other, likeness in near:
        known = float(max(explained[one], explained[other]))
        tokens_beyond = (likeness - known) * float(lengths[one] + lengths[other]) / 2
        if tokens_beyond >= 1:
            yield one, other, likeness, known, tokens_beyond


def _similarity_matrix(texts: Sequence[str], others: Sequence[str]) -> np.ndarray:
    """Return the share of tokens that both have in the same order, for each of these with each other."""
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    return cdist(texts, others, scorer=Indel.normalized_similarity, dtype=np.float32, workers=-1)


def _common_similarity(rows: np.ndarray, indices: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return how alike each text is to those of so many classmates that it is common.

    Args:
        rows: likeness of texts to all, (texts, all).
        places: of these texts among all.
        counts: how many wrote each of all.
    """
    everybody = int(counts.sum())
    enough = max(MIN_COMMON_COUNT, math.ceil(MIN_COMMON_SHARE * everybody))
    if enough >= everybody:
        return np.zeros(len(rows), np.float32)
    classmates = np.tile(counts, (len(rows), 1))
    classmates[np.arange(len(rows)), indices] -= 1
    nearest_first = np.argsort(-rows, axis=1)
    so_many = np.cumsum(np.take_along_axis(classmates, nearest_first, axis=1), axis=1)
    last = np.argmax(so_many >= enough, axis=1)[:, None]
    return np.take_along_axis(np.take_along_axis(rows, nearest_first, axis=1), last, axis=1)[:, 0]


@lru_cache(maxsize=4096)
def tokens(code: str) -> tuple[str, ...]:
    """Return what counts of an answer; of code that is no Python, as far as it can be read."""
    found: list[str] = []
    before, depth = "", 0
    try:
        read = list(_significant_tokens(code))
    except (tokenize.TokenError, SyntaxError, ValueError):
        read = [tokenize.TokenInfo(tokenize.NAME, word, (0, 0), (0, 0), "") for word in code.split()]
    below = (token.string for token in read[1:])
    for token in read:
        after = next(below, "")
        depth += (
            (token.string in _OPENING_BRACKETS) - (token.string in _CLOSING_BRACKETS)
            if token.type == tokenize.OP
            else 0
        )
        found.append(_canonical_token(token, before, after, depth > 0))
        before = token.string
    return tuple(found[:_MAX_TOKENS])


def _significant_tokens(code: str) -> Iterator[tokenize.TokenInfo]:
    """Yield tokens without comments, layout and texts that stand alone, like docstrings."""
    above = tokenize.ENCODING
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        alone = token.type == tokenize.STRING and above in _STATEMENT_STARTS
        if token.type not in _IGNORED_TYPES and not alone:
            yield token
        above = above if token.type in (tokenize.COMMENT, tokenize.NL) else token.type


def _canonical_token(token: tokenize.TokenInfo, before: str, after: str, in_brackets: bool) -> str:
    """Return a token as it is compared; a name that its author chooses is like any other."""
    text = token.string
    if token.type in (tokenize.NUMBER, tokenize.STRING):
        try:
            return repr(ast.literal_eval(text))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return text
    if token.type != tokenize.NAME or keyword.iskeyword(text) or text in _BUILTIN_NAMES:
        return text
    return text if before == "." or (in_brackets and after == "=") else "name"


def _encode(code_tokens: Iterable[str], alphabet: dict[str, str]) -> str:
    """Return tokens as one character each, in which they are compared fastest."""
    return "".join(
        alphabet.setdefault(token, chr(min(_FIRST_CODE_POINT + len(alphabet), _LAST_CODE_POINT)))
        for token in code_tokens
    )
