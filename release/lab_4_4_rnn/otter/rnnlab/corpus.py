"""The embedded corpus: film reviews from a grammar, in the shape of IMDB.

It stands in for IMDB on machines without a network. Reviews are lower case, without
punctuation, about as long as IMDB's; a quarter of the opinions are negated ("not bad"),
and in a third of the reviews a "but" turns the verdict round. So word order decides more
than it does on IMDB, and a model that averages words cannot see that part.

    slots -> SENTENCES -> plan of a review -> words -> ids

All draws are integer hashes of (seed, stream, position): the same corpus on every
platform and with every NumPy.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import grammar
from .errors import KitError
from .grammar import SENTENCES, WORDS

Ints = NDArray[np.int64]
Draws = NDArray[np.uint64]
Lists = dict[str, list[tuple[str, int]]]

TRAIN_SIZE, TEST_SIZE = 8_000, 4_000
TRAIN_SEED, TEST_SEED = 1, 2
START_ID, UNKNOWN_ID, INDEX_FROM = 1, 2, 3

KINDS = {kind: number for number, kind in enumerate(SENTENCES)}
SAME_LISTS = {
    "ASPECT": ("PART", "CRAFT"),
    "HERO": ("FIRST",),
    "STAR_FIRST": ("FIRST",),
    "STAR_LAST": ("LAST",),
    "MY_KIND": ("KIND",),
}
PER_REVIEW = ("HERO", "STAR_FIRST", "STAR_LAST", "MY_KIND")
YEARS = " ".join(str(year) for year in range(1931, 2009))
OPPOSITE = {"+": "-", "-": "+"}
A_BEFORE = ("one", "useless", "uniform", "university")
AN_BEFORE = ("honest", "hour", "hourglass")

# Shares out of 1,000.
TURNED_REVIEWS = 360
DISSENT = 20
MOST_CLOSING = 2
BODY = {"opinion": 640, "contrast": 60, "plot": 190, "aside": 110}
# The turn comes at this part of the first sentences, which models see.
TURN_FROM, TURN_TO = 560, 800
VISIBLE_SENTENCES = 13
# Long reviews tell more of the story here, about where models stop reading.
DIGRESSION = range(15, 21)
# How often an opinion stands alone, with an intensifier, negated with the opposite word.
PLAIN, INTENSIFIED, NEGATED = 10, 6, 5
# Sentences of a review at thousandths of the reviews; straight lines between.
SENTENCE_QUANTILES = {
    0: 2, 50: 6, 250: 10, 500: 15, 750: 26, 900: 40, 970: 56, 995: 80, 1000: 150,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths, laid end to end."""

    flat: Ints
    starts: Ints
    """Row i is flat[starts[i]:starts[i + 1]]."""

    def take(self, rows: Ints) -> Ragged:
        """Gather rows, in the order given."""
        starts = _starts(np.diff(self.starts)[rows])
        shifts = np.repeat(self.starts[rows] - starts[:-1], np.diff(starts))
        return Ragged(self.flat[np.arange(starts[-1]) + shifts], starts)


@dataclass(frozen=True, slots=True)
class Slot:
    """A weighted choice between consecutive phrases."""

    first_phrase: int
    cumulative: Ints
    per_review: bool
    """Whether the choice is the same all through a review."""

    def pick(self, draws: Draws) -> Ints:
        """Choose a phrase for each draw."""
        choices = np.searchsorted(self.cumulative, _below(draws, self.cumulative[-1]), "right")
        return self.first_phrase + choices


@dataclass(frozen=True, slots=True)
class Grammar:
    """WORDS and SENTENCES as arrays."""

    words: tuple[str, ...]
    phrases: Ragged
    """The words of each phrase."""

    slots: tuple[Slot, ...]
    sentences: Ragged
    """Phrases, and slots as -1 - slot; a "-" and a "+" version of each sentence in turn."""

    kind_starts: Ints
    """The first sentence of each kind, and one past the last."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Reviews as word numbers of the grammar."""

    reviews: Ragged
    labels: Ints


@dataclass(frozen=True, slots=True)
class Plan:
    """What each sentence of a corpus is to be."""

    review: Ints
    kind: Ints
    polarity: Ints
    """1 praises, 0 complains."""


def make_corpus(count: int, *, seed: int) -> tuple[NDArray[np.object_], Ints]:
    """Make reviews and their sentiments.

    Args:
        count: how many reviews; half of them, to the nearest one, are positive.
        seed: another seed gives other reviews with the same word index.

    Returns:
        Lists of word ids that begin with 1 (words are rank + 3), and labels, 1 for positive.
    """
    ranks, labels = ranked_corpus(count, seed=seed)
    return id_lists(ranks), labels


def ranked_corpus(count: int, *, seed: int) -> tuple[Ragged, Ints]:
    """Make reviews as word ranks from 1, and their labels; see `make_corpus`."""
    if not (is_whole(count) and is_whole(seed) and count >= 1 and seed >= 0):
        raise KitError(
            f"{count!r} reviews with seed {seed!r} cannot be made; "
            "ask for a whole number of reviews from 1 and a whole seed from 0."
        )
    corpus = _corpus(count, seed)
    ranks = Ragged(_ranks()[corpus.reviews.flat], corpus.reviews.starts)
    return ranks, corpus.labels.copy()


def id_lists(ranks: Ragged, num_words: int | None = None) -> NDArray[np.object_]:
    """Turn word ranks into lists of ids as `keras.datasets.imdb.load_data` gives them.

    Args:
        ranks: reviews as word ranks from 1.
        num_words: ids from this number on become 2, the unknown word.
    """
    ids = np.arange(int(ranks.flat.max(initial=0)) + INDEX_FROM + 1)
    if num_words is not None:
        ids[num_words:] = UNKNOWN_ID
    shared = ids.astype(object)
    words = shared[ranks.flat + INDEX_FROM].tolist()
    edges = ranks.starts.tolist()
    rows = ([START_ID, *words[a:b]] for a, b in pairwise(edges))
    return np.fromiter(rows, dtype=object, count=len(edges) - 1)


def word_index() -> dict[str, int]:
    """Rank every word from 1, the most frequent in the training reviews."""
    ranked = zip(_ranks().tolist(), _grammar().words, strict=True)
    return {word: rank for rank, word in sorted(ranked)}


def is_whole(value: object) -> bool:
    """Tell whole numbers, NumPy's included, from all else; True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


@cache
def _ranks() -> Ints:
    words = _grammar().words
    train = _corpus(TRAIN_SIZE, TRAIN_SEED)
    counts = np.bincount(train.reviews.flat, minlength=len(words)).tolist()
    order = sorted(range(len(words)), key=lambda number: (-counts[number], words[number]))
    ranks = np.empty(len(words), dtype=np.int64)
    ranks[order] = np.arange(1, len(words) + 1)
    return ranks


def _starts(sizes: Ints) -> Ints:
    return np.concatenate(([0], np.cumsum(sizes)))


def _ragged(rows: list[list[int]]) -> Ragged:
    flat = np.array([item for row in rows for item in row], dtype=np.int64)
    return Ragged(flat, _starts(np.array([len(row) for row in rows], dtype=np.int64)))


def _weighted(text: str) -> list[tuple[str, int]]:
    parts = [entry.partition("*") for entry in text.split()]
    return [
        (phrase.replace("_", " "), 1_000 * int(weight) if star else 10_000 // (rank + 3))
        for rank, (phrase, star, weight) in enumerate(parts)
    ]


def _joined(share: int, *lists: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Join every combination; the weights add up to about 1,000,000 x share."""
    total = 1
    for entries in lists:
        total *= sum(weight for _, weight in entries)
    joined = []
    for entries in product(*lists):
        weight = 1_000_000 * share
        for _, part in entries:
            weight *= part
        joined.append((" ".join(phrase for phrase, _ in entries), max(1, weight // total)))
    return joined


def _opinions(lists: Lists, own: str) -> Lists:
    """Phrases that carry the opinion `own`, "+" or "-", by slot."""
    other = OPPOSITE[own]
    stated = PLAIN + INTENSIFIED
    slots = {
        "IS": _joined(PLAIN, lists["ADJ" + own])
        + _joined(INTENSIFIED, lists["INTENSE"], lists["ADJ" + own])
        + _joined(NEGATED, lists["NOT"], lists["ADJ" + other]),
        "A": lists["ADJ" + own],
        "LIKED": _joined(stated, lists["LIKED" + own])
        + _joined(NEGATED, [("never", 3), ("hardly", 1)], lists["LIKED" + other]),
        "A_NOUN": _joined(stated, [("a", 1)], lists["NOUN" + own])
        + _joined(NEGATED, [("not a", 3), ("hardly a", 1)], lists["NOUN" + other]),
        "WELL": _joined(stated, lists["WELL" + own])
        + _joined(NEGATED, [("not", 3), ("never", 1)], lists["WELL" + other]),
    }
    return {name + own: phrases for name, phrases in slots.items()}


def _slot_lists() -> Lists:
    lists = {name: _weighted(text) for name, text in (WORDS | {"YEAR": YEARS}).items()}
    for name, sources in SAME_LISTS.items():
        lists[name] = [entry for source in sources for entry in lists[source]]
    return lists | _opinions(lists, "-") | _opinions(lists, "+")


def _resolved(token: str, polarity: str, lists: Lists) -> str:
    """Name the slot that a token of a sentence means at a polarity."""
    if token + polarity in lists:
        return token + polarity
    if token[0] == "X" and token[1:] + polarity in lists:
        return token[1:] + OPPOSITE[polarity]
    return token


def _sentence_tokens(lists: Lists) -> list[list[str]]:
    texts = [text for kind in SENTENCES.values() for text in kind.strip().splitlines()]
    return [
        [_resolved(token, polarity, lists) for token in text.split()] for text in texts for polarity in "-+"
    ]


@cache
def _grammar() -> Grammar:
    lists = _slot_lists()
    sentences = _sentence_tokens(lists)
    literals = sorted({token for tokens in sentences for token in tokens} - set(lists))
    phrases = [phrase for entries in lists.values() for phrase, _ in entries] + literals
    words = sorted({word for phrase in phrases for word in phrase.split()} | {"an"})
    numbers = {word: number for number, word in enumerate(words)}
    codes = {name: -1 - number for number, name in enumerate(lists)}
    codes |= {word: len(phrases) - len(literals) + i for i, word in enumerate(literals)}
    sizes = np.array([2 * len(kind.strip().splitlines()) for kind in SENTENCES.values()])
    return Grammar(
        words=tuple(words),
        phrases=_ragged([[numbers[word] for word in phrase.split()] for phrase in phrases]),
        slots=_slots(lists),
        sentences=_ragged([[codes[token] for token in tokens] for tokens in sentences]),
        kind_starts=_starts(sizes),
    )


def _slots(lists: Lists) -> tuple[Slot, ...]:
    firsts = _starts(np.array([len(entries) for entries in lists.values()])).tolist()
    return tuple(
        Slot(first, np.cumsum([weight for _, weight in entries]), name in PER_REVIEW)
        for first, (name, entries) in zip(firsts, lists.items(), strict=False)
    )


def _mixed(z: Draws) -> Draws:
    """Scramble 64 bits (Steele, Lea and Flood 2014, SplitMix64)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _draws(seed: int, stream: str, positions: Ints) -> Draws:
    digest = hashlib.sha256(f"{seed} {stream}".encode()).digest()
    key = np.array([int.from_bytes(digest[:8], "little")], dtype=np.uint64)
    return _mixed(key + positions.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))


def _below(draws: Draws, limits: Ints | int) -> Ints:
    """Turn draws into whole numbers from 0 to below the limits (themselves below 2**31)."""
    scaled = (draws >> np.uint64(32)) * np.asarray(limits, dtype=np.uint64)
    return (scaled >> np.uint64(32)).astype(np.int64)


def _build(count: int, seed: int) -> Corpus:
    labels = np.empty(count, dtype=np.int64)
    labels[np.argsort(_draws(seed, "labels", np.arange(count)), kind="stable")] = np.arange(count) % 2
    plan = _plan(labels, seed)
    grammar = _grammar()
    phrases, review = _phrases(plan, grammar, seed)
    words = grammar.phrases.take(phrases)
    starts = words.starts[np.searchsorted(review, np.arange(count + 1))]
    return Corpus(Ragged(_with_an(words.flat, grammar.words), starts), labels)


def _plan(labels: Ints, seed: int) -> Plan:
    reviews = np.arange(len(labels))
    totals = _sentence_counts(_draws(seed, "length", reviews))
    starts = _starts(totals)
    review = np.repeat(reviews, totals)
    number = np.arange(starts[-1]) - starts[review]
    verdict = _verdicts(totals, seed)
    turn = _turns(verdict, seed)[review]
    draws = _draws(seed, "kind", np.arange(starts[-1]))
    kind = np.array([KINDS[name] for name in BODY])[
        np.searchsorted(np.cumsum(list(BODY.values())), _below(draws, 1_000), "right")
    ]
    digresses = (number >= DIGRESSION.start) & (number < DIGRESSION.stop)
    kind[digresses & (totals[review] > DIGRESSION.stop)] = KINDS["plot"]
    kind[number == 0] = KINDS["opening"]
    kind[(number == 1) & (totals[review] > 3)] = KINDS["plot"]
    kind[number == turn] = KINDS["turned"]
    kind[number == verdict[review]] = KINDS["verdict"]
    kind[number > verdict[review]] = KINDS["closing"]
    settled = (kind == KINDS["turned"]) | (kind == KINDS["verdict"])
    dissent = _below(_draws(seed, "dissent", np.arange(starts[-1])), 1_000) < DISSENT
    return Plan(review, kind, labels[review] ^ (number < turn) ^ (dissent & ~settled))


def _sentence_counts(draws: Draws) -> Ints:
    places, heights = (np.array(list(side)) for side in zip(*SENTENCE_QUANTILES.items(), strict=True))
    at = _below(draws, 1_000_000)
    knot = np.searchsorted(1_000 * places, at, "right") - 1
    rise, run = np.diff(heights)[knot], np.diff(1_000 * places)[knot]
    return heights[knot] + (at - 1_000 * places[knot]) * rise // run


def _verdicts(totals: Ints, seed: int) -> Ints:
    """Place the verdict of each review, the last sentence but for some closing ones."""
    draws = _draws(seed, "closing", np.arange(len(totals)))
    return totals - 1 - np.where(totals > 6, _below(draws, 1 + MOST_CLOSING), 0)


def _turns(verdicts: Ints, seed: int) -> Ints:
    """Place the turn of each review: a sentence number, or -1 for none."""
    reviews = np.arange(len(verdicts))
    part = TURN_FROM + _below(_draws(seed, "turn place", reviews), TURN_TO - TURN_FROM)
    turned = _below(_draws(seed, "turned", reviews), 1_000) < TURNED_REVIEWS
    places = np.minimum(verdicts, VISIBLE_SENTENCES) * part // 1_000
    return np.where(turned & (verdicts > 3), np.maximum(places, 2), -1)


def _phrases(plan: Plan, grammar: Grammar, seed: int) -> tuple[Ints, Ints]:
    """Choose every phrase of a corpus; return them and the review that each stands in."""
    first, choices = grammar.kind_starts[plan.kind], np.diff(grammar.kind_starts)[plan.kind] // 2
    draws = _draws(seed, "sentence", np.arange(len(plan.kind)))
    sentences = grammar.sentences.take(first + 2 * _below(draws, choices) + plan.polarity)
    review = np.repeat(plan.review, np.diff(sentences.starts))
    phrases = sentences.flat.copy()
    order = np.argsort(sentences.flat, kind="stable")
    edges = np.searchsorted(sentences.flat[order], -np.arange(len(grammar.slots) + 1)).tolist()
    for number, slot in enumerate(grammar.slots):
        at = order[edges[number + 1] : edges[number]]
        positions = review[at] if slot.per_review else at
        phrases[at] = slot.pick(_draws(seed, f"slot {number}", positions))
    return phrases, review


def _with_an(flat: Ints, words: tuple[str, ...]) -> Ints:
    takes_an = np.array(
        [word in AN_BEFORE or (word[0] in "aeiou" and word not in A_BEFORE) for word in words]
    )
    before = (flat[:-1] == words.index("a")) & takes_an[flat[1:]]
    flat = flat.copy()
    flat[:-1][before] = words.index("an")
    return flat


def _corpus(count: int, seed: int) -> Corpus:
    """Build a corpus; the two that every notebook loads are kept on disk."""
    if (count, seed) in ((TRAIN_SIZE, TRAIN_SEED), (TEST_SIZE, TEST_SEED)):
        return _stored_corpus(count, seed)
    return _build(count, seed)


@cache
def _stored_corpus(count: int, seed: int) -> Corpus:
    """Read a corpus from the disk cache; build and store it if it is not there whole."""
    path = cache_folder() / f"corpus-{_source_digest()}-{seed}-{count}.npz"
    corpus = _read(path, count)
    if corpus is None:
        corpus = _build(count, seed)
        _store(path, corpus)
    return corpus


def cache_folder() -> Path:
    """The folder for built corpora: RNNLAB_CACHE, or one in the user's cache folder."""
    if chosen := os.environ.get("RNNLAB_CACHE"):
        return Path(chosen)
    home = Path("~").expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "rnnlab"


@cache
def _source_digest() -> str:
    sources = (Path(__file__), Path(grammar.__file__))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


def _read(path: Path, count: int) -> Corpus | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            flat, starts, labels = stored["flat"], stored["starts"], stored["labels"]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
    if len(labels) != count or len(starts) != count + 1 or starts[-1] != len(flat):
        return None
    return Corpus(Ragged(flat.astype(np.int64), starts), labels)


def _store(path: Path, corpus: Corpus) -> None:
    """Write beside and rename, so that a reader never sees half a file."""
    flat = corpus.reviews.flat.astype(np.uint16)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".corpus-") as folder:
            beside = Path(folder) / path.name
            np.savez(beside, flat=flat, starts=corpus.reviews.starts, labels=corpus.labels)
            beside.replace(path)
    except OSError:
        return
