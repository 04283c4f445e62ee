"""The source notebook holds everything that the lab promises."""

import ast
import re

import pytest

from autograder.notebook import CellType

from .conftest import Lab

PROMISED = {
    "title, duration and prerequisites": (
        "# Lab 4.4: Introduction to Recurrent Neural Networks",
        "45 minutes",
        "4.1 (TensorFlow basics)",
        "4.2 (deep networks)",
        "4.3 (convolutional networks)",
        "neural networks",
        "basic knowledge of sequences and time series",
    ),
    "objectives": (
        "explain why RNNs suit sequences",
        "build a first RNN in TensorFlow/Keras",
        "compare RNNs with Dense networks on sequence tasks",
        "use SimpleRNN, LSTM and GRU",
        "apply RNNs to text classification and to time series",
    ),
    "key concepts": (
        "*Sequences*",
        "*Memory*",
        "*LSTM* (Long Short-Term Memory)",
        "*GRU* (Gated Recurrent Unit)",
        "*Text processing*: from words to numbers",
    ),
    "versions and seeds": ("show_versions()", "keras.utils.set_random_seed(seed)", "same start twice"),
    "imports and data loading in sight": (
        "import numpy as np",
        "from tensorflow import keras",
        "keras.datasets.imdb.load_data(num_words=vocab_size)",
    ),
    "what sequences are": ("*text*", "*time series*", "*audio*", "*video*"),
    "why Dense and CNN layers are not the natural tool": ("A plain **Dense** layer", "A **convolutional**"),
    "four sentences and a pair with equal words": (
        '("The movie was not bad", "+")',
        '("The movie was bad", "-")',
        '("Not the best movie", "-")',
        '("The best movie", "+")',
        '("good, not bad", "+")',
        '("bad, not good", "-")',
        "*movie great*",
        "*great movie*",
    ),
    "step 1: data": (
        "## Step 1. The problem: Dense networks and sequences",
        "load_reviews(vocab_size)",
        "show_dataset(",
        "show_reviews([first, second, third]",
    ),
    "step 1: figure A and statistics": ("plot_review_lengths(X_train)", "show_length_statistics(X_train)"),
    "step 1: the problems": ("Variable length", "Padding or truncating", "Order:", "Long-range dependence"),
    "step 1: predict, then run": ("guess_averaging", "run_averaging_order_task"),
    "step 2: padding": (
        "## Step 2. Preparing sequential data",
        'padding="post", truncating="post"',
        "X_train_padded = pad_reviews(X_train, max_length)",
        "X_test_padded = pad_reviews(X_test, max_length)",
        "show_shapes(",
        "show_padding_example(",
    ),
    "step 2: figure B and statistics": ("plot_padding(", "show_padding_statistics("),
    "step 2: the number to beat": ("build_dense_baseline()", "number to beat"),
    "step 2: plain Keras": ("dense_model.fit(", "dense_model.evaluate(", "validation_split=validation_split"),
    "step 3": (
        "## Step 3. The first SimpleRNN",
        "simple_rnn_model = build_simple_rnn()",
        "simple_rnn_history = rnnlab.train_model(",
        "explain_simple_rnn(",
    ),
    "step 3: the recurrence and Keras": ("h_t = \\tanh", "draw_unrolled(", "SimpleRNN(3)", "show_steps("),
    "step 3: the order task": ("plot_order_task(",),
    "step 3: the erasing demo and the mask": ("plot_erasing(", "mask_zero=True"),
    "step 4: models": (
        "## Step 4. SimpleRNN vs LSTM vs GRU",
        'lstm_model = build_gated_rnn("lstm")',
        'gru_model = build_gated_rnn("gru")',
        "_Model",
        "dropout=dropout",
    ),
    "step 4: gates": ("draw_cells()", "A **gate** is a number between 0 and 1", "forget gate", "update gate"),
    "step 4: tables": ("show_models(recurrent_models)", "strength", "weakness", "show_scores(all_scores"),
    "step 4: figure C": ("plot_comparison(", "to_beat=dense_scores", "runs=runs"),
    "step 4: insights from the student's numbers": ("### Key insights", "show_insights(all_scores"),
    "step 4: order and one's own sentence": ("show_word_order(all_models", "my_sentence", "show_verdicts("),
    "at home": ("layer.weights", "show_tied(", "plot_opinion(", "plot_reach("),
    "step 5": (
        "## Step 5. Time series",
        "make_windows(train_part, window)",
        "naive",
        "weighted sum",
        "show_forecast(",
        "plot_forecast(",
    ),
    "wrap-up": ("## Wrap-up", "What to remember", "show_scoreboard(", "Next lab"),
    "bug clinic": tuple(f'clinic_report("{letter}"' for letter in "ABCD"),
    "why the batch size": ("instead of 128 give twice as many steps",),
    "class and home": ("# Going further", "{{ POINTS.q1_to_q6 }}", "{{ DUE.date }}", "To hand in"),
}

POINTS = {"q1": 6, "q2": 12, "q3": 12, "q4": 10, "q5": 12, "q6": 16, "q7": 8, "q8": 6, "q9": 10, "q10": 8}
SIGNATURES = {
    "q1": "def decode_review(ids, index_to_word):",
    "q2": "def pad_reviews(reviews, max_length=max_length):",
    "q3": "def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):",
    "q4": "def rnn_step(x_t, h_prev, Wx, Wh, b):",
    "q7": "def rnn_params(kind, input_dim, units):",
    "q8": "def tied_with_best(runs):",
    "q9": "def make_windows(series, window):",
    "q10": "def build_forecaster(window=window, units=units):",
}


@pytest.mark.parametrize("row", PROMISED, ids=str)
def test_everything_that_the_lab_promises_is_in_the_notebook(lab: Lab, row: str) -> None:
    text = "\n".join(cell.text for cell in lab.source.cells)
    assert [part for part in PROMISED[row] if part not in text] == []


def test_the_points_of_each_question_are_as_planned_and_add_up(lab: Lab) -> None:
    assert {question.name: question.points for question in lab.source.questions} == POINTS
    assert sum(POINTS.values()) == 100


def test_half_of_each_questions_points_are_visible(lab: Lab) -> None:
    for question in lab.source.questions:
        visible = sum(check.points for check in question.checks if not check.hidden)
        assert visible == question.points / 2, question.name


def test_the_heading_of_a_question_states_its_points(lab: Lab) -> None:
    for question in lab.source.questions:
        heading = question.prompt[0].text.splitlines()[0]
        number = question.name.removeprefix("q")
        placeholder = re.escape("{{ POINTS." + question.name + " }}")
        assert re.fullmatch(rf"### Q{number}\. .+ \({placeholder} points\)", heading), heading


@pytest.mark.parametrize("question", SIGNATURES)
def test_the_functions_have_the_signatures_that_the_lab_names(lab: Lab, question: str) -> None:
    assert SIGNATURES[question] in lab.blank(question)


def test_the_models_carry_their_names(lab: Lab) -> None:
    names: dict[str, object] = dict(lab.names)
    exec(lab.solution("q6"), names)
    build = names["build_gated_rnn"]
    assert callable(build)
    assert [build(kind).name for kind in ("lstm", "gru")] == ["LSTM_Model", "GRU_Model"]


BRITISH = re.compile(
    r"\b\w*(colour|neighbour|favour|behaviour|learnt|labelled|standardis|optimis|recognis|grey|spelt)\w*\b",
    re.I,
)


def test_prose_and_checks_are_written_in_american_english(lab: Lab) -> None:
    found = {match[0] for cell in lab.source.cells for match in BRITISH.finditer(cell.text)}
    # The kit's name of a function, which the hidden check calls.
    assert found <= {"split_and_standardise"}


def test_the_part_for_class_ends_after_q6(lab: Lab) -> None:
    ids = [cell.id for cell in lab.source.cells]
    assert ids.index("q6-end") < ids.index("core-end") < ids.index("going-further") < ids.index("q7-begin")
    assert sum(POINTS[f"q{number}"] for number in range(1, 7)) == 68


def test_no_cell_that_a_student_reads_is_longer_than_fifteen_lines_of_code(lab: Lab) -> None:
    checks = {check.cell.id for check in lab.source.checks()}
    answers = {answer.cell.id for answer in lab.source.answers()}
    for cell in lab.source.cells:
        if cell.cell_type == "code" and cell.id not in checks | answers:
            lines = [line for line in cell.text.splitlines() if line.strip()]
            assert len(lines) <= 15, cell.id


def test_expected_counts_are_those_that_the_lab_was_planned_with(lab: Lab) -> None:
    expected = lab.names["EXPECTED"]
    assert sum(expected["dense"]) == 320_545
    assert sum(expected["simple_rnn"]) == 322_113
    assert sum(expected["lstm"]) == 328_353
    assert sum(expected["gru"]) == 326_369
    assert sum(expected["forecaster"]) == 3_393
    assert expected["recurrent"] == {"simple_rnn": 2_080, "lstm": 8_320, "gru": 6_336}


COMMON_NAMES = {"keras", "layers", "models", "np", "tf", "plt", "pad_sequences", "Sequential"}
"""What students import at the top of a notebook and rely on below."""


def test_no_given_cell_takes_a_name_that_students_import(lab: Lab) -> None:
    for cell in lab.source.cells:
        if cell.cell_type is CellType.CODE:
            created = {
                node.id
                for node in ast.walk(ast.parse(cell.text))
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
            assert not created & COMMON_NAMES, cell.id
