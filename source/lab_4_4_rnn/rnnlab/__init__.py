"""The kit of Lab 4.4: data, training, tables and figures around the answers to write.

    errors       KitError, the one error of the kit; "Q6 is not answered yet"
    quiet        imports TensorFlow and Keras without a word
    grammar      words and sentences of the reviews that the kit makes itself
    corpus       those reviews
    reviews      movie reviews with their labels, and the words behind the numbers
    tasks        the order task and the series
    baselines    a linear forecast, and the error that only noise leaves
    memo         results on disk, so that nothing is trained twice
    description  what a model is, apart from its names and weights
    inputs       what a student hands over, checked before Keras sees it
    fitting      networks trained and used; decides every number
    service      what takes time, done here or elsewhere
    progress     one line per epoch
    training     train_model, evaluate_model
    runs         the lab's networks under many seeds, as the course measured them
    tables       what a cell prints
    insights     sentences about the student's own results
    canvas       colors, sizes, and how a figure reaches the page
    drawings     an unrolled network, the cells of LSTM and GRU
    plots        what a cell draws
    probes       questions put to networks that are trained already
    demos        short experiments, the forecaster, the bug clinic

A module imports only from those above it.
"""

from .quiet import keras as _keras  # noqa: F401  # isort: skip  first, to be quiet

from .demos import clinic_report, forecast, run_averaging_order_task, train_forecaster
from .drawings import draw_cells, draw_unrolled
from .errors import KitError
from .insights import explain_simple_rnn, show_insights, show_tied
from .plots import (
    plot_comparison,
    plot_forecast,
    plot_order_task,
    plot_padding,
    plot_review_lengths,
    plot_series,
)
from .probes import plot_erasing, plot_opinion, plot_reach, show_verdicts, show_word_order
from .reviews import (
    dataset_name,
    held_out_reviews,
    load_index_to_word,
    load_reviews,
    load_word_index,
)
from .runs import load_runs
from .tables import (
    show_dataset,
    show_forecast,
    show_guess,
    show_length_statistics,
    show_models,
    show_padding_example,
    show_padding_statistics,
    show_reviews,
    show_scoreboard,
    show_scores,
    show_sentences,
    show_shapes,
    show_steps,
    show_versions,
    show_windows,
)
from .tasks import make_order_task, make_series, naive_mae, split_and_standardise
from .training import evaluate_model, measure_accuracy, train_model

split_and_standardize = split_and_standardise

__all__ = [
    "KitError",
    "clinic_report",
    "dataset_name",
    "draw_cells",
    "draw_unrolled",
    "evaluate_model",
    "explain_simple_rnn",
    "forecast",
    "held_out_reviews",
    "load_index_to_word",
    "load_reviews",
    "load_runs",
    "load_word_index",
    "make_order_task",
    "make_series",
    "measure_accuracy",
    "naive_mae",
    "plot_comparison",
    "plot_erasing",
    "plot_forecast",
    "plot_opinion",
    "plot_order_task",
    "plot_padding",
    "plot_reach",
    "plot_review_lengths",
    "plot_series",
    "run_averaging_order_task",
    "show_dataset",
    "show_forecast",
    "show_guess",
    "show_insights",
    "show_length_statistics",
    "show_models",
    "show_padding_example",
    "show_padding_statistics",
    "show_reviews",
    "show_scoreboard",
    "show_scores",
    "show_sentences",
    "show_shapes",
    "show_steps",
    "show_tied",
    "show_verdicts",
    "show_versions",
    "show_windows",
    "show_word_order",
    "split_and_standardise",
    "split_and_standardize",
    "train_forecaster",
    "train_model",
]
