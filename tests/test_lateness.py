"""When something was handed in, and what being late costs: to the second, over changes of clocks."""

import math
from datetime import datetime

import pytest

from autograder.lateness import Lateness, LatePolicy, lateness, parse_datetime

DUE = datetime.fromisoformat("2027-01-29T23:59:00+00:00")
POLICY = LatePolicy(grace_minutes=15, per_day=0.1, max_penalty=0.25, after_days=5)


@pytest.mark.parametrize(
    ("submitted", "days", "share"),
    [
        ("2027-01-29T23:59:00+00:00", 0, 0.0),
        ("2027-01-30T00:14:00+00:00", 0, 0.0),  # the last second of the grace
        ("2027-01-30T00:14:00.999999+00:00", 0, 0.0),
        ("2027-01-30T00:14:01+00:00", 1, 0.1),
        ("2027-01-30T23:59:00+00:00", 1, 0.1),
        ("2027-01-30T23:59:01+00:00", 2, 0.2),
        ("2027-01-31T23:59:01+00:00", 3, 0.25),  # no more than the most
        ("2027-02-03T23:59:00+00:00", 5, 0.25),
        ("2027-02-03T23:59:01+00:00", 6, 1.0),
        ("2027-01-30T01:14:01+01:00", 1, 0.1),  # the same moment elsewhere
        ("2027-01-29T18:14:00 America/New_York", 0, 0.0),
        ("2026-12-24T00:00:00Z", 0, 0.0),
    ],
)
def test_each_second_counts(submitted: str, days: int, share: float) -> None:
    assert lateness(submitted, DUE, POLICY) == Lateness(days, share)


def test_a_day_is_24_hours_also_where_the_clocks_change() -> None:
    due = parse_datetime("2027-03-27 23:59 Europe/Berlin")  # the day after has 23 hours
    assert due is not None
    policy = LatePolicy(per_day=0.1)
    assert lateness("2027-03-29 00:59:00 Europe/Berlin", due, policy).days == 1
    assert lateness("2027-03-29 00:59:01 Europe/Berlin", due, policy).days == 2


def test_without_a_policy_being_late_is_said_and_costs_nothing() -> None:
    assert lateness("2027-02-28T00:00:00Z", DUE, LatePolicy()) == Lateness(30, 0.0)


def test_what_nobody_knows_costs_nothing() -> None:
    assert lateness("", DUE, POLICY) == Lateness()
    assert lateness("", DUE, POLICY, flagged_late=True) == Lateness(None, 0.0, is_flagged_late=True)


def test_a_known_time_decides_and_not_the_mark() -> None:
    assert lateness("2027-01-29T23:00:00Z", DUE, POLICY, flagged_late=True) == Lateness(0)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2027-01-29T23:59:00+01:00", "2027-01-29T23:59:00+01:00"),
        ("2027-01-29 23:59 +0100", "2027-01-29T23:59:00+01:00"),
        ("2027-01-29 23:59:08.948203 UTC", "2027-01-29T23:59:08.948203+00:00"),
        ("2027-07-29 23:59 Europe/Berlin", "2027-07-29T23:59:00+02:00"),
        (" 2027-01-29T23:59:00Z ", "2027-01-29T23:59:00+00:00"),
    ],
)
def test_a_time_with_its_zone_is_read(text: str, iso: str) -> None:
    actual = parse_datetime(text)
    assert actual is not None
    assert actual.isoformat() == iso


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2027-01-29T23:59:00", "2027-01-29", "2027-01-29 23:59 CST", "2027-01-29 23:59 Mars/Base",
     "2027-13-29T23:59:00Z", "2027-01-29 23:59 ../etc/passwd", "2027-01-29 23:59 +9999"],
)  # fmt: skip
def test_a_time_that_could_be_two_is_none(text: str) -> None:
    assert parse_datetime(text) is None


def test_a_limit_that_is_not_set_is_never_reached() -> None:
    assert LatePolicy().after_days == math.inf
    assert lateness("2099-01-01T00:00:00Z", DUE, LatePolicy(per_day=0.01)).penalty == 1.0
