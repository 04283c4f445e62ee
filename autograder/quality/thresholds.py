"""Put a threshold between the scores of right and wrong answers, and say how often it errs.

Scores over seeds are taken to be normal. The chance of failing a right answer is bounded by a
one-sided tolerance limit (noncentral t: Hahn and Meeker, *Statistical Intervals*, 1991, §4.6).
A training that occasionally goes wrong makes longer tails than that, so two more figures are
given: an estimate with heavy tails, and what the number of seeds alone implies.
"""

import itertools
import math
import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from scipy import optimize, stats

Scores = dict[str, list[float]]
"""By the key of the experiment, in the order of the seeds."""

MAX_FALSE_FAIL_RATE = 0.001
"""A threshold fails a right answer with at most this chance ..."""

CONFIDENCE = 0.95
"""... which is true of this share of all thresholds fitted in this way."""

MAX_FALSE_PASS_RATE = 0.001
"""A wrong variant needs no more seeds once it passes with at most this chance ..."""

LOOKS = 6
"""... which is asked so many times at most, each time after a sixth of the seeds."""

LOOK_CONFIDENCE = 1 - (1 - CONFIDENCE) / LOOKS
"""Confidence of one look, so that all of them together keep ``CONFIDENCE`` (Bonferroni)."""

HEAVY_TAIL_DF = 4
"""Degrees of freedom of a Student's t whose extremes are far more frequent than normal ones."""

MIN_MARGIN_STANDARD_ERRORS = 4.0
"""Distance of a threshold from the worst right score, in standard errors, at least."""

MIN_GAP_FRACTION = 1 / 3
"""Distance from the worst right score, as a share of the gap to the best wrong one, at least."""

STEP = 0.01
"""Thresholds are multiples of this."""

APART_STANDARD_ERRORS = 2.0
"""Networks whose means over the seeds differ by more are called apart."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One model and one dataset: a score for each seed."""

    model: str
    """Its name in the table, e.g. ``LSTM without a mask``."""

    dataset: str
    """E.g. ``imdb``."""

    score: Callable[[int], float]
    """Trains the model under a seed and returns its score."""

    threshold: str = ""
    """The threshold that this score decides, e.g. ``lstm``; empty for a row of the table only."""

    is_right: bool = True
    """Whether it must pass that threshold."""

    test_size: int = 0
    """Number of examples behind an accuracy; 0 for a score that is not an accuracy."""

    lower_is_better: bool = False

    every_seed: bool = False
    """Whether it is trained under every seed though it decides no threshold."""

    released_as: str = ""
    """The name under which students get its scores, e.g. ``LSTM``; empty for none."""

    @property
    def needs_every_seed(self) -> bool:
        """Return True unless a few seeds are enough for a row of the table."""
        return bool(self.threshold or self.every_seed or self.released_as)

    @property
    def may_stop_early(self) -> bool:
        """Return True for a wrong variant that needs only the seeds that show that it fails."""
        return bool(self.threshold) and not (self.is_right or self.every_seed or self.released_as)

    @property
    def key(self) -> str:
        """Return the name under which its scores are stored."""
        return f"{self.dataset}: {self.model}"


@dataclass(frozen=True, slots=True)
class WrongVariant:
    """The scores of a wrong variant, compared with a threshold."""

    model: str
    seeds: int
    passed_seeds: int
    """Number of seeds under which its score passes."""

    pass_upper_bound: float | None
    """Upper confidence limit of its chance to pass, for normal scores."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold, the scores around it, and how often it errs."""

    name: str
    dataset: str
    value: float | None
    """None if all wrong scores are too close to right ones: better no threshold than an unfair one."""

    seeds: int
    worst_right: float | None = None
    best_wrong: float | None = None
    standard_error: float | None = None
    """Of the worst right score: of an accuracy by its formula, otherwise over the seeds."""

    false_fail_upper_bound: float | None = None
    """Upper confidence limit of the chance to fail a right answer, for normal scores."""

    false_fail_heavy_tailed: float | None = None
    """Estimate of that chance for scores with the tails of Student's t."""

    false_fail_nonparametric: float | None = None
    """Upper confidence limit without an assumption: none of so many seeds failed."""

    wrong_variants: tuple[WrongVariant, ...] = ()
    """Those that it separates from the right answers."""

    not_separated: tuple[str, ...] = ()
    """Wrong variants whose scores come too close to right ones: other checks must catch them."""

    def excludes(self, model: str) -> bool:
        """Return True if a wrong variant, given by its name, passes with a tiny chance at most."""
        for variant in self.wrong_variants:
            if variant.model == model and variant.pass_upper_bound is not None:
                return variant.pass_upper_bound <= MAX_FALSE_PASS_RATE
        return False


def are_apart(ahead: Sequence[float], behind: Sequence[float]) -> bool:
    """Return True if the mean of ``ahead`` is clearly above that of ``behind``."""
    square = statistics.variance(ahead) / len(ahead) + statistics.variance(behind) / len(behind)
    gap = statistics.mean(ahead) - statistics.mean(behind)
    return gap > APART_STANDARD_ERRORS * math.sqrt(square)


def apart_from_itself(accuracies: Sequence[float], n: int) -> float:
    """Return the share of pairs of runs of one network that their standard errors call apart.

    Standard errors know the chance in the test set, not that in training: two accuracies on n
    examples count as apart if they differ by more than ``APART_STANDARD_ERRORS`` standard errors of
    the difference. It is 0 for fewer than two runs.
    """
    pairs = list(itertools.combinations(accuracies, 2))
    apart = 0
    for first, second in pairs:
        error = math.sqrt((first * (1 - first) + second * (1 - second)) / n)
        apart += abs(first - second) > APART_STANDARD_ERRORS * error
    return apart / max(1, len(pairs))


def fit(experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]]) -> list[Threshold]:
    """Put each threshold between the scores of right and wrong answers.

    It is the most lenient of three values: where a right answer fails with a chance of
    ``MAX_FALSE_FAIL_RATE``, ``MIN_MARGIN_STANDARD_ERRORS`` beyond the worst right score, or a
    third of the way to the best wrong one. Wrong variants that this does not separate from right
    answers are left out; if that leaves none, there is no threshold.
    """
    thresholds = []
    for name, dataset in sorted({(e.threshold, e.dataset) for e in experiments if e.threshold}):
        measured = measured_experiments(experiments, scores, name, dataset)
        thresholds.append(_fit_threshold(name, dataset, measured, scores))
    return thresholds


def measured_experiments(
    experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]], name: str, dataset: str
) -> list[Experiment]:
    """Return the experiments that decide a threshold, given by name and dataset, and have scores."""
    deciding = [item for item in experiments if (item.threshold, item.dataset) == (name, dataset)]
    return [experiment for experiment in deciding if scores.get(experiment.key)]


def needing_more_seeds(
    experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]], seeds: int
) -> list[Experiment]:
    """Return the wrong variants that must be trained under more seeds, of at most ``seeds``.

    A variant is decided when its chance to pass is at most ``MAX_FALSE_PASS_RATE``, or when it cannot
    be separated from the right answers: with all right scores at hand, a variant whose best score is
    too close to them stays so however many scores follow.

    Args:
        experiments: their right answers have all their scores.
        scores: what is measured.
        seeds: the most that any experiment gets.
    """
    fitted = {(threshold.name, threshold.dataset): threshold for threshold in fit(experiments, scores)}
    needing = []
    for experiment in experiments:
        measured = len(scores.get(experiment.key, ()))
        if not experiment.may_stop_early or measured >= seeds:
            continue
        threshold = fitted[experiment.threshold, experiment.dataset]
        is_decided = threshold.excludes(experiment.model) or experiment.model in threshold.not_separated
        if measured < 2 or not is_decided:
            needing.append(experiment)
    return needing


def tail_probability_upper_bound(
    scores: Sequence[float], value: float, confidence: float = CONFIDENCE
) -> float:
    """Return an upper confidence limit of the chance that a score is at or below ``value``.

    It is 1 where it would be a half or more.

    Args:
        scores: two or more, taken to be independent and normal.
        value: the threshold.
        confidence: share of such limits that are above the true chance.
    """
    mean, spread, n = statistics.mean(scores), statistics.stdev(scores), len(scores)
    if spread == 0 or value >= mean:
        return float(value >= mean)
    distance = (mean - value) / spread

    # Solve for the true distance z under which the observed one is as large as this with the
    # chance ``confidence``: sqrt(n) times the observed distance is noncentral t around sqrt(n) z.
    def surplus(z: float) -> float:
        return float(stats.nct.cdf(distance * math.sqrt(n), n - 1, z * math.sqrt(n))) - confidence

    if surplus(0) <= 0:
        return 1.0
    return float(stats.norm.sf(optimize.brentq(surplus, 0, distance)))


def _fit_threshold(
    name: str, dataset: str, experiments: Sequence[Experiment], scores: Mapping[str, Sequence[float]]
) -> Threshold:
    # Scores where lower is better are negated, so that right scores are always above.
    sign = 1
    if any(experiment.lower_is_better for experiment in experiments):
        sign = -1
    right: list[float] = []
    wrong: dict[str, list[float]] = {}
    test_size = 0
    for experiment in experiments:
        test_size = max(test_size, experiment.test_size)
        signed = [sign * score for score in scores[experiment.key]]
        if experiment.is_right:
            right += signed
        else:
            wrong[experiment.model] = signed
    if len(right) < 2 or not wrong:
        return Threshold(name, dataset, None, len(right))
    mean, spread, worst = statistics.mean(right), statistics.stdev(right), min(right)
    error = math.sqrt(worst * (1 - worst) / test_size) if test_size else spread
    fair = min(mean - _tolerance_factor(len(right)) * spread, worst - MIN_MARGIN_STANDARD_ERRORS * error)
    best_scores = {model: max(variant) for model, variant in wrong.items()}
    value, not_separated = _separate(worst, fair, best_scores)
    separated = {model: variant for model, variant in wrong.items() if model not in not_separated}
    threshold = Threshold(
        name,
        dataset,
        None,
        len(right),
        worst_right=sign * worst,
        best_wrong=sign * max(best_scores[model] for model in separated or wrong),
        standard_error=error,
        not_separated=not_separated,
    )
    if value is None:
        return threshold
    heavy_tailed = float(value >= mean)
    if spread:
        scale = spread / stats.t.std(HEAVY_TAIL_DF)
        heavy_tailed = float(stats.t.cdf((value - mean) / scale, HEAVY_TAIL_DF))
    return replace(
        threshold,
        value=sign * value,
        false_fail_upper_bound=tail_probability_upper_bound(right, value),
        false_fail_heavy_tailed=heavy_tailed,
        false_fail_nonparametric=1 - (1 - CONFIDENCE) ** (1 / len(right)),
        wrong_variants=tuple(_wrong_variant(model, separated[model], value) for model in separated),
    )


def _tolerance_factor(n: int) -> float:
    """Return how many standard deviations below the mean of n normal scores a fair threshold is."""
    root_n = math.sqrt(n)
    quantile = stats.norm.isf(MAX_FALSE_FAIL_RATE) * root_n
    return float(stats.nct.ppf(CONFIDENCE, n - 1, quantile)) / root_n


def _separate(
    worst: float, fair: float, best_scores: Mapping[str, float]
) -> tuple[float | None, tuple[str, ...]]:
    """Return a threshold and the wrong variants that it does not separate from right answers.

    Args:
        worst: the worst score of a right answer; higher is better.
        fair: the highest threshold that is fair to right answers.
        best_scores: of each wrong variant; the best ones are left out first.
    """
    by_score = sorted(best_scores, key=lambda model: -best_scores[model])
    for place, model in enumerate(by_score):
        best = best_scores[model]
        lenient = min(fair, worst - MIN_GAP_FRACTION * (worst - best))
        # 1e-9: a multiple of STEP must not fall to the next lower one by rounding.
        value = round(math.floor(lenient / STEP + 1e-9) * STEP, 4)
        if value > best:
            return value, tuple(by_score[:place])
    return None, tuple(by_score)


def _wrong_variant(model: str, scores: Sequence[float], value: float) -> WrongVariant:
    passed = sum(score >= value for score in scores)
    upper_bound = None
    if len(scores) > 1:
        # The chance to be above the threshold is that of the negated scores to be below it.
        upper_bound = tail_probability_upper_bound(list(map(operator.neg, scores)), -value, LOOK_CONFIDENCE)
    return WrongVariant(model, len(scores), passed, upper_bound)
