"""What labs ask of pandas, in the spellings of different people: right ones pass, near misses are named."""

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder import checks
from autograder.checks import MismatchError

PEOPLE = pd.DataFrame(
    {
        "name": ["Ann", "Ben", "Cem", "Dia", "Eva", "Finn"],
        "team": ["red", "blue", "red", "blue", "blue", "red"],
        "age": [31, 45, 27, 52, 38, 45],
        "score": [7.5, 6.25, np.nan, 9.0, 8.5, 6.0],
    }
)
SALES = pd.DataFrame(
    {"city": ["B", "U", "B", "U", "B"], "year": [2026, 2026, 2027, 2027, 2027], "n": [1, 2, 3, 4, 5]}
)
LEFT = pd.DataFrame({"key": [1, 2, 3], "a": ["x", "y", "z"]})
RIGHT = pd.DataFrame({"key": [2, 3, 4], "b": [20, 30, 40]})
WIDE = pd.DataFrame({"id": [1, 2], "jan": [3, 4], "feb": [5, 6]})
DAILY = pd.Series(
    [1.0, 2.0, 3.0, 4.0], pd.to_datetime(["2027-01-01", "2027-01-20", "2027-02-03", "2027-04-01"]), name="v"
)
CSV = "id,when,price\n1,2027-01-05,3.5\n2,2027-01-06,\n3,2027-01-07,4\n"
BY_TEAM = PEOPLE.groupby("team")
GROUPED = BY_TEAM.agg(mean=("score", "mean"), n=("score", "count"))
PIVOT = SALES.pivot_table(index="city", columns="year", values="n", aggfunc="sum")
COUNTS = PEOPLE["team"].value_counts()
DATED = pd.read_csv(io.StringIO(CSV), parse_dates=["when"])
MERGED = LEFT.merge(RIGHT, on="key", how="left")
MONTHLY = DAILY.resample("MS").sum()
NUMBERS = PEOPLE[["age", "score"]]
OLD = PEOPLE["age"] > 40
CROSSED = pd.crosstab(PEOPLE["team"], OLD)
MELTED = WIDE.melt(id_vars="id", var_name="month", value_name="v")
CUTS = {"bins": [0, 30, 40, 100], "labels": ["young", "mid", "old"]}
CUT = PEOPLE.assign(group=pd.cut(PEOPLE["age"], **CUTS))
INTERVALS = pd.cut(PEOPLE["age"], [0, 30, 60])
BY_INTERVAL = PEOPLE.groupby(INTERVALS, observed=True)["score"].mean()


def by_hand() -> pd.DataFrame:
    rows = [
        {"team": team, "n": group["score"].count(), "mean": group["score"].mean()} for team, group in BY_TEAM
    ]
    return pd.DataFrame(rows)


ACCEPTED: dict[str, tuple[Any, Any, dict[str, bool]]] = {
    "group by hand": (by_hand(), GROUPED, {}),
    "group renamed": (BY_TEAM["score"].agg(["mean", "count"]).rename(columns={"count": "n"}), GROUPED, {}),
    "pivot by unstack": (SALES.groupby(["city", "year"])["n"].sum().unstack(), PIVOT, {}),
    "pivot by crosstab": (pd.crosstab(SALES["city"], SALES["year"], SALES["n"], aggfunc="sum"), PIVOT, {}),
    "pivot with its index reset": (PIVOT.reset_index(), PIVOT, {}),
    "counts by group": (BY_TEAM.size(), COUNTS, {}),
    "counts as a frame": (COUNTS.reset_index(), COUNTS, {}),
    "dates made later": (
        pd.read_csv(io.StringIO(CSV)).assign(when=lambda read: pd.to_datetime(read["when"])),
        DATED,
        {},
    ),
    "an id as index": (DATED.set_index("id"), DATED, {}),
    "merge by join": (LEFT.set_index("key").join(RIGHT.set_index("key")), MERGED, {}),
    "merge by map": (LEFT.assign(b=LEFT["key"].map(RIGHT.set_index("key")["b"])), MERGED, {}),
    "merge with nullable integers": (MERGED.astype({"b": "Int64"}), MERGED, {}),
    "months by grouper": (DAILY.groupby(pd.Grouper(freq="MS")).sum(), MONTHLY, {}),
    "describe by hand": (
        NUMBERS.agg(["count", "mean", "std", "min", "median", "max"]).set_axis(
            ["count", "mean", "std", "min", "50%", "max"]
        ),
        NUMBERS.describe().drop(["25%", "75%"]),
        {},
    ),
    "crosstab by group": (PEOPLE.groupby(["team", OLD]).size().unstack(fill_value=0), CROSSED, {}),
    "melt by stack": (
        WIDE.set_index("id").stack().rename("v").rename_axis(["id", "month"]).reset_index(),
        MELTED,
        {},
    ),
    "melt as a series": (WIDE.set_index("id").stack().rename_axis(["id", "month"]), MELTED, {}),
    "cut by conditions": (
        PEOPLE.assign(group=np.select([PEOPLE["age"] <= 30, PEOPLE["age"] <= 40], ["young", "mid"], "old")),
        CUT,
        {"kinds": False},
    ),
    "groups by intervals as text": (PEOPLE.groupby(INTERVALS.astype(str))["score"].mean(), BY_INTERVAL, {}),
    "the largest": (PEOPLE.nlargest(1, "age"), PEOPLE.sort_values("age").tail(1), {}),
    "a running sum": (PEOPLE["age"].expanding().sum(), PEOPLE["age"].cumsum(), {}),
    "dummies without kinds": (
        pd.get_dummies(PEOPLE["team"]),
        pd.get_dummies(PEOPLE["team"], dtype=int),
        {"kinds": False},
    ),
}
MISSED: dict[str, tuple[Any, Any, str]] = {
    "size for count": (
        BY_TEAM.agg(mean=("score", "mean"), n=("score", "size")),
        GROUPED,
        "found 3 in 'n' where 'team' is 'red' and 'mean' is 6.75, expected 2",
    ),
    "rounded": (GROUPED.round(2), GROUPED, "found 7.92 in 'mean' where 'team' is 'blue'"),
    "two levels of columns": (
        BY_TEAM.agg({"score": ["mean"]}),
        GROUPED[["mean"]],
        "found column ('score', 'mean')",
    ),
    "mean for sum": (
        SALES.pivot_table(index="city", columns="year", values="n"),
        PIVOT,
        "found 4 in column 2027 where 'city' is 'B' and column 2026 is 1, expected 8",
    ),
    "years as text": (
        PIVOT.rename(columns=str),
        PIVOT,
        "found '2026', '2027', expected column 2026, column 2027",
    ),
    "transposed": (PIVOT.T, PIVOT, "found 'B', 'U', expected column 2026"),
    "shares for counts": (
        PEOPLE["team"].value_counts(normalize=True),
        COUNTS,
        "found 0.5 in the values where 'team' is 'red', expected 3",
    ),
    "dates forgotten": (pd.read_csv(io.StringIO(CSV)), DATED, "found text in 'when', expected datetime"),
    "days and months mixed up": (
        DATED.assign(when=DATED["when"].map(lambda day: day.replace(month=day.day, day=day.month))),
        DATED,
        "found 2027-05-01 in 'when' where 'id' is 1 and 'price' is 3.5, expected 2027-01-05",
    ),
    "inner for left": (LEFT.merge(RIGHT), MERGED, "wrong number of rows: found 2, expected 3"),
    "missing values filled": (
        MERGED.fillna({"b": 0}),
        MERGED,
        "found 0 in 'b' where 'key' is 1 and 'a' is 'x'",
    ),
    "ends of months": (DAILY.resample("ME").sum(), MONTHLY, "found 2027-01-31 in the index where"),
    "months without sales left out": (MONTHLY[MONTHLY > 0], MONTHLY, "found 3, expected 4"),
    "another standard deviation": (
        NUMBERS.std(ddof=0),
        NUMBERS.std(),
        "where the index is 'age', expected 9.45",
    ),
    "margins": (
        pd.crosstab(PEOPLE["team"], OLD, margins=True),
        CROSSED,
        "found 'All', expected no such column",
    ),
    "names of columns not given": (WIDE.melt(id_vars="id"), MELTED, "found 'variable', 'value'"),
    "text for categories": (CUT.astype({"group": object}), CUT, "found text in 'group', expected category"),
    "a shift the other way": (
        PEOPLE["age"].shift(),
        PEOPLE["age"].shift(-1),
        "found a missing value in 'age', row 0, expected 45",
    ),
    "ranks of ties": (PEOPLE["age"].rank(), PEOPLE["age"].rank(method="min"), "found 4.5 in 'age', row 1"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_other_ways_to_the_same_table_pass(case: str) -> None:
    actual, expected, settings = ACCEPTED[case]
    checks.frame(checks.call(lambda: actual), expected, **settings)


@pytest.mark.parametrize("case", MISSED)
def test_a_near_miss_is_named(case: str) -> None:
    actual, expected, words = MISSED[case]
    with pytest.raises(MismatchError) as caught:
        checks.frame(checks.call(lambda: actual), expected)
    assert words in caught.value.sentence
