"""When a submission was submitted, how late that is, and what it costs.

A day is 24 hours from the due date, even where the clocks change; fractions of a second are
dropped, in favor of the student.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from annotated_types import Interval
from pydantic import ConfigDict

from autograder.text import DATETIME

# The text is what messages about the configuration say.
Share = Annotated[float, Interval(ge=0, le=1), "a number from 0 to 1"]
NonNegative = Annotated[float, Interval(ge=0), "a number, 0 or more"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """What being late costs; by default nothing."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    grace_minutes: NonNegative = 0.0
    """Minutes after the due date that still count as on time."""

    per_day: Share = 0.0
    """Share of the earned points that each started day costs, e.g. 0.1."""

    max_penalty: Share = 1.0
    """The largest share that is deducted."""

    after_days: NonNegative = math.inf
    """After this many days, all points are lost."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late one submission is."""

    days: int | None = None
    """Days started since the due date, 0 if on time; None if the time is unknown."""

    penalty: float = 0.0
    """Share of the earned points that is deducted."""

    is_flagged_late: bool = False
    """True if the platform marked it as late without a time."""


def lateness(submitted_at: str, due: datetime, policy: LatePolicy, *, flagged_late: bool = False) -> Lateness:
    """Return how late a submission is and what that costs.

    Args:
        submitted_at: date and time with a zone; empty if unknown, in which case nothing is deducted.
        due: with a time zone.
        flagged_late: True if a platform marked the submission as late.
    """
    at = parse_datetime(submitted_at)
    if at is None:
        return Lateness(is_flagged_late=flagged_late)
    # In UTC, since the difference of two local times ignores a change of the clocks between them.
    over = at.astimezone(UTC).replace(microsecond=0) - due.astimezone(UTC)
    if over <= timedelta(minutes=policy.grace_minutes):
        return Lateness(0)
    days = max(1, -(-over // _DAY))
    if over.total_seconds() > policy.after_days * _DAY.total_seconds():
        return Lateness(days, 1.0)
    return Lateness(days, min(policy.max_penalty, days * policy.per_day))


def parse_datetime(text: str) -> datetime | None:
    """Return a date and time with its zone; None if the text is not one or has no zone.

    The zone is an offset (``2027-01-29T23:59:00+01:00``), ``Z``, ``UTC`` or a name from the time
    zone database (``2027-01-29 23:59 Europe/Berlin``). Abbreviations like ``CST`` name several
    zones and are not guessed.
    """
    match = DATETIME.fullmatch(text.strip())
    if match is None:
        return None
    moment, zone = match.groups()
    try:
        if zone[0] in "+-":
            return datetime.fromisoformat(f"{moment}{zone}")
        naive = datetime.fromisoformat(moment)
        if zone in ("Z", "UTC", "GMT"):
            return naive.replace(tzinfo=UTC)
        # A key of ZoneInfo is a path below the database: it raises ValueError for "../etc/passwd".
        return naive.replace(tzinfo=ZoneInfo(zone)) if "/" in zone else None
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
