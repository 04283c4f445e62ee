"""When something was handed in, how late that is, and what it costs.

A day is 24 hours from the due date, also where the clocks change; parts of a second are
dropped, in favour of the student.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from annotated_types import Interval
from pydantic import ConfigDict

_DAY = timedelta(days=1)
Share = Annotated[float, Interval(ge=0, le=1)]
NonNegative = Annotated[float, Interval(ge=0)]


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """What being late costs; by default nothing."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    grace_minutes: NonNegative = 0.0
    """Minutes after the due date that still count as in time."""

    per_day: Share = 0.0
    """Share of the earned points that each day begun takes, e.g. 0.1."""

    max_penalty: Share = 1.0
    """Share that is taken at most."""

    after_days: NonNegative = math.inf
    """Beyond so many days nothing of the points is left."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late one submission is."""

    days: int | None = None
    """Days begun since the due date, 0 if in time; None if nobody knows."""

    penalty: float = 0.0
    """What is taken from the earned points."""

    is_flagged_late: bool = False
    """The platform says that it is late, and not by how much."""


def lateness(submitted_at: str, due: datetime, policy: LatePolicy, *, flagged_late: bool = False) -> Lateness:
    """Return how late a submission is and what that costs.

    Args:
        handed_in: date and time with a zone; empty if unknown, and then nothing is taken.
        due: with a time zone.
        late_mark: whether a platform marked it as late.
    """
    at = parse_datetime(submitted_at)
    if at is None:
        return Lateness(is_flagged_late=flagged_late)
    over = at.astimezone(UTC).replace(microsecond=0) - due.astimezone(UTC)
    if over <= timedelta(minutes=policy.grace_minutes):
        return Lateness(0)
    days = max(1, -(-over // _DAY))
    if over.total_seconds() > policy.after_days * _DAY.total_seconds():
        return Lateness(days, 1.0)
    return Lateness(days, min(policy.max_penalty, days * policy.per_day))


def parse_datetime(text: str) -> datetime | None:
    """Return a date and time with its zone; None if the text is not one, or has no zone.

    The zone is an offset (``2027-01-29T23:59:00+01:00``), ``Z``, ``UTC`` or a name of the time
    zone data base (``2027-01-29 23:59 Europe/Berlin``). Letters like ``CST`` stand for several
    zones and are not guessed.
    """
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d[T ][\d:.]+?) ?(Z|[+-]\d\d:?\d\d|[A-Za-z][\w+\-/]*)", text.strip())
    if found is None:
        return None
    try:
        plain = datetime.fromisoformat(found[1])
        if re.match(r"[+-]\d", found[2]):
            return datetime.fromisoformat(f"{plain.isoformat()}{found[2]}")
        if found[2] in ("Z", "UTC", "GMT"):
            return plain.replace(tzinfo=UTC)
        return plain.replace(tzinfo=ZoneInfo(found[2])) if "/" in found[2] else None
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
