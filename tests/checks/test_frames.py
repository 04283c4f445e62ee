"""A frame is what a reader sees in it: ``checks.frame`` accepts every way to write it, and names the cell."""

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder import checks
from autograder.checks import MismatchError, Outcome
from autograder.checks.table_view import UnreadableTableError, is_same, view
from tests.support import tables
from tests.support.tables import SALES

READABLE = tables.readable()
TOTALS = SALES.groupby("city")["units"].sum()
"""Bern 3, Ulm 3; the city is the index."""


def verdict(actual: Any, expected: Any, **settings: Any) -> str:
    """Return what a check says of a frame; empty if it passes."""
    try:
        checks.frame(actual, expected, **settings)
    except MismatchError as mismatch:
        return mismatch.sentence
    return ""


@pytest.mark.parametrize("name", READABLE)
def test_a_table_equals_itself_and_no_other(name: str) -> None:
    table = READABLE[name]
    for settings in itertools.product((False, True), repeat=3):
        assert (
            verdict(table.copy(), table, **dict(zip(("order", "index", "kinds"), settings, strict=True)))
            == ""
        )
    alike = {"one column": {"frame"}, "no rows": {"nothing"}, "nothing": {"no columns"}}
    for other_name, other in READABLE.items():
        if other_name != name and verdict(other, table, index=True) == "":
            assert other_name in alike.get(name, set()), other_name


RIGHT = {
    "another order of rows": (SALES.iloc[::-1], SALES, {}),
    "another order of columns": (SALES[SALES.columns[::-1]], SALES, {"order": True}),
    "row numbers of a filter": (
        SALES[SALES["units"] > 1],
        SALES[SALES["units"] > 1].reset_index(drop=True),
        {},
    ),
    "years without the name of the index": (
        pd.Series({2026: 1, 2027: 2}),
        pd.Series([1, 2], index=pd.Index([2026, 2027], name="year")),
        {},
    ),
    "groups as index or as column": (TOTALS, SALES.groupby("city", as_index=False)["units"].sum(), {}),
    "groups as column or as index": (TOTALS.reset_index(), TOTALS, {}),
    "a frame for a series": (TOTALS.to_frame(), TOTALS, {}),
    "a series for a frame": (TOTALS, TOTALS.to_frame(), {}),
    "another name of a series": (TOTALS.rename("total"), TOTALS, {}),
    "a reset index without a name": (
        SALES.describe(include="number").reset_index(),
        SALES.describe(include="number"),
        {},
    ),
    "a column as index": (SALES.set_index("city"), SALES, {}),
    "whole numbers as floats": (SALES.astype({"units": float}), SALES, {}),
    "nullable types": (SALES.convert_dtypes(), SALES, {}),
    "texts as objects": (SALES.astype({"city": object}), SALES, {}),
    "a small rounding error": (pd.Series([0.1 + 0.2, 1e-17]), pd.Series([0.3, 0.0]), {}),
    "single precision": (SALES.astype({"price": "float32"}), SALES, {}),
    "infinity": (pd.Series([np.inf, -np.inf]), pd.Series([np.inf, -np.inf]), {}),
    "rounding errors in any order": (
        pd.DataFrame({"a": [0.1 + 0.2, 0.3], "b": [1, 2]}),
        pd.DataFrame({"a": [0.3, 0.1 + 0.2], "b": [2, 1]}),
        {},
    ),
    "a category for a text": (SALES.astype({"city": "category"}), SALES, {}),
    "a text for a category without kinds": (SALES.astype({"size": object}), SALES, {"kinds": False}),
    "a time zone without kinds": (
        READABLE["zoned"].dt.tz_convert("UTC"),
        READABLE["zoned"],
        {"kinds": False},
    ),
    "dates without kinds": (READABLE["days"], SALES["day"], {"kinds": False}),
    "no values of another kind": (pd.DataFrame({"a": [None]}), pd.DataFrame({"a": [np.nan]}), {}),
    "no rows of another kind": (SALES.iloc[:0].astype(object), SALES.iloc[:0], {}),
    "dates of another precision": (
        SALES.astype({"day": "datetime64[ns]"}),
        SALES.astype({"day": "datetime64[s]"}),
        {},
    ),
    "periods as texts": (READABLE["periods"].astype(str), READABLE["periods"], {}),
    "the student's own class": (tables.OwnFrame(SALES), SALES, {}),
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_a_person_would_accept_passes(case: str) -> None:
    actual, expected, settings = RIGHT[case]
    assert verdict(actual, expected, **settings) == ""


WRONG = {
    "a value": (
        SALES.assign(units=[3, 1, 2, 9]),
        SALES,
        {},
        "found 9 in 'units' where 'city' is 'Ulm' and 'price' is 4, expected 2.",
    ),
    "a missing value": (SALES.fillna({"price": 0.0}), SALES, {}, "found 0 in 'price' where 'city' is 'Ulm'"),
    "values that are swapped between groups": (
        pd.Series([4, 3], index=["Bern", "Ulm"]),
        pd.Series([3, 4], index=["Bern", "Ulm"]),
        {},
        "found 4 in the values where the index is 'Bern', expected 3",
    ),
    "a column": (
        SALES.rename(columns={"city": "City"}),
        SALES,
        {},
        "wrong columns: found 'City', expected 'city'",
    ),
    "no column": (SALES.drop(columns="day"), SALES, {}, "found nothing in its place, expected 'day'"),
    "one more column": (SALES.assign(x=1), SALES, {}, "found 'x', expected no such column"),
    "a label of another type": (
        pd.DataFrame({"2027": [1]}),
        pd.DataFrame({2027: [1]}),
        {},
        "found '2027', expected column 2027",
    ),
    "groups that are lost": (TOTALS.reset_index(drop=True), TOTALS, {}, "expected 'city'"),
    "rows": (SALES.iloc[:3], SALES, {}, "the wrong number of rows: found 3, expected 4."),
    "one row twice": (SALES.iloc[[0, 1, 1, 3]], SALES, {}, "a wrong value: found "),
    "order of rows": (SALES.iloc[::-1], SALES, {"order": True}, "has its rows in the wrong order."),
    "order of a series": (pd.Series([2, 1]), pd.Series([1, 2]), {}, "has its rows in the wrong order."),
    "numbers as text": (
        SALES.astype({"units": str}),
        SALES,
        {"kinds": False},
        "found text in 'units', expected number",
    ),
    "text for a category": (
        SALES.astype({"size": object}),
        SALES,
        {},
        "found text in 'size', expected category of text",
    ),
    "a category without its order": (
        SALES.assign(size=SALES["size"].cat.as_unordered()),
        SALES,
        {},
        "without an order in 'size', expected category of text with an order",
    ),
    "categories in another order": (
        SALES.assign(size=SALES["size"].cat.reorder_categories(["L", "M", "S"])),
        SALES,
        {},
        "found ['L', 'M', 'S'], expected ['S', 'M', 'L']",
    ),
    "0 and 1 for a truth": (
        SALES.astype({"paid": int}),
        SALES,
        {},
        "found number in 'paid', expected boolean",
    ),
    "a time zone": (
        READABLE["zoned"].dt.tz_convert("UTC"),
        READABLE["zoned"],
        {},
        "datetime in Europe/Berlin",
    ),
    "dates": (READABLE["days"], SALES["day"], {}, "found date in 'day', expected datetime"),
    "an index": (SALES.set_index("city"), SALES, {"index": True}, "the wrong index: found levels ['city']"),
    "a value of the index": (
        SALES,
        SALES.set_axis([0, 1, 2, 4]),
        {"index": True},
        "found 3 in the index where",
    ),
    "an index that is a result": (
        pd.Index([3, 2]),
        pd.Index([3, 1]),
        {},
        "found 2 in the index, row 1, expected 1",
    ),
    "large integers that differ by one": (pd.Series([2**60 + 1]), pd.Series([2**60]), {}, "a wrong value"),
    "more than the tolerance": (
        pd.Series([1.001]),
        pd.Series([1.0]),
        {"rtol": 1e-4},
        "found 1.001 in the values, row 0",
    ),
    "floats in small steps": (
        pd.DataFrame({"x": np.roll(np.linspace(1, 2, 10_001), 1), "y": range(10_001)}),
        pd.DataFrame({"x": np.linspace(1, 2, 10_001), "y": range(10_001)}),
        {"rtol": 1e-3},
        "in 'x' where 'y' is 0, expected 1",
    ),
    "a list": ([1, 2], SALES, {}, "the result is not a DataFrame or a Series: found a list."),
    "an array": (SALES["units"].to_numpy(), SALES["units"], {}, "found a ndarray."),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case: str) -> None:
    actual, expected, settings, words = WRONG[case]
    assert words in verdict(actual, expected, **settings)


def test_a_hidden_check_names_no_value() -> None:
    with pytest.raises(MismatchError) as caught:
        checks.hidden.frame(SALES.assign(units=9), SALES, what="the table")
    assert str(caught.value) == "the table has a wrong value."


@pytest.mark.parametrize("name", tables.unreadable())
def test_what_no_check_can_read_is_for_a_person_and_in_a_hidden_check_wrong(name: str) -> None:
    table = tables.unreadable()[name]
    with pytest.raises(UnreadableTableError):
        view(table)
    for function in (lambda kind: kind.call(lambda: table), lambda kind: kind.frame(table, SALES)):
        for kind, outcome in ((checks, Outcome.REVIEW), (checks.hidden, Outcome.FAILED)):
            with pytest.raises(MismatchError) as caught:
                function(kind)
            assert caught.value.outcome is outcome
            assert "a value that no check can read" in str(caught.value)


def test_a_call_passes_tables_and_makes_plain_data_of_what_else_pandas_returns() -> None:
    returned = [SALES, (SALES["day"][0], SALES["city"].dropna().unique(), pd.Timedelta(hours=1))]
    frame, (day, cities, hour) = checks.call(lambda: returned)
    assert frame is SALES
    checks.equal(day, pd.Timestamp("2027-01-01"))
    checks.equal(cities, np.array(["Bern", "Ulm"]))
    assert (type(day).__module__, type(hour).__module__, cities.dtype.kind) == ("datetime", "datetime", "U")


def test_values_in_several_results_are_compared_with_order_and_index() -> None:
    checks.equal((SALES.copy(), 3), (SALES, 3))
    for other in (
        SALES.iloc[::-1],
        SALES.assign(units=0),
        SALES.astype({"units": float}),
        SALES[["city"]],
        3,
    ):
        with pytest.raises(MismatchError):
            checks.equal((other, 3), (SALES, 3))
        assert not is_same(other, SALES)


def test_an_answer_that_changes_a_table_is_found() -> None:
    def fills(sales: pd.DataFrame) -> pd.DataFrame:
        sales["price"] = sales["price"].fillna(0)
        return sales

    checks.unchanged(lambda sales: sales.fillna({"price": 0}), SALES)
    with pytest.raises(MismatchError, match="modifies its arguments"):
        checks.unchanged(fills, SALES)


def test_whole_numbers_and_rows_of_a_series_are_checked_by_the_functions_for_arrays() -> None:
    checks.integers(SALES["units"])
    checks.integers(SALES["units"].convert_dtypes())
    checks.length(SALES, 4)
    with pytest.raises(MismatchError, match=r"found float64, expected\s+an integer"):
        checks.integers(SALES["price"])
    with pytest.raises(MismatchError, match=r"found 4, expected\s+3"):
        checks.length(SALES, 3)


def test_the_example_of_the_documentation_says_what_the_page_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "writing-a-lab.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {"checks": checks, "pd": pd}
    (example,) = (block for block in page.split("```") if "def check_totals(" in block)
    exec(example.removeprefix("py\n"), names)
    names["check_totals"](lambda sales: sales.groupby("city").agg(total=("amount", "sum")))
    with pytest.raises(MismatchError) as caught:
        names["check_totals"](
            lambda sales: sales.groupby("city").sum().add(-1).rename(columns={"amount": "total"})
        )
    assert caught.value.sentence.partition(": ")[2].rstrip(".") in page


def test_the_vocabulary_does_without_pandas() -> None:
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from autograder import checks\n"
        "checks.equal(checks.call(lambda: [1, 2]), [1, 2])\n"
        "del sys.modules['pandas']\n"
        "import autograder.engine.values, autograder.engine.grader\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
