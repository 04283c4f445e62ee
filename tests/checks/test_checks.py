"""The check vocabulary: what it accepts, and the one sentence it says otherwise."""

import os
import sys
import time
from collections import Counter, OrderedDict, defaultdict, namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder import checks
from autograder.checks import MismatchError, Outcome

rnnlab = pytest.importorskip("rnnlab")
keras = rnnlab.training.keras
L = keras.layers


def mismatch(function: Callable[..., Any], *args: Any, **kwargs: Any) -> MismatchError:
    with pytest.raises(MismatchError) as caught:
        function(*args, **kwargs)
    return caught.value


def classifier(*, width: int = 7, words: int = 11) -> Any:
    model = keras.Sequential(
        [keras.Input((width,)), L.Embedding(words, 3, mask_zero=True), L.GRU(2), L.Dense(1, "sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


class TestCallingAnAnswer:
    @pytest.mark.parametrize(
        "build",
        [
            lambda: L.GRU(3, batch_input_shape=(None, 4)),
            lambda: L.CuDNNLSTM(3),
            lambda: keras.optimizers.Adam(lr=0.1),
            lambda: keras.optimizers.legacy.Adam(),
            lambda: keras.Sequential([L.Dense(1)]).compile("adam", "mse", metrics="mae"),
            lambda: keras.Sequential([L.Dense(1)]).compile(keras.optimizers.Adam, "mse"),
        ],
    )
    def test_code_for_an_older_keras_is_told_so(self, build: Callable[[], Any]) -> None:
        assert "older books" in mismatch(checks.call, build).sentence

    @pytest.mark.parametrize("missing", [None, ...])
    def test_a_missing_answer_is_blocked_and_not_answered_yet(self, missing: Any) -> None:
        actual = mismatch(checks.call, missing, 1)
        assert actual.outcome is Outcome.BLOCKED
        assert "not answered yet" in actual.sentence

    def test_an_untouched_stub_is_not_answered_yet(self) -> None:
        def documented(rows: Any, width: int = 3) -> Any:
            """Return rows of one width."""
            # TODO(q2): cut and fill at the end
            ...

        def empty() -> None:
            pass

        for stub in (documented, empty, lambda: None):
            for check in (checks.call, checks.unchanged, checks.raises):
                actual = mismatch(check, stub, 1)
                assert actual.outcome is Outcome.BLOCKED
                assert "not answered yet" in actual.sentence

    @pytest.mark.parametrize("returned", [None, ...])
    def test_an_answer_without_a_return_is_told_to_end_with_one(self, returned: Any) -> None:
        def add_up(values: Any) -> Any:
            _total = sum(values)
            return returned

        actual = mismatch(checks.call, add_up, [1, 2])
        assert actual.outcome is Outcome.FAILED
        assert actual.sentence == "add_up returned None: end it with `return …`."

    def test_an_answer_that_is_one_constant_is_no_stub(self) -> None:
        assert checks.call(lambda: 5) == 5

    @pytest.mark.parametrize("error", [ZeroDivisionError("zero"), SystemExit(3), RecursionError()])
    def test_whatever_the_answer_raises_is_one_sentence_with_its_line(self, error: BaseException) -> None:
        def divide() -> None:
            raise error

        actual = mismatch(checks.call, divide)
        assert actual.outcome is Outcome.ERRORED
        assert f"divide raised an error: {type(error).__name__} in line 2" in actual.sentence
        assert "\n" not in actual.sentence

    def test_an_interrupt_by_the_user_stays_an_interrupt(self) -> None:
        def interrupted() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            checks.call(interrupted)

    def test_an_endless_loop_ends_at_the_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def endless() -> None:
            while True:
                time.sleep(0.01)

        monkeypatch.setattr(checks.answers, "CALL_TIMEOUT_S", 0.2)
        actual = mismatch(checks.call, endless)
        assert actual.outcome is Outcome.ERRORED
        assert "took too long" in actual.sentence

    @pytest.mark.parametrize("argument", [[3, 1, 2], np.array([3, 1, 2])], ids=["list", "array"])
    def test_an_argument_that_was_changed_is_noticed(self, argument: Any) -> None:
        def sort_in_place(values: Any) -> int:
            values.sort()
            return 1

        assert "modifies its arguments" in mismatch(checks.unchanged, sort_in_place, argument).sentence
        checks.call(sort_in_place, argument)
        assert list(argument) == [3, 1, 2]

    def test_nan_in_an_argument_is_not_taken_for_a_change(self) -> None:
        checks.unchanged(lambda _values: 1, np.array([np.nan, 2.0]))

    def test_only_plain_data_and_keras_own_models_come_out(self) -> None:
        class Always(str):
            def __eq__(self, other: object) -> bool:
                return True

            __hash__ = str.__hash__

        class Own(keras.Model):
            pass

        for value in (Always("x"), [Always("x")], object(), (item for item in "ab")):
            assert mismatch(checks.call, lambda value=value: value).outcome is Outcome.REVIEW
            assert mismatch(checks.hidden.call, lambda value=value: value).outcome is Outcome.FAILED
        for value in (np.array([[1], [2, 3]], dtype=object), len, [None], checks):
            assert mismatch(checks.call, lambda value=value: value).outcome is Outcome.FAILED
        own = mismatch(checks.call, Own)
        assert (own.outcome, "class of your own" in own.sentence) == (Outcome.REVIEW, True)
        plain = (1, [2.5, "three"], {"four": np.int64(4)}, {"five"})
        assert checks.call(lambda: plain) == (1, [2.5, "three"], {"four": 4}, {"five"})
        pair = namedtuple("pair", "word count")
        for value in (Counter("aab"), OrderedDict(a=2, b=1), defaultdict(int, a=2, b=1)):
            returned = checks.call(lambda value=value: [value, pair("a", 2)])
            assert [type(part) for part in returned] == [dict, tuple]
            assert returned == [{"a": 2, "b": 1}, ("a", 2)]
        model = classifier()
        assert checks.call(lambda: model) is model


class TestValues:
    def test_an_int_and_a_numpy_int_are_equal_and_a_float_beside_is_not(self) -> None:
        checks.equal(np.int64(624), 624)
        assert "found 625, expected 624" in mismatch(checks.equal, 625, 624).sentence
        assert "found 0.5, expected 1.5" in mismatch(checks.equal, np.float64(0.5), np.float64(1.5)).sentence

    def test_a_row_of_another_width_is_a_wrong_shape_and_not_a_crash(self) -> None:
        actual = mismatch(checks.equal, np.zeros((2, 4)), np.zeros((2, 3)))
        assert "found (2, 4), expected (2, 3)" in actual.sentence
        mismatch(checks.equal, [[1], [2, 3]], np.zeros((2, 3)))

    def test_axes_of_length_one_do_not_count_and_others_do(self) -> None:
        rows = np.array([[1.0], [2.0], [3.0]])
        for check in (checks.equal, checks.close):
            check(rows, np.array([1.0, 2.0, 3.0]))
            check(rows[:, 0], rows)
            check([[7.0]], np.array(7.0))
            text = mismatch(check, np.ones((2, 3)), np.ones((3, 2))).sentence
            assert "wrong shape: found (2, 3), expected (3, 2)" in text
        assert checks.as_array(rows, (None,)).tolist() == [1.0, 2.0, 3.0]
        assert checks.as_array([[1, 2], [3, 4], [5, 6]], (None, 2, 1)).shape == (3, 2, 1)
        assert checks.as_array(np.ones((1, 2, 1)), (None, 2, 1)).shape == (1, 2, 1)
        assert "expected (any, 4)" in mismatch(checks.as_array, np.ones((2, 3)), (None, 4)).sentence
        assert "not contain only real numbers" in mismatch(checks.as_array, "ab", (None,)).sentence
        assert "found (3, 1), expected (any,)" in mismatch(checks.shape, rows, (None,)).sentence
        checks.shape(rows, (None, 1))

    def test_a_text_is_compared_by_its_words_where_spaces_are_left_open(self) -> None:
        for text in ("one two", " one  two ", ["one", "two"]):
            checks.equal(text, "one two", any_spacing=True)
        mismatch(checks.equal, "onetwo", "one two", any_spacing=True)
        mismatch(checks.equal, 12, "one two", any_spacing=True)
        checks.single_spaced("one two")
        for value, says in ((" one", "a space too many"), ("one  two", "too many"), (["one"], "wrong type")):
            assert says in mismatch(checks.single_spaced, value).sentence

    def test_a_set_passes_where_the_order_is_left_open(self) -> None:
        checks.equal({"b", "a"}, ["a", "b"], any_order=True)
        mismatch(checks.equal, {"b", "a"}, ["a", "b"])

    def test_a_list_in_place_of_a_tuple_is_named(self) -> None:
        sentence = mismatch(checks.equal, ["ant", "cat"], ("ant", "cat"), what="the pair").sentence
        assert sentence.startswith("the pair is a list, not a tuple: found ['ant', 'cat']")
        assert "is wrong" in mismatch(checks.equal, ["ant"], ("ant", "cat")).sentence

    def test_nan_is_never_close_enough_nor_high_or_low_enough(self) -> None:
        for check in (checks.close, checks.at_least, checks.at_most):
            mismatch(check, float("nan"), 0.5, what="the accuracy")

    @pytest.mark.parametrize("value", ["text", [1, 2], None])
    def test_a_bar_wants_one_number(self, value: Any) -> None:
        mismatch(checks.at_least, value, 0.5, what="the accuracy")

    def test_floats_do_not_pass_for_integers(self) -> None:
        checks.integers(np.zeros((2, 3), dtype=np.uint8))
        mismatch(checks.integers, np.zeros((2, 3)))
        mismatch(checks.integers, [1, 2])

    def test_numpys_integers_are_integers_and_whole_floats_are_not(self) -> None:
        checks.of_type(np.int64(3), int)
        checks.of_type("text", str)
        assert "found float, expected int" in mismatch(checks.of_type, 3.0, int).sentence
        mismatch(checks.of_type, True, int)

    def test_length_counts_entries_of_lists_and_arrays_only(self) -> None:
        checks.length((np.zeros(3), np.zeros(4)), 2)
        for value in (5, "ab", [1, 2, 3]):
            mismatch(checks.length, value, 2)

    def test_a_refusal_must_be_of_the_right_kind(self) -> None:
        def refuses(kind: str) -> None:
            raise ValueError(kind)

        checks.raises(refuses, "other", error=ValueError)
        assert "must raise ValueError" in mismatch(checks.raises, lambda kind: kind, "other").sentence
        assert mismatch(checks.raises, refuses, "other", error=KeyError).outcome is Outcome.ERRORED


class TestModels:
    def test_layers_are_told_apart_by_identity(self) -> None:
        class GRU(L.Dense):
            pass

        checks.layers(classifier(), [L.Embedding, L.GRU, L.Dense])
        fake = keras.Sequential([keras.Input((3,)), GRU(2)])
        own = mismatch(checks.layers, fake, [L.GRU])
        assert (own.outcome, "GRU (your own code)" in own.sentence) == (Outcome.REVIEW, True)

    def test_a_functional_model_with_a_mask_has_the_same_layers_as_a_sequential_one(self) -> None:
        ids = keras.Input((7,))
        model = keras.Model(ids, L.Dense(1)(L.GRU(2)(L.Embedding(11, 3, mask_zero=True)(ids))))
        checks.layers(model, [L.Embedding, L.GRU, L.Dense])

    def test_a_wrong_count_names_the_first_layer_and_its_arrays(self) -> None:
        text = mismatch(checks.params, classifier(), [33, 41, 3]).sentence
        assert "GRU has the wrong size" in text
        assert "arrays of shape (3, 6), (2, 6), (2, 6)" in text
        assert "expected 41" in text
        checks.params(classifier(), [33, 42, 3])
        checks.params(classifier(), 78)

    def test_lying_methods_do_not_change_a_count(self) -> None:
        model = classifier()
        model.count_params = lambda: 5
        mismatch(checks.params, model, 5)

    @pytest.mark.parametrize(
        "answer",
        [None, "a model", keras.Sequential([L.Dense(2)])],
        ids=["none", "text", "unbuilt"],
    )
    @pytest.mark.parametrize(
        "check",
        [
            lambda model: checks.params(model, 3),
            lambda model: checks.input_shape(model, (None, 3)),
            lambda model: checks.output(model, (None, 1)),
            lambda model: checks.padding_invariant(model, model),
            lambda model: checks.separate(model, model),
            lambda model: checks.output_range(model, 0, 1),
        ],
    )
    def test_what_is_no_built_model_gets_one_clear_sentence(
        self, answer: Any, check: Callable[[Any], None]
    ) -> None:
        assert mismatch(check, answer).sentence.startswith(("the answer is not", "the model is not built"))

    def test_a_model_without_an_input_has_layers_and_settings_already(self) -> None:
        model = keras.Sequential([L.Embedding(11, 3, mask_zero=True), L.GRU(2, dropout=0.2)])
        checks.layers(model, [L.Embedding, L.GRU])
        checks.setting(model, L.Embedding, "mask_zero", True)
        checks.recurrent(model, L.GRU, dropout=0.2)
        for answer in (None, "a model"):
            assert mismatch(checks.layers, answer, [L.GRU]).sentence.startswith("the answer is not")

    def test_a_hint_belongs_to_what_was_found(self) -> None:
        per_step = keras.Sequential([keras.Input((7, 3)), L.GRU(2, return_sequences=True), L.Dense(1)])
        text = mismatch(
            checks.output, per_step, (None, 1), activation="sigmoid", hint="A probability."
        ).sentence
        assert "one vector per time step" in text and "A probability." not in text
        text = mismatch(checks.params, per_step, [1, 2, 3], hint="This layer.").sentence
        assert "wrong number of parameters" in text and "This layer." not in text
        assert (
            "mask"
            not in mismatch(
                checks.setting, per_step, L.Embedding, "mask_zero", True, hint="The mask is off."
            ).sentence
        )

    @pytest.mark.parametrize(
        "loss",
        [
            "binary_crossentropy",
            "BinaryCrossentropy",
            keras.losses.binary_crossentropy,
            keras.losses.BinaryCrossentropy(),
        ],
    )
    @pytest.mark.parametrize(
        "metric",
        ["accuracy", "acc", "binary_accuracy", keras.metrics.BinaryAccuracy(), keras.metrics.binary_accuracy],
    )
    @pytest.mark.parametrize("optimizer", ["adam", "Adam", keras.optimizers.Adam])
    def test_every_legal_spelling_of_compile_passes(self, loss: Any, metric: Any, optimizer: Any) -> None:
        model = classifier()
        chosen = optimizer() if isinstance(optimizer, type) else optimizer
        model.compile(chosen, loss, metrics=[metric])
        checks.compiled(model, loss="binary_crossentropy", optimizer="adam", metric="accuracy")

    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            ({"loss": "mse", "metrics": ["accuracy"]}, "wrong loss"),
            ({"loss": "binary_crossentropy"}, "metric that the lab uses"),
            ({"loss": "binary_crossentropy", "metrics": ["mae"]}, "metric that the lab uses"),
            (
                {"optimizer": "sgd", "loss": "binary_crossentropy", "metrics": ["accuracy"]},
                "wrong optimizer",
            ),
            (
                {"loss": keras.losses.BinaryCrossentropy(from_logits=True), "metrics": ["accuracy"]},
                "from_logits",
            ),
        ],
    )
    def test_another_compilation_is_named(self, settings: dict[str, Any], says: str) -> None:
        model = classifier()
        model.compile(**{"optimizer": "adam", **settings})
        actual = mismatch(
            checks.compiled, model, loss="binary_crossentropy", optimizer="adam", metric="accuracy"
        )
        assert says in actual.sentence

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"optimizer": keras.optimizers.Adam(0.1)}, "learning_rate of the optimizer"),
            ({"optimizer": keras.optimizers.Adam(clipnorm=1.0)}, "clipnorm of the optimizer"),
            ({"loss": keras.losses.BinaryCrossentropy(label_smoothing=0.1)}, "label_smoothing of the loss"),
            ({"loss": keras.losses.BinaryCrossentropy(reduction="sum")}, "reduction of the loss"),
            ({"metrics": [keras.metrics.BinaryAccuracy(threshold=0.0)]}, "threshold of the metric"),
            ({"metrics": [keras.metrics.Accuracy()]}, "metric that the lab uses"),
        ],
    )
    def test_a_setting_of_loss_optimizer_or_metric_is_named(self, changed: dict[str, Any], says: str) -> None:
        model = classifier()
        usual = {"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy"]}
        model.compile(**{**usual, **changed})
        actual = mismatch(
            checks.compiled, model, loss="binary_crossentropy", optimizer="adam", metric="accuracy"
        )
        assert says in actual.sentence

    def test_the_same_settings_written_out_pass(self) -> None:
        model = classifier()
        model.compile(
            keras.optimizers.Adam(learning_rate=1e-3, name="mine"),
            keras.losses.BinaryCrossentropy(reduction="mean"),
            metrics=[keras.metrics.AUC(), keras.metrics.BinaryAccuracy("right", threshold=0.5)],
        )
        checks.compiled(model, loss="binary_crossentropy", optimizer="adam", metric="accuracy")

    def test_a_loss_with_logits_behind_a_linear_output_is_not_said_to_be_activated_twice(self) -> None:
        model = keras.Sequential([keras.Input((3,)), L.Dense(1)])
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
        text = mismatch(checks.compiled, model, loss="binary_crossentropy").sentence
        assert text.startswith("from_logits of the loss has a different value: found True, expected False.")
        assert "already" not in text

    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            ({"activation": "relu"}, "activation of GRU"),
            ({"recurrent_activation": "tanh"}, "recurrent_activation of GRU"),
            ({"go_backwards": True}, "from the end to the start"),
            ({"return_sequences": True}, "one vector per time step"),
            ({"dropout": 0.3}, "dropout of GRU"),
            ({"dropout": 0.2, "recurrent_dropout": 0.2}, "recurrent_dropout of GRU"),
            ({"dropout": 0.2, "bias_regularizer": "l2"}, "bias_regularizer of GRU"),
        ],
    )
    @pytest.mark.parametrize("is_cell", [False, True], ids=["layer", "cell"])
    def test_each_setting_of_a_recurrent_layer_is_looked_at(
        self, settings: dict[str, Any], says: str, is_cell: bool
    ) -> None:
        settings = {"dropout": 0.2, **settings}
        loop = {name: settings.pop(name) for name in ("go_backwards", "return_sequences") if name in settings}
        layer = L.RNN(L.GRUCell(2, **settings), **loop) if is_cell else L.GRU(2, **settings, **loop)
        model = keras.Sequential([keras.Input((7, 3)), layer])
        assert says in mismatch(checks.recurrent, model, L.GRU, dropout=0.2).sentence

    @pytest.mark.parametrize("kind", [L.SimpleRNN, L.LSTM, L.GRU])
    def test_a_recurrent_layer_with_its_defaults_written_out_passes(self, kind: Any) -> None:
        layer = kind(2, activation=keras.ops.tanh, dropout=0.2, kernel_initializer="he_normal")
        checks.recurrent(keras.Sequential([keras.Input((7, 3)), layer]), kind, dropout=0.2)

    def test_an_input_of_any_width_is_not_one_of_a_fixed_width(self) -> None:
        checks.input_shape(classifier(), (None, 7))
        model = keras.Sequential([keras.Input((None,)), L.Embedding(11, 3)])
        assert (
            "found (None, None), expected (None, 7)"
            in mismatch(checks.input_shape, model, (None, 7)).sentence
        )

    def test_a_model_has_the_name_that_it_was_given(self) -> None:
        model = keras.Sequential(name="Own")
        checks.model_name(model, "Own")
        assert "found Own, expected Other" in mismatch(checks.model_name, model, "Other").sentence

    def test_two_models_with_one_embedding_are_not_separate(self) -> None:
        checks.separate(classifier(), classifier())
        shared = L.Embedding(11, 3)
        first, second = (keras.Sequential([keras.Input((7,)), shared, L.GRU(2)]) for _ in range(2))
        assert "share a layer" in mismatch(checks.separate, first, second).sentence

    def test_padding_counts_only_where_no_mask_is(self) -> None:
        checks.padding_invariant(classifier(width=7), classifier(width=19))

        def unmasked(width: int) -> Any:
            ends = [keras.Input((width,)), L.Embedding(11, 3), L.GRU(2), L.Dense(1, "sigmoid")]
            return keras.Sequential(ends)

        assert "padding zeros" in mismatch(checks.padding_invariant, unmasked(7), unmasked(19)).sentence

    def test_no_weights_hide_that_padding_takes_part_in_a_maximum(self) -> None:
        def classifier_by_maxima(width: int) -> Any:
            first, last = L.Embedding(300, 8), L.Dense(1, "sigmoid")
            return keras.Sequential([keras.Input((width,)), first, L.GlobalMaxPooling1D(), last])

        def forecaster_by_maxima(width: int) -> Any:
            return keras.Sequential([keras.Input((width, 1)), L.GlobalMaxPooling1D(), L.Dense(1)])

        for seed in range(20):
            keras.utils.set_random_seed(seed)
            short, long = classifier_by_maxima(12), classifier_by_maxima(30)
            assert "padding zeros" in mismatch(checks.padding_invariant, short, long).sentence
            short, long = forecaster_by_maxima(12), forecaster_by_maxima(30)
            assert "padding zeros" in mismatch(checks.padding_invariant, short, long).sentence

    def test_an_output_outside_its_range_is_noticed(self) -> None:
        last = L.Dense(1, bias_initializer=keras.initializers.Constant(5.0))
        ends = [keras.Input((7,)), L.Embedding(11, 3), L.GRU(2), last]
        assert "out of range" in mismatch(checks.output_range, keras.Sequential(ends), 0, 1).sentence
        checks.output_range(classifier(), 0, 1)


class TestHiddenChecks:
    def test_no_function_of_the_vocabulary_shows_a_value(self) -> None:
        secret = "31337"
        tries: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
            (checks.hidden.equal, (secret, "x")),
            (checks.hidden.equal, (5, int(secret))),
            (checks.hidden.close, (5.0, float(secret))),
            (checks.hidden.shape, (np.zeros(2), (31337,))),
            (checks.hidden.params, (classifier(), 31337)),
            (checks.hidden.call, (lambda ids: int("x" + str(ids)), 31337)),
            (checks.hidden.call, (lambda ids: [object(), ids], 31337)),
        ]
        for function, args in tries:
            assert secret not in mismatch(function, *args).sentence.replace(",", "")

    def test_it_is_the_same_vocabulary(self) -> None:
        own_part = {name for name in checks.__all__ if name not in ("hidden", "Outcome")}
        assert own_part == set(vars(checks.hidden))


class TestRunningACheck:
    def test_a_passed_check_prints_its_title(self, capsys: pytest.CaptureFixture[str]) -> None:
        def check_nothing() -> None:
            """Nothing is asked"""

        checks.run(check_nothing)
        assert capsys.readouterr().out == "passed: Nothing is asked\n"

    def test_a_failed_check_is_one_titled_sentence_in_short_lines(self) -> None:
        def check_sum(add_up: Any) -> None:
            """Two numbers are added"""
            checks.equal(checks.call(add_up, 1, 2), 3, hint="Add them. " * 20)

        globals()["add_up"] = lambda a, b: a * b
        try:
            lines = mismatch(checks.run, check_sum)._render_traceback_()
        finally:
            del globals()["add_up"]
        assert lines[0] == "failed: Two numbers are added"
        assert max(map(len, lines)) <= 80

    def test_otter_prints_a_failed_check_in_short_lines_of_whole_words(self) -> None:
        actual = MismatchError("the count is wrong", 625, 624, hint="Look at the bias-term of a layer. " * 9)
        lines = f"MismatchError: {actual}".split("\n")
        assert len(lines) > 3 and max(map(len, lines)) <= 80
        assert " ".join(lines) == f"MismatchError: {actual.sentence.strip()}"

    def test_nothing_reaches_stderr_while_a_check_runs(self, capfd: pytest.CaptureFixture[str]) -> None:
        def check_noise() -> None:
            """Noise"""
            os.write(2, b"from C\n")
            print("from Python", file=sys.stderr)

        checks.run(check_noise)
        assert capfd.readouterr().err == ""
        os.write(2, b"afterwards\n")
        assert capfd.readouterr().err == "afterwards\n"

    def test_a_less_than_sign_cannot_open_a_tag(self) -> None:
        assert "<script" not in MismatchError("found <script>alert(1)</script>").sentence


class TestSettingsOfSeveralLayers:
    def model(self, *activations: str | None) -> Any:
        return keras.Sequential(
            [keras.Input((3,)), *(L.Dense(2, activation=activation) for activation in activations)]
        )

    def test_each_layer_of_the_type_has_its_own(self) -> None:
        checks.setting(self.model("relu", "sigmoid"), L.Dense, "activation", ["relu", "sigmoid"])
        actual = mismatch(
            checks.setting, self.model(None, "sigmoid"), L.Dense, "activation", ["relu", "sigmoid"]
        )
        assert actual.sentence == "activation of Dense has a different value: found linear, expected relu."

    def test_another_number_of_layers_is_told(self) -> None:
        actual = mismatch(checks.setting, self.model("relu"), L.Dense, "units", [2, 2])
        assert actual.sentence == "the model has the wrong number of Dense layers: found 1, expected 2."
