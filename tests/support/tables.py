"""Frames, series and indexes of pandas as they come out of labs, and odd ones."""

import datetime
from typing import Any

import numpy as np
import pandas as pd

NOON = datetime.datetime(2027, 1, 29, 12)
SALES = pd.DataFrame(
    {
        "city": ["Bern", "Ulm", None, "Ulm"],
        "units": [3, 1, 2, 2],
        "price": [0.1, np.nan, 2.5, 4.0],
        "paid": [True, False, True, True],
        "day": pd.to_datetime(["2027-01-01", "2027-01-02", None, "2027-02-01"]),
        "size": pd.Categorical(["S", "L", None, "S"], ["S", "M", "L"], ordered=True),
    }
)
CUT = pd.cut(pd.Series([1.0, 5.0, 9.0], name="dose"), [0, 4, 8, 10])


def readable() -> dict[str, Any]:
    """Return tables that every check can read."""
    zoned = SALES["day"].dt.tz_localize("Europe/Berlin")
    return {
        "frame": SALES,
        "no rows": SALES.iloc[:0],
        "no columns": SALES[[]],
        "nothing": pd.DataFrame(),
        "one column": SALES[["units"]],
        "filtered": SALES[SALES["units"] > 1],
        "two columns of a name": pd.DataFrame([[1, "a"], [2, "b"]], columns=["x", "x"]),
        "labels of several types": pd.DataFrame([[1, 2, 3, 4]], columns=[1, "1", None, True]),
        "labels of dates": pd.DataFrame([[1, 2]], columns=pd.date_range("2027-01-01", periods=2)),
        "two levels of rows": SALES.groupby(["city", "paid"])[["price"]].sum(),
        "two levels of columns": SALES.groupby("city").agg({"price": ["sum", "mean"], "units": ["max"]}),
        "pivot": SALES.pivot_table(index="city", columns="paid", values="units", aggfunc="sum"),
        "crosstab": pd.crosstab(SALES["city"], SALES["paid"]),
        "intervals as groups": CUT.to_frame().assign(n=1).groupby("dose", observed=False)["n"].sum(),
        "interval columns": pd.crosstab(CUT, pd.cut(CUT.index, 2)),
        "described": SALES[["units", "price"]].describe(),
        "transposed": SALES[["units", "price"]].T,
        "counted": SALES["city"].value_counts(),
        "series": SALES["price"],
        "zoned": zoned,
        "offset": pd.Series(pd.to_datetime(["2027-01-29T12:00+01:00"])),
        "resampled": SALES.dropna().set_index("day")["price"].resample("D").sum(),
        "periods": pd.Series(pd.period_range("2027-01", periods=3, freq="M")),
        "intervals": pd.Series(pd.interval_range(0, 3)),
        "categories": CUT,
        "only missing categories": pd.Series(pd.Categorical([None, None])),
        "timedeltas": zoned - zoned.min(),
        "days": SALES["day"].dt.date,
        "far dates": pd.Series(np.array(["0001-01-01", "9999-01-01"], "datetime64[s]")),
        "nullable": SALES.drop(columns="size").convert_dtypes(),
        "nullable and missing": pd.DataFrame({"n": pd.array([None, 2], dtype="Int8")}),
        "missing": pd.DataFrame({"a": [None, None], "b": [np.nan, np.nan], "c": [pd.NaT, pd.NaT]}),
        "mixed": pd.Series([1, "a", 2.5, None, True, NOON, pd.NA, pd.Timedelta(3)], dtype=object),
        "whole numbers as objects": pd.Series([1, None, 2**40], dtype=object),
        "texts as objects": pd.Series(["a", np.nan, "b"], dtype=object),
        "sparse": pd.Series(pd.arrays.SparseArray([0.0, 0.0, 1.5])),
        "small types": pd.DataFrame({"i": np.array([1], "uint8"), "f": np.array([0.1], "float16")}),
        "index": pd.Index(["b", "a"], name="key"),
        "index of numbers": pd.Index([3, 1]),
        "levels": pd.MultiIndex.from_tuples([(1, "a"), (2, None)], names=["x", None]),
    }


class OwnFrame(pd.DataFrame):
    """A class of the student's own, which claims to equal everything."""

    def __eq__(self, _other: object) -> bool:  # type: ignore[override]
        return True


def unreadable() -> dict[str, Any]:
    """Return tables that hold what no check can read."""
    return {
        "lists": pd.Series([[1], [2, 3]]),
        "arrays": pd.DataFrame({"a": [np.zeros(2), np.zeros(3)]}),
        "frames": pd.Series([SALES, SALES]),
        "complex": pd.Series([1j]),
        "bytes": pd.Series([b"x"]),
        "classes": pd.Series([int, str]),
        "integers beyond a float": pd.Series([10**400, 0.5], dtype=object),
        "labels that are objects": pd.DataFrame([[1]], columns=[frozenset()]),
        "a zone of one's own": pd.Series([NOON.replace(tzinfo=type("Zone", (datetime.tzinfo,), OWN)())]),
        "too many rows": pd.DataFrame(index=range(10**9)),
        "too many columns": pd.DataFrame(columns=range(2_000)),
    }


OWN = {"utcoffset": lambda *_: datetime.timedelta(0), "dst": lambda *_: None, "tzname": lambda *_: "../x"}
