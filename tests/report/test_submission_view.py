"""What a student's page shows of the notebook: only what the file holds, small, and nothing that runs."""

import base64
import json
import re
import struct
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.build import leaks
from autograder.build.compile import prepare
from autograder.report import pages, submission_view
from autograder.report.submission_view import view_submission
from autograder.submission.read import MAX_OUTPUT_CHARS, MAX_OUTPUT_LINES, MAX_OUTPUTS, read
from autograder.text import multi_line
from tests.support import sample_class
from tests.support.sample_class import (
    ASSIGNMENT,
    BIDI,
    JPEG,
    SCRIPT,
    error,
    execute_result,
    notebook,
    picture,
    png,
    png_chunk,
    stream,
)


def shown(*stored: sample_class.Output) -> submission_view.StoredOutputs:
    """Return what is shown of outputs of the last answer cell; the notebook's own stand below them."""
    data = notebook(outputs={"q7": stored})
    return view_submission(data, sample_class.source(), ASSIGNMENT).stored_outputs["q7"]


def figure_count(stored: submission_view.StoredOutputs) -> int:
    return sum(isinstance(part, submission_view.Figure) for part in stored.parts)


def page(data: bytes) -> str:
    actual = view_submission(data, sample_class.source(), ASSIGNMENT)
    student = sample_class.result("ana", sample_class.all_passed)
    return pages.feedback(student, title="Lab", stored_outputs=actual.stored_outputs).decode()


def test_outputs_stand_at_the_question_above_them_and_those_of_checks_nowhere() -> None:
    raw = json.loads(notebook(outputs={"q4": [stream("mine")]}))
    place = next(n for n, cell in enumerate(raw["cells"]) if cell["id"] == "q5-layers")
    raw["cells"][place]["outputs"] = [stream("100 points for me")]
    own_part = {
        "cell_type": "code",
        "id": "own",
        "metadata": {},
        "source": "1",
        "outputs": [stream("my own")],
    }
    raw["cells"].insert(place, own_part)
    actual = view_submission(json.dumps(raw).encode(), sample_class.source(), ASSIGNMENT).stored_outputs
    assert actual["q4"].parts[0].text == "mine"  # type: ignore[union-attr]
    assert "my own" in [
        part.text for part in actual["q5"].parts if not isinstance(part, submission_view.Figure)
    ]
    assert "for me" not in str(actual)
    assert [figure_count(actual[name]) for name in ("q1", "q2", "q5", "q8", "q10")] == [1, 1, 3, 3, 1]


def test_answers_are_read_by_question() -> None:
    actual = view_submission(
        notebook({"q7": "def rnn_params(kind):\n    return 7\n"}), sample_class.source(), ASSIGNMENT
    )
    assert "return 7" in actual.answers["q7"]
    assert "tanh" in actual.answers["q4"]


@pytest.mark.parametrize("data", [None, b"", b"{", b"%PDF-1.7", b'{"cells": []}', b"print(1)", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_shows_nothing(data: bytes | None) -> None:
    assert view_submission(data, sample_class.source(), ASSIGNMENT).stored_outputs == {}


def test_html_svg_and_scripts_are_never_shown() -> None:
    html = execute_result(
        text_html=SCRIPT, image_svgxml="<svg/>", application_javascript="alert(1)", text_plain="plain"
    )
    assert [part.text for part in shown(html).parts] == ["plain"]  # type: ignore[union-attr]


def admitted(data: bytes) -> submission_view.Figure | None:
    return submission_view.ImageBudget().admit(data)


def png_that_declares(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png()[:8] + png_chunk(b"IHDR", header) + png()[33:]


def jpeg_that_declares(width: int, height: int) -> bytes:
    return JPEG.replace(struct.pack(">HH", 16, 8), struct.pack(">HH", height, width))


JPEG_FRAME = JPEG[JPEG.index(b"\xff\xc0") :][: 2 + 11]
"""A header of a frame of one component: marker, and 11 bytes (ITU-T T.81, B.2.2)."""

LARGE_JPEG_FRAME = JPEG_FRAME.replace(struct.pack(">HH", 16, 8), struct.pack(">HH", 60_000, 60_000))


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a picture with further chunks after its header."""
    return png()[:33] + b"".join(png_chunk(kind, body) for kind, body in chunks) + png()[33:]


def jpeg_with(marker: int, body: bytes) -> bytes:
    return JPEG[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + JPEG[2:]


def test_a_picture_is_embedded_byte_for_byte_with_the_size_that_it_declares() -> None:
    for data, media_type, size in ((png(60, 40), "image/png", (60, 40)), (JPEG, "image/jpeg", (8, 16))):
        figure = admitted(data)
        assert figure and figure.data == data
        assert (figure.media_type, (figure.width, figure.height)) == (media_type, size)
    html = page(notebook(outputs={"q7": [picture(png()), picture(JPEG, "jpeg")]}))
    for media_type, data in (("png", png()), ("jpeg", JPEG)):
        assert f'src="data:image/{media_type};base64,{base64.b64encode(data).decode()}"' in html


METADATA = b"Author\0Ana, 52.52 N 13.40 E " + SCRIPT.encode()


@pytest.mark.parametrize("kind", [b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME", b"iCCP", b"acTL", b"xxXx"])
def test_metadata_and_what_follows_the_end_of_a_png_file_are_left_out(kind: bytes) -> None:
    figure = admitted(png_with((kind, METADATA)) + METADATA)
    assert figure and figure.data == png()


def test_chunks_that_change_how_a_png_file_looks_are_kept() -> None:
    kept = [(b"gAMA", bytes(4)), (b"sRGB", b"\1"), (b"pHYs", bytes(9)), (b"tRNS", bytes(6))]
    figure = admitted(png_with(*kept, (b"tEXt", METADATA)))
    assert figure and figure.data == png_with(*kept)


@pytest.mark.parametrize("marker", [0xFE, 0xE1, 0xE2, 0xED])
def test_metadata_of_a_jpeg_file_is_left_out(marker: int) -> None:
    figure = admitted(jpeg_with(marker, METADATA))
    assert figure and figure.data == JPEG
    kept = admitted(jpeg_with(0xEE, b"Adobe"))
    assert kept and kept.data == jpeg_with(0xEE, b"Adobe")


def test_what_a_picture_carries_stays_inside_its_address() -> None:
    carrying = jpeg_with(0xFE, METADATA) + METADATA
    html = page(notebook(outputs={"q7": [picture(carrying, "jpeg")]}))
    assert base64.b64encode(JPEG + METADATA).decode() in html
    assert "<script" not in html and "onerror" not in html


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"RIFF0000WEBPVP8 ",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        SCRIPT.encode(),
        png()[:20],
        png()[:60],
        png()[:-1],
        png()[:-12],
        png()[:40] + b"x" + png()[41:],
        png_with((b"tEXt", b"a")).replace(b"tEXta", b"tEXtb"),
        png_with(*[(b"tEXt", b"")] * 1_000),
        png_with((b"tEXt", b"")).replace(bytes(4) + b"tEXt", b"\xff" * 4 + b"tEXt"),
        b"\x89PNG\r\n\x1a\n" + bytes(99),
        b"\xff\xd8\xff",
        JPEG[:24],
        b"\xff\xd8\xff\xe0" + bytes(10**6),
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 10**5 + JPEG[2:],
        png_with((b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))),
        JPEG.replace(JPEG_FRAME, JPEG_FRAME + LARGE_JPEG_FRAME),
        JPEG[:-2] + LARGE_JPEG_FRAME + JPEG[-2:],
    ],
)
def test_what_is_not_a_picture_is_left_out_and_said(data: bytes) -> None:
    assert admitted(data) is None
    assert figure_count(shown(picture(data))) == 0
    if data:
        assert "Not shown here: 1 figure (too large" in page(notebook(outputs={"q7": [picture(data)]}))


@pytest.mark.parametrize(
    ("width", "height", "fits"),
    [(4_000, 4_000, True), (4_000, 4_001, False), (60_000, 60_000, False), (0, 40, False)],
)
def test_a_picture_that_grows_when_opened_is_not_embedded(width: int, height: int, fits: bool) -> None:
    assert (admitted(png_that_declares(width, height)) is not None) is fits
    assert (admitted(jpeg_that_declares(width, height)) is not None) is fits


def test_a_page_stays_below_a_megabyte_whatever_a_notebook_holds() -> None:
    many = {f"q{n}": [picture(png(380, 300, noise=n + 1)), stream("x" * 10**5)] * 4 for n in range(1, 11)}
    html = page(notebook(outputs=many))
    assert 200_000 < len(html) < 1_000_000
    assert "figures (too large for this page" in html
    solution = page(notebook())
    assert "Not shown here" not in solution
    assert len(solution) < min(700_000, len(notebook()))


def test_few_pictures_are_embedded_at_all() -> None:
    actual = view_submission(
        notebook(outputs={f"q{n}": [picture(png())] * 20 for n in range(1, 11)}),
        sample_class.source(),
        ASSIGNMENT,
    ).stored_outputs
    assert sum(figure_count(value) for value in actual.values()) == submission_view.MAX_IMAGES
    assert actual["q9"].omitted_figures == 20


def test_texts_and_counts_are_cut() -> None:
    actual = shown(*[stream("line\n" * 10**4)] * 100)
    assert len(actual.parts) <= submission_view.MAX_TEXTS
    data = notebook(outputs={"q7": [stream("a\n" * 10**4), stream("b" * 10**5)] * 50})
    stored = [cell.outputs for cell in read(data, with_outputs=True).cells]
    longest = max(len(output.text) for outputs in stored for output in outputs)
    assert longest <= MAX_OUTPUT_CHARS
    assert max(map(len, stored)) <= MAX_OUTPUTS
    assert any(output.text.count("\n") == MAX_OUTPUT_LINES for outputs in stored for output in outputs)


def test_an_output_that_is_of_another_shape_than_it_must_be_is_left_out() -> None:
    odd = [7, None, [], {}, {"output_type": "stream", "text": 7}, {"output_type": "display_data", "data": []}]
    odd += [{"output_type": ["error"]}, {"output_type": "display_data", "data": {"image/png": ["AA", 7]}}]
    assert shown(*odd).parts == ()  # type: ignore[arg-type]


def test_an_error_is_its_last_line() -> None:
    assert [part.text for part in shown(error("NameError", "name 'x'")).parts] == ["NameError: name 'x'"]  # type: ignore[union-attr]


def test_terminal_codes_and_bidi_marks_are_taken_out_and_lines_stay() -> None:
    assert multi_line("\x1b[31mred\x1b[0m\n\tb\x07", 99, 9) == "red\n    b"
    assert multi_line("1/3\r2/3\r3/3\r\ndone", 99, 9) == "3/3\ndone"
    assert multi_line("\x1b]8;;http://x\x07link\x1b]8;;\x07", 99, 9) == "link"
    assert multi_line("a\nb\nc", 99, 2) == "a\nb\n… 1 more lines"
    assert multi_line("abcdef", 4, 9) == "abc…"
    assert multi_line(7, 4, 9) == ""
    assert all(char.isprintable() for char in multi_line(BIDI, 999, 9).replace("\n", ""))


class Elements(HTMLParser):
    """Names of elements and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, ""), *((tag, name) for name, _ in attrs)}


def test_no_element_and_no_attribute_comes_from_an_output(tmp_path: Path) -> None:
    harmless = Elements(page(notebook())).found
    attack = {question.name: sample_class.hostile_outputs() for question in sample_class.source().questions}
    html = page(notebook(outputs=attack))
    assert Elements(html).found - harmless <= {("pre", "class")}
    assert "&lt;script&gt;" in html
    run = sample_class.small_class(tmp_path)
    pages.write_reports(run, sample_class.source())
    for place in tmp_path.rglob("*.html"):
        tags = {tag for tag, _ in Elements(place.read_text(encoding="utf-8")).found}
        assert not tags & {"iframe", "object", "embed", "form", "link", "base"}
        assert not {name for _, name in Elements(place.read_text()).found if name.startswith("on")}
        assert not re.search("[\x00-\x08\x1b\u202a-\u202e\u2066-\u2069]", place.read_text())


def test_a_page_holds_outputs_of_the_file_and_of_nothing_else(tmp_path: Path) -> None:
    run = sample_class.small_class(tmp_path)
    result = next(item for item in run.results if item.student == "right")
    pages.write_student(run, result, sample_class.source())
    html = (tmp_path / "right" / pages.FEEDBACK).read_text(encoding="utf-8")
    submitted = read(notebook(), with_outputs=True)
    held = [output.text for cell in submitted.cells for output in cell.outputs]
    messages = [unescape(text) for text in re.findall(r"<pre[^>]*>(.*?)</pre>", html, re.DOTALL)]
    assert len(messages) > 10
    assert set(messages) <= set(held)
    (tmp_path / "right" / "submission.ipynb").write_bytes(notebook({"q1": "other = 1"}))
    pages.write_student(run, result, sample_class.source())
    assert "<pre" not in (tmp_path / "right" / pages.FEEDBACK).read_text(encoding="utf-8")


def test_a_page_with_outputs_holds_no_value_that_only_a_hidden_check_knows(tmp_path: Path) -> None:
    prepared = prepare(ASSIGNMENT)
    expected = (ASSIGNMENT.source / "expected.py").read_text(encoding="utf-8")
    watch = leaks.leak_scanner(prepared.source, prepared.files, expected, None)
    written = notebook(outputs={"q7": [stream("found 8,809 and seed 550,127")]})
    clean, messages = ({pages.FEEDBACK: page(data).encode()} for data in (notebook(), written))
    assert watch.scan(clean, "page") == []
    assert watch.scan(messages, "page") != []
