"""Frames of pandas between two processes: what arrives looks the same, and nothing is believed."""

import datetime
import reprlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder.checks.table_view import MAX_COLUMNS, is_same
from autograder.engine import table_values
from autograder.engine.table_values import Table, pack, unpack
from autograder.engine.values import from_wire, to_wire
from autograder.engine.wire import MAX_TEXT_CHARS, WireError, decode, encode
from tests.support import tables
from tests.support.tables import NOON, SALES

READABLE = tables.readable()


def crossed(value: Any) -> Any:
    message = encode({"value": to_wire(value, lambda model: ("model", model))})
    return from_wire(decode(message)["value"], lambda description: description)


@pytest.mark.parametrize("name", READABLE)
def test_a_table_arrives_as_it_looks(name: str) -> None:
    table = READABLE[name]
    arrived = crossed(table)
    assert is_same(arrived, table)
    # It can cross again, and looks the same: an answer that changes nothing changes nothing on the way.
    assert encode({"value": arrived}) == encode({"value": table})


def test_types_of_columns_arrive_where_pandas_makes_them_of_values() -> None:
    arrived = crossed(SALES)
    assert list(arrived.dtypes) == list(SALES.dtypes)
    assert isinstance(arrived.index, pd.RangeIndex)
    assert type(crossed(tables.OwnFrame(SALES))) is pd.DataFrame


def test_tables_arrive_within_other_values_and_so_do_dates() -> None:
    day, hour = datetime.date(2027, 1, 29), datetime.timedelta(days=-1, microseconds=3)
    value = {
        "a": [SALES, (day, NOON, hour)],
        "b": (np.datetime64("2027"), NOON.astimezone(datetime.UTC), {day}),
    }
    arrived = crossed(value)
    assert is_same(arrived["a"][0], SALES)
    assert arrived["a"][1] == value["a"][1] and arrived["b"] == value["b"]
    days = np.array(["2027-01-29", "NaT"], dtype="datetime64[D]")
    assert crossed(days).dtype == days.dtype
    assert crossed(np.array(["a", "bc"], dtype=object)).tolist() == ["a", "bc"]


@pytest.mark.parametrize("name", tables.unreadable())
def test_what_no_check_can_read_arrives_as_an_object_that_says_so(name: str) -> None:
    arrived = crossed([tables.unreadable()[name], 3])
    assert " with " in type(arrived[0]).__name__ and arrived[1] == 3


def test_a_table_with_a_text_that_is_too_long_arrives_as_an_object() -> None:
    arrived = crossed(pd.Series(["x" * (MAX_TEXT_CHARS + 1)]))
    assert type(arrived).__name__ == "Series with a text that is too long or not a text"
    arrived = crossed(pd.Series(["x" * 99_999] * 400))
    assert type(arrived).__name__ == "Series with too much data to send"


def content(**changes: Any) -> dict[str, Any]:
    """Return a table that is well formed but for some changes; a change of a column is ``column=``."""
    column = ["integer", np.array([1, 2]), np.array([False, False]), "a", "", None, False]
    for position, value in changes.pop("column", {}).items():
        column[position] = value
    index = ("integer", np.array([0, 1]), np.array([False, False]), None, "", None, False)
    return {
        "form": "DataFrame",
        "columns": [tuple(column)],
        "index": [index],
        "label_names": [None],
    } | changes


CATEGORIES = ("text", ["x", "y"], np.array([False, False]), None, "", None, False)
FORGED = {
    "no content": {},
    "a list": [],
    "a form": content(form="Styler"),
    "no index": content(index=[]),
    "columns that are no list": content(columns=5),
    "names that do not fit": content(label_names=[None, None, None]),
    "a kind": content(column={0: "object"}),
    "values of another kind": content(column={0: "float"}),
    "values of another length": content(column={1: np.array([1, 2, 3])}),
    "values in two dimensions": content(column={1: np.zeros((2, 2), dtype=int)}),
    "a list of numbers": content(column={1: [1, 2]}),
    "a mask of another length": content(column={2: np.array([False])}),
    "a mask of numbers": content(column={2: np.array([0, 0])}),
    "no mask": content(column={2: None}),
    "a label that is a list": content(column={3: [1]}),
    "text that is a number": content(column={0: "text", 1: ["a", 5]}),
    "text of another length": content(column={0: "text", 1: ["a"]}),
    "mixed values of any type": content(column={0: "mixed", 1: [1, {}]}),
    "no values that are some": content(column={0: "empty", 1: ["a", "b"]}),
    "categories that do not exist": content(column={0: "category", 5: CATEGORIES}),
    "no categories": content(column={0: "category"}),
    "categories twice": content(
        column={0: "category", 1: np.array([0, 1]), 5: (*CATEGORIES[:1], ["x", "x"], *CATEGORIES[2:])}
    ),
    "a zone that is a path": content(
        column={0: "datetime", 1: np.zeros(2, "M8[ns]"), 4: "../../etc/localtime"}
    ),
    "a zone that is a folder": content(column={0: "datetime", 1: np.zeros(2, "M8[ns]"), 4: "America"}),
    "a zone of dateutil": content(column={0: "datetime", 1: np.zeros(2, "M8[ns]"), 4: "dateutil//etc/hosts"}),
    "too many columns": content(columns=[content()["columns"][0]] * (MAX_COLUMNS + 1)),
    "columns of more parts": content(columns=[(*content()["columns"][0], 1)]),
    "a series without values": content(form="Series", columns=[]),
}


def test_a_table_that_is_well_formed_is_rebuilt() -> None:
    assert is_same(unpack(Table(content())), pd.DataFrame({"a": [1, 2]}))


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_table_is_refused(name: str) -> None:
    with pytest.raises(WireError):
        from_wire(("data", [Table(FORGED[name])]), lambda _: None)
    assert len(reprlib.repr(Table(FORGED[name]))) < 100  # as ``course explain`` shows it


def test_a_table_stays_what_it_is_where_pandas_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    message = encode({"value": SALES})
    monkeypatch.delitem(table_values.sys.modules, "pandas")
    table = decode(message)["value"]
    assert unpack([table]) == [table]
    assert repr(table).startswith("DataFrame(None: [") and "'city': ['Bern', 'Ulm', None, 'Ulm']" in repr(
        table
    )
    assert encode({"value": table}) == message


def test_an_answer_changes_the_callers_table_too() -> None:
    for changed in (SALES.iloc[::-1], SALES.assign(x=1), SALES.set_index("city"), SALES.iloc[:0]):
        mine = SALES.copy()
        table_values.write_back(mine, unpack(pack(changed)))
        assert is_same(mine, changed)
    mine = SALES["units"].copy()
    table_values.write_back(mine, mine * 2)
    assert mine.tolist() == [6, 2, 4, 4]
    before = SALES.convert_dtypes()
    mine = before.copy()
    table_values.write_back(mine, unpack(pack(mine)))
    assert mine.equals(before) and list(mine.dtypes) == list(before.dtypes)
    table_values.write_back(mine, [1])
    assert mine.equals(before)
