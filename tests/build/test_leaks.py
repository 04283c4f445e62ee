"""A planted secret stops the build wherever and however it is planted."""

import base64
import bz2
import functools
import gzip
import hashlib
import html
import io
import json
import lzma
import tarfile
import urllib.parse
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.build import leaks
from autograder.build.compile import build
from autograder.course import load_course
from autograder.errors import AuthorError
from autograder.files import dump_notebook, load_notebook
from tests.build.conftest import BuiltCourse, cell, edit_notebook

Files = dict[str, bytes]

SECRETS = {
    "a statement of a solution": "totals = np.cumsum(np.concatenate([[0.0], values]))",
    "the last statement of a solution": "return (totals[width:] - totals[:-width]) / width",
    "a short statement of a solution": "return deviation if deviation > 0 else 1.0",
    "a statement of a hidden check": "checks.close(checks.call(spread, alone), 1.0)",
    "a value of a hidden check": "the answer is 7331.25 here",
    "a statement of expected.py": 'return {"series": stored, "ramp": 20 - lab.width + 1}',
    "a line of a written answer": "Two neighbouring means share all values but one",
    "a line of an output": "the steps shrink to 0.333 of what they were",
}

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "spread out": lambda text: text.replace("(", "( ").replace(",", " ,").replace(" = ", "   =\t"),
    "with the other quotes": lambda text: text.replace('"', "'"),
    "escaped as JSON": lambda text: json.dumps(json.dumps(text + "\n")),
    "escaped as HTML": lambda text: html.escape(text).replace("=", "&#61;"),
    "escaped as a URL": urllib.parse.quote,
    "escaped as a URL in HTML": lambda text: html.escape(urllib.parse.quote(f"{text} & more")),
    "in base64": lambda text: base64.b64encode(f"x = 1\n{text}\n".encode()).decode(),
}


def in_notebook(change: Callable[[dict], None]) -> Callable[[Files, str], Files]:
    def plant(files: Files, secret: str) -> Files:
        notebook = load_notebook(files["otter/tiny.ipynb"])
        change_with = {"secret": secret, "notebook": notebook}
        change(change_with)
        return {**files, "otter/tiny.ipynb": dump_notebook(notebook)}

    return plant


def packed(secret: str | bytes, inner: str = "notes.txt") -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(inner, secret)
    return archive.getvalue()


def nested(secret: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("deeper.zip", packed(secret))
    return archive.getvalue()


def set_cell(name: str, key: str, value: Callable[[str], object]) -> Callable[[dict], None]:
    def change(given: dict) -> None:
        cells = given["notebook"]["cells"]
        found = next(cell for cell in cells if cell["id"] == name)
        found[key] = value(given["secret"])

    return change


def stream(text: str) -> list[dict]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def attached(text: str) -> dict:
    return {"notes.txt": {"text/plain": base64.b64encode(text.encode()).decode()}}


PLACES: dict[str, tuple[str, Callable[[Files, str], Files]]] = {
    "a code cell": (
        "otter/tiny.ipynb#series",
        in_notebook(set_cell("series", "source", lambda text: f"x = 1\n{text}")),
    ),
    "prose": (
        "otter/tiny.ipynb#end",
        in_notebook(set_cell("end", "source", lambda text: f"Look:\n\n    {text}\n")),
    ),
    "a comment": (
        "otter/tiny.ipynb#q1-answer",
        in_notebook(set_cell("q1-answer", "source", lambda text: f"def f():\n    # {text}\n    ...")),
    ),
    "metadata of a cell": (
        "otter/tiny.ipynb#end",
        in_notebook(set_cell("end", "metadata", lambda text: {"a": {"b": ["x", text]}})),
    ),
    "a tag": (
        "otter/tiny.ipynb#end",
        in_notebook(set_cell("end", "metadata", lambda text: {"tags": [text]})),
    ),
    "metadata of the notebook": (
        "otter/tiny.ipynb",
        in_notebook(lambda given: given["notebook"]["metadata"].update(hint=given["secret"])),
    ),
    "a key of the metadata": (
        "otter/tiny.ipynb",
        in_notebook(lambda given: given["notebook"]["metadata"].update({given["secret"]: 1})),
    ),
    "an output": ("otter/tiny.ipynb#series", in_notebook(set_cell("series", "outputs", stream))),
    "an output as a page": (
        "otter/tiny.ipynb#series",
        in_notebook(
            set_cell(
                "series",
                "outputs",
                lambda text: [{"output_type": "display_data", "data": {"text/html": [f"<b>{text}</b>"]}}],
            )
        ),
    ),
    "an attachment": ("otter/tiny.ipynb#end", in_notebook(set_cell("end", "attachments", attached))),
    "the kit": (
        "otter/tinykit/series.py",
        lambda files, text: {
            **files,
            "otter/tinykit/series.py": files["otter/tinykit/series.py"] + f"\n# {text}\n".encode(),
        },
    ),
    "a test file": ("otter/tests/q9.py", lambda files, text: {**files, "otter/tests/q9.py": text.encode()}),
    "requirements": (
        "nbgrader/requirements.txt",
        lambda files, text: {**files, "nbgrader/requirements.txt": f"numpy\n# {text}\n".encode()},
    ),
    "a page": ("nbgrader/notes.html", lambda files, text: {**files, "nbgrader/notes.html": text.encode()}),
    "an archive": (
        "nbgrader/data.zip!notes.txt",
        lambda files, text: {**files, "nbgrader/data.zip": packed(text)},
    ),
    "an archive in an archive": (
        "nbgrader/data.zip!deeper.zip!notes.txt",
        lambda files, text: {**files, "nbgrader/data.zip": nested(text)},
    ),
    "an archive behind a picture": (
        "nbgrader/a.png!notes.txt",
        lambda files, text: {**files, "nbgrader/a.png": b"\x89PNG\r\n" + packed(text)},
    ),
}


@functools.cache
def watch_of(tiny: BuiltCourse) -> leaks.LeakScanner:
    folder = tiny.root / "solutions" / "tiny"
    solution = load_notebook((folder / "tiny.ipynb").read_bytes())
    expected = (tiny.assignment.source / "expected.py").read_text()
    return leaks.leak_scanner(tiny.prepared.source, tiny.prepared.files, expected, solution)


def released(tiny: BuiltCourse) -> Files:
    return {
        path.relative_to(tiny.release).as_posix(): path.read_bytes()
        for path in tiny.release.rglob("*")
        if path.is_file()
    }


def found(tiny: BuiltCourse, files: Files) -> list[str]:
    return [str(problem) for problem in watch_of(tiny).scan(files, "release/tiny")]


def test_the_release_itself_holds_no_secret(tiny_course: BuiltCourse) -> None:
    assert found(tiny_course, released(tiny_course)) == []


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("place", PLACES)
def test_a_statement_is_found_in(place: str, spelling: str, tiny_course: BuiltCourse) -> None:
    name, plant = PLACES[place]
    secret = SPELLINGS[spelling](SECRETS["a statement of a solution"])
    problems = found(tiny_course, plant(released(tiny_course), secret))
    hits = [line for line in problems if line.startswith(f"release/tiny/{name}")]
    assert hits and "a statement of q1-answer:5" in hits[0], problems


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("place", ["prose", "metadata of a cell", "an archive in an archive", "a test file"])
def test_every_kind_of_secret_is_found(kind: str, place: str, tiny_course: BuiltCourse) -> None:
    secret = SECRETS[kind]
    if kind == "a line of an output":
        secret = output_line(tiny_course)
    assert found(tiny_course, PLACES[place][1](released(tiny_course), secret))


def output_line(tiny: BuiltCourse) -> str:
    solution = json.loads((tiny.root / "solutions" / "tiny" / "tiny.ipynb").read_text())
    lines = [
        "".join(output["text"])
        for cell in solution["cells"]
        for output in cell.get("outputs", ())
        if cell["id"] == "smoothing"
    ]
    return lines[0].splitlines()[1]


def test_code_that_is_written_anew_with_the_same_meaning_is_found(tiny_course: BuiltCourse) -> None:
    files = released(tiny_course)
    files["otter/tinykit/series.py"] += (
        b"\n\ndef f():\n    return ((totals[width:]) - (totals[:-(width)])) / (width)\n"
    )
    assert any("otter/tinykit/series.py" in line for line in found(tiny_course, files))


def test_an_indented_statement_with_the_same_meaning_is_found(tiny_course: BuiltCourse) -> None:
    text = "    return ((totals[width:]) - (totals[:-(width)])) / (width)\n"
    assert found(tiny_course, PLACES["a tag"][1](released(tiny_course), text))


@pytest.mark.slow
def test_the_build_itself_stops_and_names_every_place(tiny_course_copy: Path) -> None:
    """Secrets get into a release through what it is made from: prose, prompts, kit."""
    statement, words = SECRETS["a statement of a solution"], SECRETS["a line of a written answer"]
    edit_notebook(tiny_course_copy, lambda raw: cell(raw, "end").update(source=f"Done.\n\n    {statement}"))
    edit_notebook(tiny_course_copy, lambda raw: cell(raw, "q3").update(source=f"Why? Hint: {words}."))
    kit = tiny_course_copy / "source" / "tiny" / "tinykit" / "series.py"
    kit.write_text(kit.read_text() + "\n# the hidden check uses 7331.25\n")
    before = released_bytes(tiny_course_copy)
    course = load_course(tiny_course_copy)
    with pytest.raises(AuthorError) as raised:
        build(course, course.assignment("tiny"))
    for flavor in ("otter", "nbgrader"):
        place = f"release/tiny/{flavor}"
        assert f"{place}/tiny.ipynb#end.source: found a statement of q1-answer:5" in str(raised.value)
        assert f"{place}/tiny.ipynb#q3.source: found words of q3-answer" in str(raised.value)
        assert f"{place}/tinykit/series.py: found a value of q2-hidden-equal:7" in str(raised.value)
    assert released_bytes(tiny_course_copy) == before


def released_bytes(root: Path) -> Files:
    return {path.as_posix(): path.read_bytes() for path in (root / "release").rglob("*") if path.is_file()}


def test_an_honest_kit_that_uses_the_same_functions_is_not_accused(tiny_course: BuiltCourse) -> None:
    files = released(tiny_course)
    files["otter/tinykit/series.py"] += (
        b"\n\ndef running_total(values):\n"
        b"    totals = np.cumsum(values)\n"
        b"    kept = np.concatenate([[0.0], totals])\n"
        b"    return kept[1:] - np.mean(values)\n"
        b"\n\ndef spread_of(values):\n    return np.std(values)\n"
    )
    assert found(tiny_course, files) == []


def test_quotes_of_either_kind_make_no_difference(tiny_course: BuiltCourse) -> None:
    mixed = "return {'series': stored, \"ramp\": 20 - lab.width + 1}"
    assert found(tiny_course, PLACES["prose"][1](released(tiny_course), mixed))


def test_a_secret_in_a_file_name_is_found(tiny_course: BuiltCourse) -> None:
    files = {**released(tiny_course), "otter/centered = values - np.mean(values).txt": b""}
    assert any("its name" in line for line in found(tiny_course, files))


def test_an_archive_that_cannot_be_opened_is_not_let_through(tiny_course: BuiltCourse) -> None:
    broken = bytearray(packed("x" * 5_000))
    broken[40:60] = bytes(20)
    assert found(tiny_course, {**released(tiny_course), "otter/data.zip": bytes(broken)})


def tar(data: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as target:
        entry = tarfile.TarInfo("notes.txt")
        entry.size = len(data)
        target.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


OPAQUE: dict[str, Callable[[str], bytes]] = {
    "numbers": lambda text: b"\x93NUMPY\xff\xfe\x00\x01" * 9 + bytes(600) + text.encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "bzip2": lambda text: bz2.compress(text.encode()),
    "xz": lambda text: lzma.compress(text.encode()),
    "tar": lambda text: tar(text.encode()),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "a damaged zip file": lambda text: packed(text)[:-9],
}
HOLDERS: dict[str, Callable[[Files, bytes], Files]] = {
    "a file": lambda files, data: {**files, "otter/data.txt": data},
    "a zip file": lambda files, data: {**files, "otter/data.zip": packed(data)},
    "a zip file in a zip file": lambda files, data: {**files, "otter/data.zip": packed(packed(data))},
    "base64 in a zip file": lambda files, data: {**files, "otter/data.zip": packed(base64.b64encode(data))},
    "base64 in the metadata of a notebook": lambda files, data: PLACES["metadata of a cell"][1](
        files, base64.b64encode(data).decode()
    ),
    "base64 for URLs in a notebook": lambda files, data: PLACES["prose"][1](
        files, base64.urlsafe_b64encode(data).decode()
    ),
    "base64 in base64": lambda files, data: PLACES["an attachment"][1](
        files, base64.b64encode(data).decode()
    ),
    "base64 in lines": lambda files, data: PLACES["a comment"][1](files, base64.encodebytes(data).decode()),
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("kind", OPAQUE)
def test_bytes_that_are_no_text_are_not_let_through(kind: str, holder: str, tiny_course: BuiltCourse) -> None:
    data = OPAQUE[kind](SECRETS["a statement of a solution"])
    problems = found(tiny_course, HOLDERS[holder](released(tiny_course), data))
    assert any("bytes that are not UTF-8 text" in line for line in problems), problems


def test_a_zip_file_in_base64_for_urls_is_searched(tiny_course: BuiltCourse) -> None:
    noise = "".join(hashlib.sha512(bytes([number])).hexdigest() for number in range(9))
    data = base64.urlsafe_b64encode(packed(f"{noise}\n{SECRETS['a statement of a solution']}")).decode()
    assert {"-", "_"} <= set(data)
    problems = found(tiny_course, PLACES["a tag"][1](released(tiny_course), data))
    assert any("a statement of q1-answer:5" in line for line in problems), problems


@pytest.mark.parametrize("place", ["a tag", "metadata of a cell"])
def test_a_statement_that_json_in_json_splits_is_found(place: str, tiny_course: BuiltCourse) -> None:
    secret = SECRETS["a statement of a solution"]
    inner = json.dumps({"source": [secret[:20], secret[20:]]})
    for text in (inner, json.dumps(inner)):
        problems = found(tiny_course, PLACES[place][1](released(tiny_course), text))
        assert any("(JSON)" in line and "a statement of q1-answer:5" in line for line in problems), problems


def test_both_values_of_a_json_key_that_stands_twice_are_searched(tiny_course: BuiltCourse) -> None:
    secret = SECRETS["a statement of a solution"]
    data = f'{{"hint": "{secret}", "hint": "none"}}'.encode()
    problems = found(tiny_course, {**released(tiny_course), "otter/hints.json": data})
    assert any("hints.json.hint: found a statement of q1-answer:5" in line for line in problems), problems


def test_what_is_encoded_more_often_than_is_searched_is_not_let_through(tiny_course: BuiltCourse) -> None:
    text = SECRETS["a statement of a solution"]
    for _ in range(9):
        text = base64.b64encode(text.encode()).decode()
    problems = found(tiny_course, PLACES["prose"][1](released(tiny_course), text))
    assert any("packed or encoded too many times" in line for line in problems), problems


def test_each_answer_has_something_to_watch_or_the_build_stops(
    tiny_course: BuiltCourse, tmp_path: Path
) -> None:
    answer = next(tiny_course.prepared.source.answers())
    files = {**tiny_course.prepared.files, "tinykit/solution.py": answer.solution().encode()}
    watch = leaks.leak_scanner(tiny_course.prepared.source, files, "", None)
    (only,) = watch.problems
    assert "line 1, id q1-answer: found an answer whose statements" in str(only)


def test_the_solution_that_staff_publish_holds_no_hidden_check(tiny_course: BuiltCourse) -> None:
    text = (tiny_course.root / "solutions" / "tiny" / "tiny.ipynb").read_text()
    assert "7331.25" not in text and "hidden" not in text
    assert "np.cumsum" in text and "passed: There is one mean" in text


def test_the_build_says_how_much_it_watched(tiny_course: BuiltCourse) -> None:
    scanner = tiny_course.report.scanner
    assert len(scanner.secrets) == len(watch_of(tiny_course).secrets) > 25
    manifest = json.loads((tiny_course.release / "MANIFEST.json").read_text())
    assert (manifest["watched"], manifest["public"]) == (len(scanner.secrets), scanner.public_count)


def test_a_number_of_few_digits_is_no_secret_however_binary_it_is() -> None:
    assert not leaks.is_distinctive(0.69)
    assert not leaks.is_distinctive(0.7)
    assert leaks.is_distinctive(0.6931)
