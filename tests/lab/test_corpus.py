"""The embedded corpus: shape, language, determinism and its store on disk."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rnnlab import corpus
from rnnlab.errors import KitError

ROOT = Path(__file__).resolve().parents[2]
LAB_FOLDER = ROOT / "source" / "lab_4_4_rnn"
FIRST_REVIEWS_DIGEST = "15bc1f0bb1107b86"
PRAISE, BLAME = {"good", "great", "wonderful", "excellent"}, {"bad", "terrible", "boring", "awful"}


@pytest.fixture(scope="module")
def train() -> tuple[np.ndarray, np.ndarray]:
    return corpus.make_corpus(corpus.TRAIN_SIZE, seed=corpus.TRAIN_SEED)


@pytest.fixture(scope="module")
def texts(train) -> list[str]:
    words = {rank: word for word, rank in corpus.word_index().items()}
    return [" ".join(words[i - 3] for i in ids[1:]) for ids in train[0]]


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store that is still empty, and a process that remembers no corpus."""
    monkeypatch.setenv("RNNLAB_CACHE", str(tmp_path))
    corpus._stored_corpus.cache_clear()
    yield tmp_path
    corpus._stored_corpus.cache_clear()


def digest(reviews: np.ndarray, labels: np.ndarray) -> str:
    text = repr(reviews.tolist()) + repr(labels.tolist())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def assert_same(made: tuple[np.ndarray, np.ndarray], expected: tuple[np.ndarray, np.ndarray]) -> None:
    assert made[0].tolist() == expected[0].tolist()
    assert made[1].tolist() == expected[1].tolist()


def test_lengths_are_those_of_film_reviews(train) -> None:
    lengths = np.array([len(ids) for ids in train[0]])
    assert lengths.min() >= 11
    assert 220 <= lengths.mean() <= 260
    assert 150 <= lengths.std() <= 200
    assert lengths.max() > 1_000
    assert 0.35 <= (lengths > 200).mean() <= 0.5


def test_half_of_the_reviews_are_positive(train) -> None:
    assert train[1].dtype == np.int64
    assert train[1].sum() == corpus.TRAIN_SIZE // 2
    assert corpus.make_corpus(7, seed=5)[1].sum() == 3


def test_labels_come_in_no_order(train) -> None:
    runs = np.flatnonzero(np.diff(train[1])).size
    assert 0.45 <= runs / corpus.TRAIN_SIZE <= 0.55
    assert 0.45 <= train[1][:5_000].mean() <= 0.55


def test_ids_follow_the_conventions_of_keras(train) -> None:
    reviews, _ = train
    assert reviews.dtype == object
    assert all(type(ids) is list and ids[0] == 1 for ids in reviews)
    assert {type(i) for ids in reviews for i in ids} == {int}
    assert min(i for ids in reviews for i in ids[1:]) == 4


def test_ranks_follow_frequency_in_the_training_reviews(train) -> None:
    counts = np.bincount(np.concatenate(train[0]))[4:]
    assert (np.diff(counts) <= 0).all()
    assert sorted(corpus.word_index().values()) == list(range(1, len(counts) + 1))
    assert counts.min() > 0


def test_the_vocabulary_is_rich_and_has_a_long_tail(train) -> None:
    counts = np.bincount(np.concatenate(train[0]))[4:]
    assert len(counts) >= 2_000
    assert counts[:100].sum() > counts.sum() / 2
    assert np.median(counts) < counts.mean() / 3


def test_words_are_lower_case_without_punctuation_or_slots_of_the_grammar() -> None:
    assert all(word.isalnum() and word == word.lower() for word in corpus.word_index())


def test_articles_agree_with_the_word_that_follows(texts) -> None:
    pairs = {pair for text in texts[:2_000] for pair in zip(text.split(), text.split()[1:], strict=False)}
    after_a = {second for first, second in pairs if first == "a"}
    after_an = {second for first, second in pairs if first == "an"}
    assert {word for word in after_a if word[0] in "aeiou"} <= {"useless", "university", "uniform"}
    assert {word for word in after_an if word[0] not in "aeiou"} <= {"honest", "hourglass", "hour"}
    assert {"actor", "excellent", "honest", "annoying"} & after_an


def test_opinions_are_negated_and_turned(texts) -> None:
    text = " ".join(texts)
    for phrase in ("not bad", "never dull", "far from perfect", "hardly a masterpiece", "never enjoyed"):
        assert f" {phrase} " in text
    assert 0.3 < sum(" but " in review for review in texts) / len(texts) < 0.8


def test_words_lean_to_their_label_without_deciding_it(train) -> None:
    reviews, labels = train
    index = corpus.word_index()
    for words, label in ((PRAISE, 1), (BLAME, 0)):
        ids = {index[word] + 3 for word in words}
        uses = [sum(i in ids for i in review[:200]) for review in reviews[:2_000]]
        share = np.dot(uses, labels[:2_000] == label) / sum(uses)
        assert 0.55 < share < 0.8


def test_the_last_opinion_of_a_turned_review_gives_its_label() -> None:
    plan = corpus._plan(np.array([0, 1] * 2_000), 3)
    verdicts = plan.kind == corpus.KINDS["verdict"]
    turns = plan.kind == corpus.KINDS["turned"]
    assert verdicts.sum() == 4_000
    assert (plan.polarity[verdicts] == plan.review[verdicts] % 2).all()
    assert (plan.polarity[turns] == plan.review[turns] % 2).all()
    number = np.arange(len(plan.review)) - np.searchsorted(plan.review, plan.review)
    assert number[turns].max() < corpus.VISIBLE_SENTENCES
    assert 0.3 < turns.sum() / 4_000 < 0.45


def test_another_process_makes_the_same_reviews() -> None:
    created = digest(*corpus.make_corpus(40, seed=9))
    code = (
        "import sys, types; package = types.ModuleType('rnnlab'); "
        f"package.__path__ = [{str(LAB_FOLDER / 'rnnlab')!r}]; sys.modules['rnnlab'] = package; "
        "from rnnlab import corpus; import hashlib; X, y = corpus.make_corpus(40, seed=9); "
        "print(hashlib.sha256((repr(X.tolist()) + repr(y.tolist())).encode()).hexdigest()[:16])"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == created
    assert created == FIRST_REVIEWS_DIGEST, "another corpus: calibrate again, then change the digest here"


def test_another_seed_makes_other_reviews_with_the_same_words() -> None:
    first, second = (set(map(tuple, corpus.make_corpus(300, seed=seed)[0])) for seed in (3, 4))
    assert not first & second


def test_test_reviews_are_not_among_the_training_reviews(train) -> None:
    test = corpus.make_corpus(corpus.TEST_SIZE, seed=corpus.TEST_SEED)[0]
    assert not set(map(tuple, train[0])) & set(map(tuple, test))


def test_one_review_is_a_list_in_an_array_too() -> None:
    reviews, labels = corpus.make_corpus(1, seed=0)
    assert reviews.shape == labels.shape == (1,)
    assert type(reviews[0]) is list


def test_what_a_caller_changes_stays_with_the_caller(train) -> None:
    reviews, labels = corpus.make_corpus(corpus.TRAIN_SIZE, seed=corpus.TRAIN_SEED)
    reviews[0].clear()
    labels[:] = 7
    again, labels_again = corpus.make_corpus(corpus.TRAIN_SIZE, seed=corpus.TRAIN_SEED)
    assert again[0] == train[0][0]
    assert (labels_again == train[1]).all()


def test_a_stored_corpus_is_read_back_as_it_was_built(own_store: Path, train) -> None:
    corpus.make_corpus(corpus.TRAIN_SIZE, seed=corpus.TRAIN_SEED)
    stored = list(own_store.iterdir())
    assert len(stored) == 1
    before = stored[0].stat().st_mtime_ns
    corpus._stored_corpus.cache_clear()
    reviews, labels = corpus.make_corpus(corpus.TRAIN_SIZE, seed=corpus.TRAIN_SEED)
    assert stored[0].stat().st_mtime_ns == before
    assert_same((reviews, labels), train)


@pytest.mark.parametrize("damage", ["cut short", "one byte changed", "emptied", "another archive"])
def test_a_damaged_store_is_built_again(own_store: Path, train, damage: str) -> None:
    corpus.make_corpus(corpus.TRAIN_SIZE, seed=corpus.TRAIN_SEED)
    (stored,) = own_store.iterdir()
    full = stored.read_bytes()
    middle = len(full) // 2
    if damage == "another archive":
        np.savez(stored, flat=np.arange(3), starts=np.array([0, 3]), labels=np.array([1]))
    else:
        stored.write_bytes(
            {
                "cut short": full[:middle],
                "one byte changed": full[:middle] + bytes([full[middle] ^ 1]) + full[middle + 1 :],
                "emptied": b"",
            }[damage]
        )
    corpus._stored_corpus.cache_clear()
    reviews, labels = corpus.make_corpus(corpus.TRAIN_SIZE, seed=corpus.TRAIN_SEED)
    assert_same((reviews, labels), train)
    corpus._stored_corpus.cache_clear()
    assert corpus._read(stored, corpus.TRAIN_SIZE) is not None


def test_a_store_that_cannot_be_written_does_no_harm(
    own_store: Path, monkeypatch: pytest.MonkeyPatch, train
) -> None:
    blocked = own_store / "a file, no folder"
    blocked.write_text("")
    monkeypatch.setenv("RNNLAB_CACHE", str(blocked))
    reviews, labels = corpus.make_corpus(corpus.TRAIN_SIZE, seed=corpus.TRAIN_SEED)
    assert_same((reviews, labels), train)


def test_reviews_of_other_seeds_are_not_stored(own_store: Path) -> None:
    corpus.make_corpus(30, seed=123)
    assert not [path for path in own_store.iterdir() if "123" in path.name]


@pytest.mark.parametrize("count, seed", [(0, 1), (2.5, 1), (True, 1), (5, -1), (5, "x"), (None, 1)])
def test_an_impossible_corpus_is_refused_in_one_sentence(count, seed) -> None:
    with pytest.raises(KitError, match="cannot be made; ask for a whole number") as refusal:
        corpus.make_corpus(count, seed=seed)
    assert all(len(line) <= 80 for line in refusal.value._render_traceback_())
