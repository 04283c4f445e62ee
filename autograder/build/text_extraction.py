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

_MAX_DEPTH = 8
_MAX_BYTES = 64 * 1024 * 1024
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{32,}={0,2}")
_DECOMPRESSORS = ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ", lzma.decompress))
_IMAGE_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")


@dataclass(frozen=True, slots=True)
class TextFragment:
    """One text and where it is."""

    location: str
    """A path, then ``!member`` of an archive, ``#cell`` of a notebook, ``.key`` of JSON."""

    text: str
    unreadable_reason: str = ""
    """Why the bytes at this place could not be turned into text."""


def normalize(text: str) -> str:
    """Return text without white space, escapes, groups of digits and kinds of quotes."""
    text = re.sub(r"\\+[nrt]", "", text)
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    text = re.sub(r"[\s\\\u2060\u200b\u00a0]", "", text)
    return re.sub(r"(?<=\d)_(?=\d)", "", text).replace('"', "'")


def texts(location: str, data: bytes, depth: int = 0) -> Iterator[TextFragment]:
    """Yield all texts of a file; its name is one of them."""
    if depth == 0:
        yield TextFragment(f"{location} (its name)", location)
    if depth > _MAX_DEPTH:
        yield TextFragment(location, "", "archives inside archives without end")
        return
    packed = list(_archive_members(location, data))
    for inner_place, inner in packed:
        if inner is None:
            yield TextFragment(inner_place, "", "an archive that cannot be read")
        else:
            yield TextFragment(f"{inner_place} (its name)", inner_place)
            yield from texts(inner_place, inner, depth + 1)
    yield from _content_texts(location, data, depth, is_plain_file=not packed)


def _content_texts(location: str, data: bytes, depth: int, *, is_plain_file: bool) -> Iterator[TextFragment]:
    text = _decode(data)
    if text is None:
        yield TextFragment(location, data.decode("latin-1"))
        if depth == 0 and is_plain_file and not data.startswith(_IMAGE_SIGNATURES):
            yield TextFragment(location, "", "bytes that are no text")
        return
    try:
        tree = json.loads(text, object_pairs_hook=_JsonObject)
    except (ValueError, RecursionError):
        tree = None
    if isinstance(tree, (_JsonObject, list)):
        yield from _json_texts(location, tree, depth)
    else:
        yield from _string_texts(location, text, depth)


def _decode(data: bytes) -> str | None:
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


class _JsonObject(list[tuple[str, Any]]):
    """A JSON object with all its keys, also those that stand twice."""


def _json_texts(location: str, tree: object, depth: int) -> Iterator[TextFragment]:
    if isinstance(tree, _JsonObject):
        for key, value in tree:
            yield from _string_texts(location, key, depth)
            yield from _json_texts(f"{location}.{key}", value, depth)
    elif isinstance(tree, list) and tree and all(isinstance(item, str) for item in tree):
        yield from _string_texts(location, "".join(tree), depth)
    elif isinstance(tree, list):
        for number, item in enumerate(tree):
            name = (
                next((value for key, value in item if key == "id"), "")
                if isinstance(item, _JsonObject)
                else ""
            )
            inner = f"{location.removesuffix('.cells')}#{name}" if name else f"{location}[{number}]"
            yield from _json_texts(inner, item, depth)
    elif tree is not None:
        yield from _string_texts(location, str(tree), depth)


def _string_texts(location: str, text: str, depth: int) -> Iterator[TextFragment]:
    yield TextFragment(location, text)
    for name, plain in (("HTML", html.unescape(text)), ("URL", urllib.parse.unquote(text))):
        if plain != text:
            yield TextFragment(f"{location} ({name})", plain)
    if depth >= _MAX_DEPTH:
        return
    for data in _base64_payloads(text):
        yield from texts(f"{location} (base64)", data, depth + 1)
    if text.lstrip()[:1] in ("{", "[") and depth < _MAX_DEPTH:
        try:
            tree = json.loads(text, object_pairs_hook=_JsonObject)
        except (ValueError, RecursionError):
            return
        yield from _json_texts(f"{location} (JSON)", tree, depth + 1)


def _base64_payloads(text: str) -> Iterator[bytes]:
    """Yield what base64 in a text stands for, if that is text or an archive.

    Other letters may stand directly before it, so all four places to begin are tried.
    """
    wrapped = re.sub(r"(?<=[A-Za-z0-9+/]{32})\s+", "", text)
    for match in _BASE64.finditer(wrapped):
        for start in range(4):
            bare = match[0][start:].rstrip("=").replace("-", "+").replace("_", "/")
            try:
                data = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
            except binascii.Error:
                continue
            if _decode(data) is not None or list(_archive_members("", data)):
                yield data


def _archive_members(location: str, data: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Yield the members of an archive; ``None`` for one that cannot be read."""
    for magic, opened in _DECOMPRESSORS:
        if data.startswith(magic):
            yield f"{location}!", _decompress(opened, data)
            return
    if zipfile.is_zipfile(io.BytesIO(data)):
        yield from _zip_members(location, data)
    elif data[257:262] == b"ustar":
        yield from _tar_members(location, data)


def _decompress(decompressor: Any, data: bytes) -> bytes | None:
    try:
        plain: bytes = decompressor(data)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError):
        return None
    return plain if len(plain) <= _MAX_BYTES else None


def _zip_members(location: str, data: bytes) -> Iterator[tuple[str, bytes | None]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield f"{location}!(comment)", archive.comment
            for info in archive.infolist():
                small = info.file_size <= _MAX_BYTES and not info.flag_bits & 1
                yield f"{location}!{info.filename}", archive.read(info) if small else None
                yield f"{location}!{info.filename} (comment)", info.comment + info.extra
    except (zipfile.BadZipFile, NotImplementedError, OSError, zlib.error, EOFError):
        yield f"{location}!", None


def _tar_members(location: str, data: bytes) -> Iterator[tuple[str, bytes | None]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive.getmembers():
                stream = archive.extractfile(member) if member.isfile() else None
                small = member.size <= _MAX_BYTES
                yield f"{location}!{member.name}", stream.read() if stream and small else b""
    except (tarfile.TarError, OSError, EOFError):
        yield f"{location}!", None
