"""Every text that a file holds: its own, and those packed, escaped or encoded inside it."""

import base64
import binascii
import bz2
import gzip
import html
import io
import json
import lzma
import re
import tarfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_DEEPEST = 8
_LARGEST_BYTES = 64 * 1024 * 1024
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{32,}={0,2}")
_STREAMS = ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ", lzma.decompress))
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")


@dataclass(frozen=True, slots=True)
class Layer:
    """One text and where it is."""

    place: str
    """A path, then ``!member`` of an archive, ``#cell`` of a notebook, ``.key`` of JSON."""

    text: str
    unreadable: str = ""
    """Why the bytes at this place could not be turned into text."""


def squeeze(text: str) -> str:
    """Return text without white space, escapes, groups of digits and kinds of quotes."""
    text = re.sub(r"\\+[nrt]", "", text)
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    text = re.sub(r"[\s\\\u2060\u200b\u00a0]", "", text)
    return re.sub(r"(?<=\d)_(?=\d)", "", text).replace('"', "'")


def layers(place: str, data: bytes, depth: int = 0) -> Iterator[Layer]:
    """Yield all texts of a file; its name is one of them."""
    if depth == 0:
        yield Layer(f"{place} (its name)", place)
    if depth > _DEEPEST:
        yield Layer(place, "", "archives inside archives without end")
        return
    packed = list(_unpacked(place, data))
    for inner_place, inner in packed:
        if inner is None:
            yield Layer(inner_place, "", "an archive that cannot be read")
        else:
            yield Layer(f"{inner_place} (its name)", inner_place)
            yield from layers(inner_place, inner, depth + 1)
    yield from _readable(place, data, depth, whole=not packed)


def _readable(place: str, data: bytes, depth: int, *, whole: bool) -> Iterator[Layer]:
    text = _decoded(data)
    if text is None:
        yield Layer(place, data.decode("latin-1"))
        if depth == 0 and whole and not data.startswith(_PICTURES):
            yield Layer(place, "", "bytes that are no text")
        return
    try:
        tree = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        tree = None
    if isinstance(tree, (_Pairs, list)):
        yield from _json(place, tree, depth)
    else:
        yield from _text(place, text, depth)


def _decoded(data: bytes) -> str | None:
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig"]
    if b"\x00" in data[:200]:
        encodings = ["utf-16", "utf-16-le", "utf-16-be"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.isascii() or encoding == "utf-8-sig" or text[:40].isprintable():
            return text
    return None


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with all its keys, also those that stand twice."""


def _json(place: str, tree: object, depth: int) -> Iterator[Layer]:
    if isinstance(tree, _Pairs):
        for key, value in tree:
            yield from _text(place, key, depth)
            yield from _json(f"{place}.{key}", value, depth)
    elif isinstance(tree, list) and tree and all(isinstance(item, str) for item in tree):
        yield from _text(place, "".join(tree), depth)
    elif isinstance(tree, list):
        for number, item in enumerate(tree):
            name = next((value for key, value in item if key == "id"), "") if isinstance(item, _Pairs) else ""
            inner = f"{place.removesuffix('.cells')}#{name}" if name else f"{place}[{number}]"
            yield from _json(inner, item, depth)
    elif tree is not None:
        yield from _text(place, str(tree), depth)


def _text(place: str, text: str, depth: int) -> Iterator[Layer]:
    yield Layer(place, text)
    for name, plain in (("HTML", html.unescape(text)), ("URL", urllib.parse.unquote(text))):
        if plain != text:
            yield Layer(f"{place} ({name})", plain)
    if depth >= _DEEPEST:
        return
    for data in _unencoded(text):
        yield from layers(f"{place} (base64)", data, depth + 1)
    if text.lstrip()[:1] in ("{", "[") and depth < _DEEPEST:
        try:
            tree = json.loads(text, object_pairs_hook=_Pairs)
        except (ValueError, RecursionError):
            return
        yield from _json(f"{place} (JSON)", tree, depth + 1)


def _unencoded(text: str) -> Iterator[bytes]:
    """Yield what base64 in a text stands for, if that is text or an archive.

    Other letters may stand directly before it, so all four places to begin are tried.
    """
    wrapped = re.sub(r"(?<=[A-Za-z0-9+/]{32})\s+", "", text)
    for match in _ENCODED.finditer(wrapped):
        for start in range(4):
            bare = match[0][start:].rstrip("=").replace("-", "+").replace("_", "/")
            try:
                data = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
            except binascii.Error:
                continue
            if _decoded(data) is not None or list(_unpacked("", data)):
                yield data


def _unpacked(place: str, data: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Yield the members of an archive; ``None`` for one that cannot be read."""
    for magic, opened in _STREAMS:
        if data.startswith(magic):
            yield f"{place}!", _within(opened, data)
            return
    if zipfile.is_zipfile(io.BytesIO(data)):
        yield from _zip(place, data)
    elif data[257:262] == b"ustar":
        yield from _tar(place, data)


def _within(opened: Any, data: bytes) -> bytes | None:
    try:
        plain: bytes = opened(data)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError):
        return None
    return plain if len(plain) <= _LARGEST_BYTES else None


def _zip(place: str, data: bytes) -> Iterator[tuple[str, bytes | None]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield f"{place}!(comment)", archive.comment
            for info in archive.infolist():
                small = info.file_size <= _LARGEST_BYTES and not info.flag_bits & 1
                yield f"{place}!{info.filename}", archive.read(info) if small else None
                yield f"{place}!{info.filename} (comment)", info.comment + info.extra
    except (zipfile.BadZipFile, NotImplementedError, OSError, zlib.error, EOFError):
        yield f"{place}!", None


def _tar(place: str, data: bytes) -> Iterator[tuple[str, bytes | None]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive.getmembers():
                stream = archive.extractfile(member) if member.isfile() else None
                small = member.size <= _LARGEST_BYTES
                yield f"{place}!{member.name}", stream.read() if stream and small else b""
    except (tarfile.TarError, OSError, EOFError):
        yield f"{place}!", None
