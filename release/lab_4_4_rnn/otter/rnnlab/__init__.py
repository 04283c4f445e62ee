"""The kit of Lab 4.4: data, training, tables and figures around the answers to write.

    quiet        imports TensorFlow and Keras without a word
    errors       KitError, the one error of the kit; "Q6 is not answered yet"
    grammar      words and sentences of the reviews that the kit makes itself
    corpus       those reviews
    reviews      film reviews with their labels, and the words behind the numbers
    tasks        the order task and the series
    memo         results on disk, so that nothing is trained twice
    description  what a model is, apart from its names and weights
    inputs       what a student hands over, checked before Keras sees it
    fitting      networks trained and used; decides every number
    service      what takes time, done here or elsewhere
    progress     one line per epoch
    training     train_model, evaluate_model
    tables       what a cell prints
    insights     sentences about the student's own results
    plots        what a cell draws
    demos        short experiments, the forecaster, the bug clinic

A module imports only from those above it.
"""

from .quiet import keras as _keras  # noqa: F401  # isort: skip  first, to be quiet

from .demos import (
    clinic_report,
    forecast,
    run_averaging_order_task,
    show_erasing,
    train_forecaster,
)
from .errors import KitError
from .insights import show_insights
from .plots import (
    plot_comparison,
    plot_forecast,
    plot_order_task,
    plot_padding,
    plot_review_lengths,
    plot_series,
)
from .reviews import (
    dataset_name,
    held_out_reviews,
    load_index_to_word,
    load_reviews,
    load_word_index,
)
from .tables import (
    accuracies,
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

__all__ = [
    "KitError",
    "accuracies",
    "clinic_report",
    "dataset_name",
    "evaluate_model",
    "forecast",
    "held_out_reviews",
    "load_index_to_word",
    "load_reviews",
    "load_word_index",
    "make_order_task",
    "make_series",
    "measure_accuracy",
    "naive_mae",
    "plot_comparison",
    "plot_forecast",
    "plot_order_task",
    "plot_padding",
    "plot_review_lengths",
    "plot_series",
    "run_averaging_order_task",
    "show_dataset",
    "show_erasing",
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
    "show_versions",
    "show_windows",
    "split_and_standardise",
    "train_forecaster",
    "train_model",
]
