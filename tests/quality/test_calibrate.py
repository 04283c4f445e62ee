"""The committed accuracy thresholds separate right from wrong by what was measured."""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from autograder.course import load_course
from autograder.errors import StaffError
from autograder.facts import calibration_inputs
from autograder.quality.calibrate import (
    MAX_TABLE_SEEDS,
    calibrate,
    measure,
    released_runs,
    unmeasured,
    write_results,
)
from autograder.quality.thresholds import (
    CONFIDENCE,
    LOOKS,
    MAX_FALSE_FAIL_RATE,
    MAX_FALSE_PASS_RATE,
    MIN_MARGIN_STANDARD_ERRORS,
    Experiment,
    apart_from_itself,
    are_apart,
    fit,
    needing_more_seeds,
    tail_probability_upper_bound,
)
from tests.build.conftest import copy_course
from tests.lab.conftest import ROOT

ASSIGNMENT = load_course(ROOT).assignment("lab_4_4_rnn")
SEEDS = 30
HELD_OUT = 2_000


def train_here(trainings: Iterable[tuple[int, Experiment]]) -> Iterable[float]:
    return (experiment.score(seed) for seed, experiment in trainings)


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    actual: dict[str, Any] = json.loads(ASSIGNMENT.calibration.read_bytes())
    return actual


def test_the_thresholds_were_measured_with_this_kit_and_these_parameters(measured: dict[str, Any]) -> None:
    assert measured["measured_with"] == calibration_inputs(ASSIGNMENT)


def test_every_threshold_rests_on_thirty_seeds_of_right_answers_and_excludes_what_it_must_catch(
    measured: dict[str, Any],
) -> None:
    assert all(item["seeds"] >= SEEDS for item in measured["errors"])
    for item in measured["errors"]:
        for wrong in item["wrong_variants"]:
            assert wrong["seeds"] >= SEEDS or wrong["pass_upper_bound"] <= MAX_FALSE_PASS_RATE


@pytest.mark.parametrize("data", ["embedded", "imdb"])
@pytest.mark.parametrize(
    ("threshold", "right", "wrong"),
    [
        ("dense", "Dense", ["Dense on the ids", "Dense, labels shuffled"]),
        ("lstm", "LSTM", ["LSTM without a mask", "LSTM, untrained", "LSTM, labels shuffled"]),
        ("gru", "GRU", ["GRU without a mask", "GRU, untrained", "GRU, labels shuffled"]),
    ],
)
def test_a_threshold_is_four_standard_errors_below_right_and_above_wrong(
    measured: dict[str, Any], data: str, threshold: str, right: str, wrong: list[str]
) -> None:
    scores, value = measured["scores"], measured["thresholds"][threshold][data]
    if (threshold, data) == ("lstm", "imdb"):
        wrong = [name for name in wrong if "mask" not in name]  # see docs/calibration.md
    worst = min(scores[f"{data}: {right}"])
    assert value <= worst - MIN_MARGIN_STANDARD_ERRORS * math.sqrt(worst * (1 - worst) / HELD_OUT)
    assert value > max(score for name in wrong for score in scores[f"{data}: {name}"])


def test_the_order_task_tells_reading_in_order_from_averaging(measured: dict[str, Any]) -> None:
    scores, value = measured["scores"], measured["thresholds"]["order"]["order task"]
    assert min(scores["order task: SimpleRNN"]) > value > max(scores["order task: averaging"])


def test_the_forecaster_beats_the_naive_forecast_by_a_margin(measured: dict[str, Any]) -> None:
    scores, value = measured["scores"], measured["thresholds"]["forecast"]["series"]
    assert max(scores["series: GRU"]) < value < min(scores["series: GRU, sigmoid output"])
    assert value < 1


def test_the_embedded_corpus_tells_the_story_of_the_lab(measured: dict[str, Any]) -> None:
    scores = measured["scores"]
    for kind in ("LSTM", "GRU"):
        masked, unmasked = scores[f"embedded: {kind}"], scores[f"embedded: {kind} without a mask"]
        assert min(masked) >= 0.78
        assert max(unmasked) <= min(masked) - 0.10
    assert all(0.70 <= score <= 0.85 for score in scores["embedded: Dense"])


def test_every_threshold_states_how_often_it_may_fail_a_right_answer(measured: dict[str, Any]) -> None:
    stated = {(item["name"], item["dataset"]): item for item in measured["errors"]}
    assert stated.keys() == {
        (name, data) for name in measured["thresholds"] for data in measured["thresholds"][name]
    }
    assert all(value["false_fail_upper_bound"] <= MAX_FALSE_FAIL_RATE for value in stated.values())
    assert all(value["false_fail_heavy_tailed"] <= 2 * MAX_FALSE_FAIL_RATE for value in stated.values())
    assert all(wrong["passed_seeds"] == 0 for value in stated.values() for wrong in value["wrong_variants"])


RIGHT = [0.90 + 0.01 * (n % 5) for n in range(30)]
WRONG = [0.50 + 0.01 * (n % 3) for n in range(30)]


def variant(name: str, score: Callable[[int], float], *, right: bool = False) -> Experiment:
    return Experiment(name, "made up", score, "lstm", right, test_size=4_000)


def pair(*, tested_on: int = 0, lower_is_better: bool = False) -> list[Experiment]:
    names = {"right": True, "wrong": False}
    return [
        Experiment(name, "made up", float, "lstm", right, tested_on, lower_is_better)
        for name, right in names.items()
    ]


def scores(right: list[float], wrong: list[float]) -> dict[str, list[float]]:
    return {"made up: right": right, "made up: wrong": wrong}


def test_a_threshold_lies_a_third_of_the_way_to_the_best_wrong_score_where_that_is_most_lenient() -> None:
    (threshold,) = fit(pair(tested_on=4_000), scores(RIGHT, WRONG))
    assert threshold.value == pytest.approx(0.77)
    assert (
        threshold.false_fail_upper_bound is not None
        and threshold.false_fail_upper_bound < MAX_FALSE_FAIL_RATE
    )


def test_a_threshold_lies_where_a_right_answer_fails_once_in_a_thousand_where_that_is_most_lenient() -> None:
    (threshold,) = fit(pair(tested_on=40_000), scores(RIGHT, [score + 0.33 for score in WRONG]))
    assert threshold.value == pytest.approx(0.86), (
        "the mean less 4.02 standard deviations, see Hahn and Meeker"
    )
    assert (
        threshold.false_fail_upper_bound is not None
        and MAX_FALSE_FAIL_RATE / 2 < threshold.false_fail_upper_bound <= MAX_FALSE_FAIL_RATE
    )
    assert threshold.false_fail_heavy_tailed == pytest.approx(0.0021, rel=0.05), "4.17 times sqrt(2), t(4)"


def test_a_threshold_that_cannot_separate_is_dropped() -> None:
    (threshold,) = fit(pair(tested_on=400), scores(RIGHT, [0.88, 0.89]))
    assert (threshold.value, threshold.false_fail_upper_bound, threshold.wrong_variants) == (None, None, ())


def test_a_threshold_lies_above_the_wrong_variants_that_can_be_separated_and_names_the_others() -> None:
    experiments = [*pair(tested_on=4_000), variant("nearly right", float)]
    measured = {**scores(RIGHT, WRONG), "made up: nearly right": [0.7, 0.89]}
    (threshold,) = fit(experiments, measured)
    assert threshold.value == fit(pair(tested_on=4_000), scores(RIGHT, WRONG))[0].value
    assert threshold.not_separated == ("nearly right",)
    assert [excluded.model for excluded in threshold.wrong_variants] == ["wrong"]
    assert needing_more_seeds(experiments, measured, 30) == []


def test_with_few_seeds_nothing_is_sure_and_the_threshold_is_dropped() -> None:
    (threshold,) = fit(pair(tested_on=4_000), scores([0.90, 0.94], WRONG))
    assert threshold.value is None


def test_where_less_is_better_a_threshold_lies_above_the_worst_right_score() -> None:
    (threshold,) = fit(pair(lower_is_better=True), scores([1 - score for score in RIGHT], [1.0, 1.0]))
    assert threshold.value == pytest.approx(0.40)
    assert threshold.wrong_variants[0].passed_seeds == 0 and threshold.wrong_variants[0].pass_upper_bound == 0


@pytest.mark.slow
def test_the_chance_to_lie_beyond_a_threshold_covers_the_true_one_as_often_as_it_says() -> None:
    generator, value, runs = np.random.default_rng(7), -2.0, 2_000
    truth = NormalDist().cdf(value)
    bounds = [tail_probability_upper_bound(list(generator.normal(size=30)), value) for _ in range(runs)]
    covered = sum(bound >= truth for bound in bounds) / runs
    assert abs(covered - CONFIDENCE) < 4 * math.sqrt(CONFIDENCE * (1 - CONFIDENCE) / runs)


def test_a_stopped_calibration_resumes_where_it_stopped(tmp_path: Path) -> None:
    assignment = replace(
        load_course(copy_course(tmp_path / "course")).assignment("tiny"), calibration_inputs=()
    )
    trained: list[int] = []

    def score(seed: int) -> float:
        if len(trained) == 3:
            raise KeyboardInterrupt
        trained.append(seed)
        return 0.9 + seed / 100

    experiments = [Experiment("right", "made up", score, "lstm"), Experiment("table", "made up", score)]
    with pytest.raises(KeyboardInterrupt):
        measure(assignment, experiments, 3, Console(quiet=True), train=train_here)
    assert trained == [0, 0, 1]
    trained.append(-1)
    actual = measure(assignment, experiments, 10, Console(quiet=True), train=train_here)
    assert trained == [0, 0, 1, -1, 1, *(seed for seed in range(2, 8) for _ in range(2)), 8, 9]
    assert actual["made up: right"] == [round(0.9 + seed / 100, 4) for seed in range(10)]
    assert not assignment.calibration.exists(), "thresholds change when all are measured"


def test_scores_of_other_parameters_are_discarded(tmp_path: Path) -> None:
    root = copy_course(tmp_path / "course")
    assignment = replace(load_course(root).assignment("tiny"), calibration_inputs=())
    old = [Experiment("right", "made up", lambda _seed: 0.9, "lstm")]
    measure(assignment, old, 2, Console(quiet=True), train=train_here)
    config = root / "course_config.py"
    config.write_text(config.read_text().replace('"width": 3', '"width": 4'))
    changed = replace(load_course(root).assignment("tiny"), calibration_inputs=())
    assert changed.lab != assignment.lab
    new = [Experiment("right", "made up", lambda _seed: 0.5, "lstm")]
    assert measure(changed, new, 1, Console(quiet=True), train=train_here) == {"made up: right": [0.5]}


def test_only_what_is_wanted_is_trained_and_what_is_missing_is_named(tmp_path: Path) -> None:
    assignment = replace(
        load_course(copy_course(tmp_path / "course")).assignment("tiny"), calibration_inputs=()
    )
    experiments = [Experiment(name, "made up", lambda _seed: 0.9, name) for name in ("gru", "lstm")]
    actual = measure(
        assignment, experiments, 2, Console(quiet=True), train=train_here, wanted=experiments[1:]
    )
    assert actual == {"made up: lstm": [0.9, 0.9]}
    assert unmeasured(experiments, actual, 2) == ["gru"]


def seeds_by_model(tmp_path: Path, wrong: dict[str, Callable[[int], float]]) -> dict[str, int]:
    """Measure a right answer around .9 and wrong ones under 30 seeds at most; return how many each got."""
    assignment = replace(
        load_course(copy_course(tmp_path / "course")).assignment("tiny"), calibration_inputs=()
    )
    experiments = [variant("right", lambda seed: RIGHT[seed], right=True)]
    experiments += [variant(name, score) for name, score in wrong.items()]
    actual = measure(assignment, experiments, 30, Console(quiet=True), train=train_here)
    assert unmeasured(experiments, actual, 30) == []
    return {key.removeprefix("made up: "): len(values) for key, values in actual.items()}


def test_a_wrong_variant_is_trained_until_its_chance_to_pass_is_known_to_be_tiny(tmp_path: Path) -> None:
    look = 30 // LOOKS
    far, wide = np.random.default_rng(3).normal([[0.5], [0.5]], [[0.005], [0.06]], (2, 30))
    counts = seeds_by_model(tmp_path, {"far": far.__getitem__, "wide": wide.__getitem__})
    assert counts["right"] == 30, "a right answer that fails is the worse error"
    assert counts["far"] == look
    assert look < counts["wide"] <= 30 and counts["wide"] % look == 0


def test_a_wrong_variant_that_no_threshold_can_exclude_stops_at_the_first_look(tmp_path: Path) -> None:
    counts = seeds_by_model(tmp_path, {"as good": lambda _seed: 0.9, "far": lambda _seed: 0.5})
    assert counts == {"right": 30, "as good": 30 // LOOKS, "far": 30 // LOOKS}


def test_a_wrong_variant_near_the_threshold_is_trained_under_every_seed(tmp_path: Path) -> None:
    near = np.random.default_rng(5).normal(0.6, 0.12, 30).clip(0, 0.8)
    assert seeds_by_model(tmp_path, {"near": near.__getitem__})["near"] == 30


CALIBRATED_LAB = """
from autograder.quality.thresholds import Experiment

def experiments(answers, lab):
    scores = {"right": 0.9, "wrong": 0.4}
    return [
        Experiment(name, "made up", lambda seed, score=score: score + seed / 1_000, "mean", name == "right")
        for name, score in scores.items()
    ]
"""


@pytest.mark.slow
def test_processes_train_and_old_thresholds_stay_until_all_are_measured(tmp_path: Path) -> None:
    root = copy_course(tmp_path / "course")
    (root / "source" / "tiny" / "measure.py").write_text(CALIBRATED_LAB)
    assignment = replace(load_course(root).assignment("tiny"), calibration_inputs=())
    page = calibrate(assignment, 12, Console(quiet=True))
    stored = json.loads(assignment.calibration.read_bytes())
    assert stored["scores"]["made up: right"] == [round(0.9 + seed / 1_000, 4) for seed in range(12)]
    assert 0.41 < stored["thresholds"]["mean"]["made up"] < 0.9
    assert "| mean | made up |" in page.read_text()
    with pytest.raises(StaffError, match=r"no threshold 'maen' in measure\.py; did you mean 'mean'"):
        calibrate(assignment, 12, Console(quiet=True), only=["maen"])


def test_the_page_gets_tables_and_a_figure(tmp_path: Path) -> None:
    assignment = load_course(copy_course(tmp_path / "course")).assignment("tiny")
    page = write_results(assignment, pair(tested_on=4_000), scores(RIGHT, WRONG))
    text = page.read_text()
    assert page == assignment.root / "docs" / "results" / "calibration.md"
    assert "| lstm | made up | 0.77 | 30 | 0.900 | 0.520 |" in text
    assert "| lstm | made up | wrong | 0 of 30 |" in text
    assert page.with_name("calibration.png").read_bytes().startswith(b"\x89PNG")


def test_chance_in_training_makes_a_network_differ_from_itself() -> None:
    assert apart_from_itself([0.8, 0.81, 0.82], 1_000) == 0
    assert apart_from_itself([0.7, 0.81, 0.82], 1_000) == pytest.approx(2 / 3)
    assert apart_from_itself([0.7, 0.81, 0.82], 50) == 0
    assert apart_from_itself([0.7], 1_000) == 0


def networks(*names: str) -> list[Experiment]:
    return [Experiment(f"{name} again", "made up", float, released_as=name) for name in names]


def test_networks_are_apart_when_their_means_differ_by_more_than_two_standard_errors() -> None:
    low, high = [0.79, 0.81] * 8, [0.83, 0.85] * 8
    assert are_apart(high, low)
    assert not are_apart(low, high)
    assert not are_apart(high, high)
    assert not are_apart([0.80, 0.88], [0.78, 0.86])


def test_the_released_runs_are_those_of_the_seeds_that_every_network_has() -> None:
    scores = {"made up: A again": [0.9, 0.91, 0.92], "made up: B again": [0.5, 0.51]}
    runs = released_runs(ASSIGNMENT, networks("A", "B"), scores)
    assert runs["settings"]["units"] == ASSIGNMENT.lab.units
    assert runs["datasets"] == {
        "made up": {"accuracies": {"A": [0.9, 0.91], "B": [0.5, 0.51]}, "apart": [["A", "B"]]}
    }


def test_no_runs_are_released_before_every_network_has_two() -> None:
    scores = {"made up: A again": [0.9, 0.91, 0.92], "made up: B again": [0.5]}
    assert released_runs(ASSIGNMENT, networks("A", "B"), scores) == {}
    assert released_runs(ASSIGNMENT, pair(), scores) == {}


def test_released_networks_are_trained_under_every_seed(tmp_path: Path) -> None:
    assignment = replace(
        load_course(copy_course(tmp_path / "course")).assignment("tiny"), calibration_inputs=()
    )
    table = Experiment("table", "made up", lambda _seed: 0.5)
    released = Experiment("A again", "made up", lambda seed: 0.6 + seed / 100, released_as="A")
    seeds = MAX_TABLE_SEEDS + 2
    actual = measure(assignment, [table, released], seeds, Console(quiet=True), train=train_here)
    assert [len(actual[item.key]) for item in (table, released)] == [MAX_TABLE_SEEDS, seeds]
    runs = released_runs(assignment, [table, released], actual)
    assert len(runs["datasets"]["made up"]["accuracies"]["A"]) == seeds
