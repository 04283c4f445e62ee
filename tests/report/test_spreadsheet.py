"""What is written for a spreadsheet is no formula and comes back as it was."""

import csv
import io
import itertools
import re

import pytest

from autograder.report import roster

_ESCAPED = re.compile(r"(^|[;,|\t\r\n])([^\S\t\r\n]*)'('*[=+\-@＝＋－＠])")

ALPHABET = "=-'; \ta\n＝"


def unescape_formula(cell: str) -> str:
    """Return the text that was escaped; that there is only one means that nothing is lost."""
    return _ESCAPED.sub(r"\1\2\3", re.sub(r"^'('*[\t\r\n])", r"\1", cell))


def test_every_short_text_comes_back_and_begins_no_formula() -> None:
    for length in range(6):
        for chars in itertools.product(ALPHABET, repeat=length):
            text = "".join(chars)
            cell = roster.escape_formula(text)
            assert unescape_formula(cell) == text
            assert not re.search(r"(^|[;,|\t\r\n])[ ]*[=+\-@＝]", cell)
            assert not re.match(r"[\t\r\n]", cell)


@pytest.mark.parametrize("text", ["Ada Lovelace", "O'Neil, Ana-Maria", "'quoted'", "a@b.org", "x = 1", ""])
def test_a_harmless_text_is_left_as_it_is(text: str) -> None:
    assert roster.escape_formula(text) == text


def test_a_strict_reader_gets_every_cell_back() -> None:
    rows = [["a,b", 'say "hi"', "two\nlines", "cr\rlf\r\n", "李雷 ", "", "semi;colon"], ["1", *"234567"]]
    text = roster.dump_csv(rows).decode("utf-8")
    assert list(csv.reader(io.StringIO(text, newline=""), strict=True)) == rows
