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

from autograder.quality.calibration.experiments import Experiment

MAX_FALSE_FAIL_RATE = 0.001
"""A bar fails a right answer with this chance at most ..."""

CONFIDENCE = 0.95
"""... which is true of so many of all bars that are fitted in this way."""

HEAVY_TAIL_DF = 4
"""Degrees of freedom of a Student's t whose extremes are far more frequent than normal ones."""

MIN_MARGIN_STANDARD_ERRORS = 4.0
"""How many standard errors a bar lies away from the worst right score, at least."""

MIN_GAP_FRACTION = 1 / 3
"""How far a bar lies from the worst right towards the best wrong score, at least."""

STEP = 0.01
"""Bars are whole multiples of this."""


@dataclass(frozen=True, slots=True)
class WrongVariant:
    """A wrong variant at a bar."""

    model: str
    seeds: int
    passed_seeds: int
    """Under how many seeds its score passes the bar."""

    pass_upper_bound: float | None
    """Upper confidence limit of its chance to pass, scores taken for normal."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A bar, what it was put between, and how often it errs."""

    name: str
    dataset: str
    value: float | None
    """``None`` where right and wrong scores lie too close: no bar is better than a fudged one."""

    seeds: int
    worst_right: float | None
    best_wrong: float | None
    standard_error: float | None
    """That of the worst right score: of an accuracy by its formula, else over the seeds."""

    false_fail_upper_bound: float | None
    """Upper confidence limit of the chance to fail a right answer, scores taken for normal."""

    false_fail_heavy_tailed: float | None
    """Estimate of that chance if scores have the tails of Student's t with ``TAIL`` degrees of freedom."""

    false_fail_nonparametric: float | None
    """The same without assumption: no seed of so many failed."""

    wrong_variants: tuple[WrongVariant, ...]


def fit(experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]]) -> list[Threshold]:
    """Put each bar between the scores of right and of wrong answers.

    It lies where a right answer fails with a chance of ``FALSE_FAIL``, ``MARGIN`` standard
    errors beyond the worst right score, or a third of the way to the best wrong one, whichever
    is most lenient, and is dropped where that does not separate them.
    """
    pairs = sorted({(one.threshold, one.dataset) for one in experiments if one.threshold})
    measured = [one for one in experiments if scores.get(one.key)]
    return [_fit_threshold(name, data, measured, scores) for name, data in pairs]


def tail_probability_upper_bound(scores: Sequence[float], value: float) -> float:
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


def _fit_threshold(
    name: str, dataset: str, experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]]
) -> Threshold:
    mine = [one for one in experiments if (one.threshold, one.dataset) == (name, dataset)]
    sign = -1 if any(one.lower_is_better for one in mine) else 1
    right = [sign * score for one in mine if one.is_right for score in scores[one.key]]
    wrong = {one.model: [sign * score for score in scores[one.key]] for one in mine if not one.is_right}
    if len(right) < 2 or not wrong:
        return Threshold(name, dataset, None, len(right), None, None, None, None, None, None, ())
    worst, best = min(right), max(map(max, wrong.values()))
    error = _standard_error(right, max(one.test_size for one in mine))
    lenient = min(
        _tolerance_limit(right),
        worst - MIN_MARGIN_STANDARD_ERRORS * error,
        worst - MIN_GAP_FRACTION * (worst - best),
    )
    value = round(math.floor(lenient / STEP + 1e-9) * STEP, 4)
    if value <= best:
        return Threshold(
            name, dataset, None, len(right), sign * worst, sign * best, error, None, None, None, ()
        )
    return Threshold(
        name,
        dataset,
        sign * value,
        len(right),
        sign * worst,
        sign * best,
        error,
        tail_probability_upper_bound(right, value),
        _heavy_tailed_probability(right, value),
        1 - (1 - CONFIDENCE) ** (1 / len(right)),
        tuple(_wrong_variant(model, found, value) for model, found in wrong.items()),
    )


def _heavy_tailed_probability(scores: Sequence[float], value: float) -> float:
    spread = statistics.stdev(scores)
    if spread == 0:
        return float(value >= statistics.mean(scores))
    scale = spread / stats.t.std(HEAVY_TAIL_DF)
    return float(stats.t.cdf((value - statistics.mean(scores)) / scale, HEAVY_TAIL_DF))


def _tolerance_limit(right_scores: Sequence[float]) -> float:
    n = len(right_scores)
    factor = stats.nct.ppf(CONFIDENCE, n - 1, stats.norm.isf(MAX_FALSE_FAIL_RATE) * math.sqrt(n)) / math.sqrt(
        n
    )
    return statistics.mean(right_scores) - float(factor) * statistics.stdev(right_scores)


def _standard_error(right_scores: Sequence[float], test_size: int) -> float:
    worst = min(right_scores)
    return math.sqrt(worst * (1 - worst) / test_size) if test_size else statistics.stdev(right_scores)


def _wrong_variant(model: str, scores: Sequence[float], value: float) -> WrongVariant:
    passed = sum(score >= value for score in scores)
    at_most = tail_probability_upper_bound([-score for score in scores], -value) if len(scores) > 1 else None
    return WrongVariant(model, len(scores), passed, at_most)
