"""Put an accuracy bar between the scores of right and of wrong answers, and say how sure it is.

Scores over seeds are taken for normal. The chance of failing a right answer is bounded by a
one-sided tolerance limit (noncentral t: Hahn and Meeker, *Statistical Intervals*, 1991, §4.6).
A training that goes wrong once in a while makes tails longer than that, so beside it stand an
estimate with heavy tails and what the number of seeds says without any assumption.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import optimize, stats

from autograder.calibrate.experiments import Experiment

FALSE_FAIL = 0.001
"""A bar fails a right answer with this chance at most ..."""

CONFIDENCE = 0.95
"""... which is true of so many of all bars that are fitted in this way."""

TAIL = 4
"""Degrees of freedom of a Student's t whose extremes are far more frequent than normal ones."""

MARGIN = 4.0
"""How many standard errors a bar lies away from the worst right score, at least."""

LEAN = 1 / 3
"""How far a bar lies from the worst right towards the best wrong score, at least."""

STEP = 0.01
"""Bars are whole multiples of this."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong variant at a bar."""

    model: str
    seeds: int
    passed: int
    """Under how many seeds its score passes the bar."""

    passes_at_most: float | None
    """Upper confidence limit of its chance to pass, scores taken for normal."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, what it was put between, and how often it errs."""

    name: str
    data: str
    value: float | None
    """``None`` where right and wrong scores lie too close: no bar is better than a fudged one."""

    seeds: int
    worst_right: float | None
    best_wrong: float | None
    standard_error: float | None
    """That of the worst right score: of an accuracy by its formula, else over the seeds."""

    fails_at_most: float | None
    """Upper confidence limit of the chance to fail a right answer, scores taken for normal."""

    fails_if_heavy_tailed: float | None
    """Estimate of that chance if scores have the tails of Student's t with ``TAIL`` degrees of freedom."""

    fails_at_most_anyhow: float | None
    """The same without assumption: no seed of so many failed."""

    wrong: tuple[Wrong, ...]


def fit(experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]]) -> list[Bar]:
    """Put each bar between the scores of right and of wrong answers.

    It lies where a right answer fails with a chance of ``FALSE_FAIL``, ``MARGIN`` standard
    errors beyond the worst right score, or a third of the way to the best wrong one, whichever
    is most lenient, and is dropped where that does not separate them.
    """
    pairs = sorted({(one.bar, one.data) for one in experiments if one.bar})
    measured = [one for one in experiments if scores.get(one.key)]
    return [_bar(name, data, measured, scores) for name, data in pairs]


def beyond_at_most(scores: Sequence[float], value: float) -> float:
    """Return an upper confidence limit of the chance that a score lies at or below ``value``.

    It is 1 where it would be a half or more.

    Args:
        scores: two or more, taken for independent and normal.
    """
    mean, spread, n = statistics.mean(scores), statistics.stdev(scores), len(scores)
    if spread == 0 or value >= mean:
        return float(value >= mean)
    distance = (mean - value) / spread

    def surplus(z: float) -> float:
        return float(stats.nct.cdf(distance * math.sqrt(n), n - 1, z * math.sqrt(n))) - CONFIDENCE

    if surplus(0) <= 0:
        return 1.0
    return float(stats.norm.sf(optimize.brentq(surplus, 0, distance)))


def _bar(name: str, data: str, measured: Sequence[Experiment], scores: Mapping[str, Sequence[float]]) -> Bar:
    mine = [one for one in measured if (one.bar, one.data) == (name, data)]
    sign = -1 if any(one.lower_is_better for one in mine) else 1
    right = [sign * score for one in mine if one.right for score in scores[one.key]]
    wrong = {one.model: [sign * score for score in scores[one.key]] for one in mine if not one.right}
    if len(right) < 2 or not wrong:
        return Bar(name, data, None, len(right), None, None, None, None, None, None, ())
    worst, best = min(right), max(map(max, wrong.values()))
    error = _standard_error(right, max(one.tested_on for one in mine))
    lenient = min(_tolerance_limit(right), worst - MARGIN * error, worst - LEAN * (worst - best))
    value = round(math.floor(lenient / STEP + 1e-9) * STEP, 4)
    if value <= best:
        return Bar(name, data, None, len(right), sign * worst, sign * best, error, None, None, None, ())
    return Bar(
        name,
        data,
        sign * value,
        len(right),
        sign * worst,
        sign * best,
        error,
        beyond_at_most(right, value),
        _beyond_heavy_tailed(right, value),
        1 - (1 - CONFIDENCE) ** (1 / len(right)),
        tuple(_wrong(model, found, value) for model, found in wrong.items()),
    )


def _beyond_heavy_tailed(scores: Sequence[float], value: float) -> float:
    spread = statistics.stdev(scores)
    if spread == 0:
        return float(value >= statistics.mean(scores))
    scale = spread / stats.t.std(TAIL)
    return float(stats.t.cdf((value - statistics.mean(scores)) / scale, TAIL))


def _tolerance_limit(right: Sequence[float]) -> float:
    n = len(right)
    factor = stats.nct.ppf(CONFIDENCE, n - 1, stats.norm.isf(FALSE_FAIL) * math.sqrt(n)) / math.sqrt(n)
    return statistics.mean(right) - float(factor) * statistics.stdev(right)


def _standard_error(right: Sequence[float], tested_on: int) -> float:
    worst = min(right)
    return math.sqrt(worst * (1 - worst) / tested_on) if tested_on else statistics.stdev(right)


def _wrong(model: str, found: Sequence[float], value: float) -> Wrong:
    passed = sum(score >= value for score in found)
    at_most = beyond_at_most([-score for score in found], -value) if len(found) > 1 else None
    return Wrong(model, len(found), passed, at_most)
