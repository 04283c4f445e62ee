"""The reviews: which data set is used, how a file is read, what is refused."""

import io
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from rnnlab import corpus, reviews
from rnnlab.errors import KitError, unanswered

ROOT = Path(__file__).resolve().parents[2]
LAB_FOLDER = ROOT / "source" / "lab_4_4_rnn"
REAL = (ROOT / ".." / "shared" / "data" / "imdb.npz").resolve()
needs_imdb = pytest.mark.skipif(not REAL.exists(), reason="no imdb.npz in ../shared/data")
WORDS = {"the": 1, "movie": 2, "great": 3, "bad": 4}


def lists(rows: list) -> np.ndarray:
    return np.fromiter(rows, dtype=object, count=len(rows))


def small_arrays() -> dict[str, np.ndarray]:
    """Arrays of IMDB's size with reviews of one to six words, ranks 1 to 13."""
    n = reviews.REVIEWS_PER_PART
    rows = [[1 + (i * k) % 13 for k in range(1, 2 + i % 6)] for i in range(2 * n)]
    labels = np.arange(2 * n) % 2
    return {
        "x_train": lists(rows[:n]),
        "y_train": labels[:n],
        "x_test": lists(rows[n:]),
        "y_test": labels[n:],
    }


@pytest.fixture(scope="module")
def small_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "imdb.npz"
    np.savez(path, **small_arrays())
    return path


@pytest.fixture
def named(small_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of IMDB's form in a file that RNNLAB_REVIEWS names."""
    path = tmp_path / "imdb.npz"
    shutil.copy(small_archive, path)
    (tmp_path / "imdb_word_index.json").write_text(json.dumps(WORDS))
    monkeypatch.setenv("RNNLAB_REVIEWS", str(path))
    return path


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNLAB_REVIEWS", "embedded")


@pytest.fixture
def imdb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNLAB_REVIEWS", str(REAL))


def as_keras_loads(path: Path, num_words: int, monkeypatch: pytest.MonkeyPatch) -> tuple:
    """What Keras makes of a local archive; only its download is replaced."""
    module = sys.modules[keras.datasets.imdb.load_data.__module__]
    monkeypatch.setattr(module, "get_file", lambda *_, **__: str(path))
    return keras.datasets.imdb.load_data(num_words=num_words)


def assert_same_parts(ours: tuple, theirs: tuple) -> None:
    for (X, y), (X_keras, y_keras) in zip(ours, theirs, strict=True):
        assert X.dtype == X_keras.dtype == object
        assert X.tolist() == X_keras.tolist()
        assert y.dtype == np.int64
        assert (y == y_keras).all()


def refusal(match: str) -> str:
    with pytest.raises(KitError, match=match) as refused:
        reviews.load_reviews()
    return str(refused.value)


@pytest.mark.parametrize("num_words", [9, 10_000])
def test_a_file_is_loaded_as_keras_loads_it(named: Path, num_words: int, monkeypatch) -> None:
    theirs = as_keras_loads(named, num_words, monkeypatch)
    assert_same_parts(reviews.load_reviews(num_words), theirs)


@pytest.mark.slow
@needs_imdb
def test_imdb_is_loaded_as_keras_loads_it(imdb, monkeypatch) -> None:
    ours = reviews.load_reviews(10_000, quiet=True)
    assert_same_parts(ours, as_keras_loads(REAL, 10_000, monkeypatch))


@needs_imdb
def test_imdb_has_its_known_statistics(imdb) -> None:
    (X, y), (X_test, y_test) = reviews.load_reviews(quiet=True)
    lengths = np.array([len(ids) for ids in X])
    assert (len(X), len(X_test)) == (25_000, 25_000)
    assert (lengths.min(), lengths.max()) == (11, 2_494)
    assert (round(lengths.mean(), 1), round(lengths.std(), 1)) == (238.7, 176.5)
    assert (lengths > 200).sum() == 10_677
    assert y.sum() == y_test.sum() == 12_500


@needs_imdb
def test_imdb_decodes_to_english(imdb) -> None:
    words = reviews.load_index_to_word()
    assert words[1] == "the"
    (X, _), _ = reviews.load_reviews(quiet=True)
    text = [words[i - 3] for i in X[0] if i > 3]
    assert {"the", "and", "of"} <= set(text)
    assert reviews.load_word_index()["movie"] == 17


def test_a_word_index_and_its_inverse_agree(named: Path) -> None:
    assert reviews.load_word_index() == WORDS
    assert reviews.load_index_to_word() == {1: "the", 2: "movie", 3: "great", 4: "bad"}


def test_the_embedded_corpus_is_used_when_asked_for(embedded, capfd) -> None:
    (X, _), (X_test, _) = reviews.load_reviews()
    assert (len(X), len(X_test)) == (corpus.TRAIN_SIZE, corpus.TEST_SIZE)
    assert X[0] == corpus.make_corpus(corpus.TRAIN_SIZE, seed=corpus.TRAIN_SEED)[0][0]
    assert reviews.dataset_name() == "embedded"
    assert set(reviews.load_word_index()) == set(corpus.word_index())
    assert capfd.readouterr() == (
        "Reviews: the embedded corpus, 8,000 for training and 4,000 for testing "
        "(RNNLAB_REVIEWS asks for it)\n",
        "",
    )


def test_each_load_prints_the_same_line(named: Path, capfd) -> None:
    reviews.load_reviews()
    first = capfd.readouterr()
    reviews.load_reviews()
    assert capfd.readouterr() == first
    assert first.out.count("\n") == 1
    assert first.out.startswith("Reviews: IMDB, 25,000 for training and 25,000 for testing")
    assert str(named.parent) not in first.out
    assert reviews.dataset_name() == "imdb"


def test_a_quiet_load_prints_nothing(embedded, capfd) -> None:
    reviews.load_reviews(quiet=True)
    assert capfd.readouterr() == ("", "")


def test_ids_from_num_words_on_are_unknown(embedded) -> None:
    (full, _), _ = reviews.load_reviews(10_000, quiet=True)
    (few, _), _ = reviews.load_reviews(50, quiet=True)
    assert max(i for ids in few for i in ids) == 49
    assert few[3] == [i if i < 50 else 2 for i in full[3]]


def test_what_a_student_changes_is_not_loaded_again(embedded) -> None:
    (X, y), _ = reviews.load_reviews(quiet=True)
    first, label = list(X[0]), int(y[0])
    X[0][:] = [0]
    y[0] = 5
    (again, y_again), _ = reviews.load_reviews(quiet=True)
    assert again[0] == first
    assert y_again[0] == label


def test_held_out_reviews_of_imdb_are_test_reviews_1000_to_2999(named: Path) -> None:
    _, (X_test, y_test) = reviews.load_reviews(quiet=True)
    X, y = reviews.held_out_reviews(10_000, 3)
    assert X.tolist() == X_test[1_000:3_000].tolist()
    assert (y == y_test[1_000:3_000]).all()


def test_held_out_reviews_of_the_corpus_are_in_neither_part(embedded) -> None:
    (train, _), (test, _) = reviews.load_reviews(quiet=True)
    seen = set(map(tuple, train)) | set(map(tuple, test))
    for seed in (1, 2, 77):
        X, y = reviews.held_out_reviews(10_000, seed)
        assert (len(X), y.sum()) == (2_000, 1_000)
        assert not seen & set(map(tuple, X))
        seen |= set(map(tuple, X))


def test_held_out_reviews_know_no_more_words_than_asked(embedded) -> None:
    X, _ = reviews.held_out_reviews(60, 4)
    assert max(i for ids in X for i in ids) == 59


@pytest.mark.parametrize("num_words", [4, 0, -3, 2.5, "10000", True, None, [10_000]])
def test_a_senseless_num_words_is_refused(embedded, num_words) -> None:
    for load in (reviews.load_reviews, lambda n: reviews.held_out_reviews(n, 1)):
        with pytest.raises(KitError, match=r"num_words is .*; use a whole number from 5"):
            load(num_words)


@pytest.mark.parametrize("seed", [-1, 1.5, None, "a"])
def test_a_senseless_seed_is_refused(embedded, seed) -> None:
    with pytest.raises(KitError, match="seed of held-out reviews"):
        reviews.held_out_reviews(10_000, seed)


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RNNLAB_REVIEWS", str(tmp_path / "absent.npz"))
    assert 'use "imdb" or "embedded"' in refusal("absent.npz, and there is no such file")


def test_a_folder_is_not_an_archive(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RNNLAB_REVIEWS", str(tmp_path))
    refusal("names the folder .*; name the imdb.npz in it")


def test_a_file_that_was_missing_is_found_once_it_is_there(named: Path) -> None:
    named.rename(named.with_name("later.npz"))
    refusal("no such file")
    named.with_name("later.npz").rename(named)
    assert len(reviews.load_reviews(quiet=True)[0][0]) == 25_000


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.9999])
def test_a_truncated_file_is_refused(named: Path, part: float) -> None:
    full = named.read_bytes()
    named.write_bytes(full[: int(len(full) * part)])
    assert "Copy imdb.npz again" in refusal("damaged, or another kind of file")


def test_a_file_with_one_wrong_byte_is_refused(named: Path) -> None:
    full = bytearray(named.read_bytes())
    full[len(full) // 3] ^= 1
    named.write_bytes(full)
    refusal("damaged")


def test_a_text_file_is_refused(named: Path) -> None:
    named.write_text("review,sentiment\ngood,1\n" * 50)
    refusal("another kind of file")


def test_an_archive_of_other_arrays_is_refused(named: Path) -> None:
    np.savez(named, a=np.arange(4))
    refusal("it has no array x_train")


@pytest.mark.parametrize(
    "change, found",
    [
        ({"x_train": lists([[1, 2], [3]])}, "shapes"),
        ({"x_test": np.zeros((25_000, 3), dtype=np.int64)}, "shapes"),
        ({"x_test": np.zeros(25_000, dtype=np.int64)}, "no lists of whole numbers"),
        ({"x_train": lists([[1.5]] * 25_000)}, "no lists of whole numbers"),
        ({"x_train": lists(["good"] * 25_000)}, "no lists of whole numbers"),
        ({"x_train": lists([[0]] * 25_000)}, "the rank 0"),
        ({"x_train": lists([[1 << 70]] * 25_000)}, "a rank beyond"),
        ({"y_train": np.full(25_000, 2)}, "labels are other than 0 and 1"),
        ({"y_test": np.full(25_000, 0.5)}, "labels are other than 0 and 1"),
    ],
)
def test_arrays_that_are_no_reviews_are_refused(named: Path, change: dict, found: str) -> None:
    np.savez(named, **small_arrays() | change)
    refusal(found)


class Trap:
    """An object whose unpickling makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("disguise", ["an element", "the whole array"])
def test_an_archive_that_wants_to_run_code_is_refused(named: Path, disguise: str) -> None:
    sprung = named.parent / "sprung"
    trap = lists([[1]] * 24_999 + [Trap(sprung)]) if disguise == "an element" else Trap(sprung)
    stream = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": (25_000,)}
    np.lib.format.write_array_header_1_0(stream, header)
    pickle.dump(trap, stream)
    arrays = small_arrays()
    np.savez(named, **{name: arrays[name] for name in ("y_train", "x_test", "y_test")})
    with zipfile.ZipFile(named, "a") as archive:
        archive.writestr("x_train.npy", stream.getvalue())
    assert "mkdir, which is refused" in refusal("x_train.npy holds")
    assert not sprung.exists()


def test_a_member_that_unpacks_to_gigabytes_is_refused(named: Path) -> None:
    with zipfile.ZipFile(named, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", bytes(reviews.MEMBER_BYTES + 1))
        for name in ("y_train", "x_test", "y_test"):
            archive.writestr(f"{name}.npy", b"")
    refusal("x_train.npy is larger than")


def test_a_missing_word_index_is_named(named: Path) -> None:
    named.with_name("imdb_word_index.json").unlink()
    with pytest.raises(KitError, match=r"no word index beside them; copy imdb_word_index.json"):
        reviews.load_word_index()


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"the": "1"}', "{}", "\xff"])
def test_a_word_index_of_another_form_is_refused(named: Path, text: str) -> None:
    named.with_name("imdb_word_index.json").write_text(text, encoding="latin-1")
    with pytest.raises(KitError, match=r"copy imdb_word_index.json again"):
        reviews.load_index_to_word()


def test_keras_copy_is_used_when_nothing_is_said(named: Path, tmp_path: Path, monkeypatch, capfd) -> None:
    datasets = tmp_path / "home" / "datasets"
    datasets.mkdir(parents=True)
    for name in ("imdb.npz", "imdb_word_index.json"):
        (tmp_path / name).rename(datasets / name)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RNNLAB_REVIEWS", "imdb")
    reviews._chosen_source.cache_clear()
    reviews.load_reviews()
    reviews._chosen_source.cache_clear()
    assert capfd.readouterr().out.endswith("25,000 for testing (Keras' copy)\n")


class DeafProxy:
    """A proxy that hangs up on every request and counts them: a machine without a network."""

    def __init__(self) -> None:
        self.calls = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._hang_up, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def _hang_up(self) -> None:
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            self.calls += 1
            caller.close()


@pytest.fixture
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeafProxy]:
    proxy = DeafProxy()
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, proxy.address)
    for name in ("no_proxy", "NO_PROXY", "RNNLAB_REVIEWS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    reviews._chosen_source.cache_clear()
    yield proxy
    reviews._chosen_source.cache_clear()
    proxy.listener.close()


def test_without_a_network_the_corpus_steps_in_and_says_so(no_network: DeafProxy, capfd) -> None:
    reviews.load_reviews()
    assert capfd.readouterr() == (
        "Reviews: the embedded corpus, 8,000 for training and 4,000 for testing "
        "(Keras has no copy of IMDB and could not download it)\n",
        "",
    )
    assert reviews.dataset_name() == "embedded"


def test_the_network_is_asked_once_in_a_process(no_network: DeafProxy) -> None:
    reviews.load_reviews(quiet=True)
    request = no_network.calls
    reviews.load_reviews(quiet=True)
    reviews.load_word_index()
    reviews.held_out_reviews(10_000, 1)
    assert no_network.calls == request > 0


def test_imdb_is_refused_where_it_cannot_be_had(no_network: DeafProxy, monkeypatch) -> None:
    monkeypatch.setenv("RNNLAB_REVIEWS", "imdb")
    assert 'set RNNLAB_REVIEWS to "embedded"' in refusal("the download failed")


def test_importing_and_loading_leaves_stderr_empty(no_network: DeafProxy) -> None:
    code = "from rnnlab import reviews; reviews.load_reviews()"
    environment = {**os.environ, "PYTHONPATH": str(LAB_FOLDER)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


def test_an_error_is_shown_as_short_lines_without_a_traceback() -> None:
    sentence = "what was found and what to do " * 8
    lines = KitError(sentence)._render_traceback_()
    assert " ".join(lines) == sentence.strip()
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize("value", [None, ..., {"a": 1, "b": ...}, [1, None], (3, [{"x": None}])])
def test_a_placeholder_anywhere_means_not_answered(value, capsys) -> None:
    assert unanswered("Q6", 4, value)
    assert capsys.readouterr().out == "Q6 is not answered yet\n"


@pytest.mark.parametrize("value", [0, False, "", [], {}, np.zeros(3), "None"])
def test_an_empty_answer_is_an_answer(value, capsys) -> None:
    assert not unanswered("Q2", value)
    assert capsys.readouterr().out == ""
