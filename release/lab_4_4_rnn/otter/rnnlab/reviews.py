"""Film reviews with their sentiments: IMDB where it can be had, else the embedded corpus.

Which of the two is decided once in a process, by the environment variable
RNNLAB_REVIEWS: the path of an imdb.npz (its word index beside it), "imdb", "embedded", or
unset for IMDB with the embedded corpus to fall back on.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import pickle
import socket
import threading
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import corpus
from .corpus import Ragged
from .errors import KitError
from .quiet import keras, silenced_stderr

SETTING = "RNNLAB_REVIEWS"
IMDB, EMBEDDED = "imdb", "embedded"
ARCHIVE, WORD_INDEX = "imdb.npz", "imdb_word_index.json"
REVIEWS_PER_PART = 25_000
SHUFFLE_SEED = 113
HELD_OUT = slice(1_000, 3_000)
HELD_OUT_SEEDS_FROM = 1_000_000
MEMBER_BYTES = 64 * 1024 * 1024
REACH_WAIT_S, READ_WAIT_S = 4, 20
FEWEST_WORDS = 5

Part = tuple[NDArray[np.object_], NDArray[np.int64]]
RankedPart = tuple[Ragged, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the reviews come from."""

    archive: Path | None
    """An imdb.npz; None stands for the embedded corpus."""

    why: str
    """As it is printed, e.g. "Keras' copy"."""

    @property
    def name(self) -> str:
        """What `dataset_name` says."""
        return EMBEDDED if self.archive is None else IMDB


def load_reviews(num_words: int = 10_000, *, quiet: bool = False) -> tuple[Part, Part]:
    """Load the reviews, and print which data set they are.

    The same arrays as `keras.datasets.imdb.load_data(num_words=num_words)`: ids 0 for
    padding, 1 for the start, 2 for an unknown word, rank + 3 for a word.

    Args:
        num_words: ids from this number on become 2.
        quiet: print nothing.

    Returns:
        (X_train, y_train), (X_test, y_test): lists of ids, and int64 labels, 1 for positive.

    Raises:
        KitError: RNNLAB_REVIEWS names something that cannot be read as IMDB.
    """
    limit = _checked_num_words(num_words)
    with contextlib.redirect_stdout(io.StringIO()) if quiet else contextlib.nullcontext():
        source = _source()
        parts = _ranked_parts(source)
        _announce(source, parts)
    (train, y_train), (test, y_test) = parts
    ids = corpus.id_lists
    return (ids(train, limit), y_train.copy()), (ids(test, limit), y_test.copy())


def load_word_index() -> dict[str, int]:
    """Load each word's rank, 1 for the most frequent; its id in a review is rank + 3."""
    return dict(_word_index(_source()))


def load_index_to_word() -> dict[int, str]:
    """Load the word of each rank from 1; the id in a review is rank + 3."""
    return {rank: word for word, rank in _word_index(_source()).items()}


def held_out_reviews(num_words: int, seed: int) -> Part:
    """Load 2,000 reviews that no cell of the notebook uses.

    Args:
        num_words: as for `load_reviews`.
        seed: which embedded reviews; IMDB has one set, the test reviews 1,000 to 2,999.
    """
    limit = _checked_num_words(num_words)
    if not corpus.is_whole(seed) or seed < 0:
        raise KitError(f"The seed of held-out reviews is {seed!r}; use a whole number from 0.")
    source = _source()
    if source.archive is None:
        count = HELD_OUT.stop - HELD_OUT.start
        ranks, labels = corpus.ranked_corpus(count, seed=HELD_OUT_SEEDS_FROM + seed)
        return corpus.id_lists(ranks, limit), labels
    test, labels = _ranked_parts(source)[1]
    rows = np.arange(HELD_OUT.start, HELD_OUT.stop)
    return corpus.id_lists(test.take(rows), limit), labels[rows]


def dataset_name() -> str:
    """Name the data set in use: "imdb" or "embedded"."""
    return _source().name


def _checked_num_words(num_words: Any) -> int:
    if not corpus.is_whole(num_words) or num_words < FEWEST_WORDS:
        raise KitError(
            f"num_words is {num_words!r}; use a whole number from {FEWEST_WORDS}, e.g. 10_000 "
            "(ids 0 to 3 stand for no word)."
        )
    return int(num_words)


def _announce(source: Source, parts: tuple[RankedPart, RankedPart]) -> None:
    (_, y_train), (_, y_test) = parts
    title = "IMDB" if source.name == IMDB else "the embedded corpus"
    print(f"Reviews: {title}, {len(y_train):,} for training and {len(y_test):,} for testing ({source.why})")


def _source() -> Source:
    return _chosen_source(os.environ.get(SETTING, ""))


@cache
def _chosen_source(setting: str) -> Source:
    if setting == EMBEDDED:
        return Source(None, f"{SETTING} asks for it")
    if setting not in ("", IMDB):
        return Source(_named_archive(setting), f"the file that {SETTING} names")
    if cached := _keras_copy():
        return Source(cached, "Keras' copy")
    if downloaded := _downloaded():
        return Source(downloaded, "downloaded by Keras")
    if setting == IMDB:
        raise KitError(
            f"{SETTING} asks for IMDB, but Keras has no copy of it and the download failed; connect "
            f'to the network, or set {SETTING} to "{EMBEDDED}" or to the path of an {ARCHIVE}.'
        )
    return Source(None, "Keras has no copy of IMDB and could not download it")


def _named_archive(setting: str) -> Path:
    path = Path(setting).expanduser()
    if path.is_dir():
        raise KitError(f"{SETTING} names the folder {setting}; name the {ARCHIVE} in it.")
    if not path.is_file():
        raise KitError(
            f"{SETTING} names {setting}, and there is no such file; correct the path, or use "
            f'"{IMDB}" or "{EMBEDDED}".'
        )
    return path


def _keras_copy() -> Path | None:
    """Find the files that Keras has downloaded before, if they are whole."""
    archive = _keras_home() / "datasets" / ARCHIVE
    try:
        _read_archive(archive)
        _read_word_index(archive.with_name(WORD_INDEX))
    except KitError:
        return None
    return archive


def _keras_home() -> Path:
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def _downloaded() -> Path | None:
    """Let Keras download both files and verify their checksums; it shows its progress."""
    if not (os.access(_keras_home(), os.W_OK) and _reachable(_keras_origin())):
        return None
    imdb = keras.datasets.imdb
    with silenced_stderr(), _read_timeout(READ_WAIT_S):
        try:
            imdb.get_word_index()
            imdb.load_data()
        except Exception:  # noqa: BLE001  Keras raises a bare Exception for a failed download
            return None
    return _keras_copy()


def _keras_origin() -> str:
    """Find the address of the word index among the constants of Keras' own function."""
    constants = keras.datasets.imdb.get_word_index.__code__.co_consts
    folders = [text for text in constants if isinstance(text, str) and text.startswith("https://")]
    return folders[0] + WORD_INDEX if folders else ""


def _reachable(url: str) -> bool:
    """Ask for an address, and wait a few seconds at most, name look-up included."""
    answers = []

    def ask() -> None:
        request = urllib.request.Request(url, method="HEAD")
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            urllib.request.build_opener().open(request, timeout=REACH_WAIT_S).close()
            answers.append(url)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(REACH_WAIT_S)
    return bool(answers)


@contextlib.contextmanager
def _read_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _ranked_parts(source: Source) -> tuple[RankedPart, RankedPart]:
    if source.archive is None:
        return (
            corpus.ranked_corpus(corpus.TRAIN_SIZE, seed=corpus.TRAIN_SEED),
            corpus.ranked_corpus(corpus.TEST_SIZE, seed=corpus.TEST_SEED),
        )
    return _read_archive(source.archive)


def _word_index(source: Source) -> dict[str, int]:
    if source.archive is None:
        return corpus.word_index()
    return _read_word_index(source.archive.with_name(WORD_INDEX))


@cache
def _read_archive(path: Path) -> tuple[RankedPart, RankedPart]:
    """Read word ranks and labels, in the order that Keras shuffles them into."""
    arrays = _arrays(path)
    random = np.random.RandomState(SHUFFLE_SEED)
    parts = []
    for name in ("train", "test"):
        ranks, labels = _part(path, arrays["x_" + name], arrays["y_" + name])
        order = np.arange(REVIEWS_PER_PART)
        random.shuffle(order)
        parts.append((ranks.take(order), labels[order]))
    return parts[0], parts[1]


def _part(path: Path, reviews: NDArray[Any], labels: NDArray[Any]) -> RankedPart:
    if reviews.shape != (REVIEWS_PER_PART,) or labels.shape != (REVIEWS_PER_PART,):
        raise _not_imdb(path, f"its arrays have the shapes {reviews.shape} and {labels.shape}")
    if set(map(type, reviews)) != {list} or set(map(type, chain.from_iterable(reviews))) != {int}:
        raise _not_imdb(path, "its reviews are no lists of whole numbers")
    if labels.dtype.kind not in "iu" or not set(np.unique(labels)) <= {0, 1}:
        raise _not_imdb(path, "its labels are other than 0 and 1")
    try:
        flat = np.fromiter(chain.from_iterable(reviews), dtype=np.int32)
    except OverflowError:
        raise _not_imdb(path, "a word has a rank beyond two thousand million") from None
    if flat.min() < 1:
        raise _not_imdb(path, f"a word has the rank {flat.min()}")
    sizes = np.array([len(review) for review in reviews])
    return Ragged(flat, np.concatenate(([0], np.cumsum(sizes)))), labels.astype(np.int64)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    wanted = ("x_train", "y_train", "x_test", "y_test")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {Path(name).stem: name for name in archive.namelist() if name.endswith(".npy")}
            if missing := [name for name in wanted if name not in members]:
                raise _not_imdb(path, f"it has no array {missing[0]}")
            return {name: _array(path, archive, members[name]) for name in wanted}
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _not_imdb(path, "it is damaged, or another kind of file") from error


def _array(path: Path, archive: zipfile.ZipFile, member: str) -> NDArray[Any]:
    if archive.getinfo(member).file_size > MEMBER_BYTES:
        raise _not_imdb(path, f"{member} is larger than {MEMBER_BYTES:,} bytes")
    stream = io.BytesIO(archive.read(member))
    try:
        return _numbers_or_lists(stream)
    except pickle.UnpicklingError as error:
        raise _not_imdb(path, f"{member} holds {error}") from error
    except (ValueError, TypeError, LookupError, AttributeError, ImportError, EOFError, MemoryError) as error:
        raise _not_imdb(path, f"{member} is damaged") from error


def _numbers_or_lists(stream: io.BytesIO) -> NDArray[Any]:
    """Read an .npy stream: numbers without pickle, lists of numbers with a restricted one."""
    form = np.lib.format
    version = form.read_magic(stream)
    header = form.read_array_header_1_0 if version == (1, 0) else form.read_array_header_2_0
    _, _, dtype = header(stream)
    if not dtype.hasobject:
        stream.seek(0)
        return form.read_array(stream, allow_pickle=False)
    return np.asarray(ListUnpickler(stream).load(), dtype=object)


class ListUnpickler(pickle.Unpickler):
    """Unpickles arrays of lists of numbers, and refuses every other class or function."""

    def find_class(self, module: str, name: str) -> Any:
        """Resolve the three names that an array needs."""
        allowed = {"ndarray": np.ndarray, "dtype": np.dtype, "_reconstruct": np.empty(0).__reduce__()[0]}
        if module.partition(".")[0] == "numpy" and name in allowed:
            return allowed[name]
        raise pickle.UnpicklingError(f"{module}.{name}, which is refused, not lists of numbers")


def _not_imdb(path: Path, found: str) -> KitError:
    return KitError(
        f"{path} is not an IMDB archive as Keras keeps it: {found}. "
        f'Copy {ARCHIVE} again, or set {SETTING} to "{IMDB}" or "{EMBEDDED}".'
    )


@cache
def _read_word_index(path: Path) -> dict[str, int]:
    try:
        index = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise KitError(f"The reviews have no word index beside them; copy {WORD_INDEX} to {path}.") from None
    except (OSError, ValueError) as error:
        raise KitError(f"{path} cannot be read as JSON; copy {WORD_INDEX} again.") from error
    if not isinstance(index, dict) or set(map(type, index.values())) != {int}:
        raise KitError(f"{path} does not give each word a whole number; copy {WORD_INDEX} again.")
    return index
