"""The course as data: no code runs here, nothing is read or computed.

Accuracy bars are measured, not typed: they live in ``calibration/``. Points live in the
source notebooks; ``points`` below is the total that each of them must add up to.
"""

COURSE = {
    "id": "deep_learning",
    "title": "Deep Learning with TensorFlow",
    "assignments": {
        "lab_4_4_rnn": {
            "title": "Lab 4.4: Introduction to Recurrent Neural Networks",
            "points": 100,
            "due": "2027-01-29T23:59:00+00:00",
            "kit": "rnnlab",
            "cell_timeout_s": 600,
            "environment": {"RNNLAB_REVIEWS": "embedded"},
            "bars_depend_on": [
                "rnnlab/corpus.py",
                "rnnlab/description.py",
                "rnnlab/fitting.py",
                "rnnlab/grammar.py",
                "rnnlab/reviews.py",
                "rnnlab/tasks.py",
            ],
            "grading": {
                "offload": "rnnlab.service",
                "skip": [
                    "clinic_report",
                    "plot_comparison",
                    "plot_forecast",
                    "plot_order_task",
                    "plot_padding",
                    "plot_review_lengths",
                    "plot_series",
                    "run_averaging_order_task",
                    "show_erasing",
                ],
                "preload": ["rnnlab.load_reviews(10_000)", "rnnlab.load_index_to_word()"],
                "datasets": {
                    "embedded": {"RNNLAB_REVIEWS": "embedded"},
                    "imdb": {"RNNLAB_REVIEWS": "imdb"},
                },
                "limits": {"cell_s": 30, "call_s": 20},
            },
            "lab": {
                "vocab_size": 10_000,
                "max_length": 200,
                "embed_dim": 32,
                "hidden": 16,
                "units": 32,
                "dropout": 0.2,
                "n_train": 5_000,
                "n_test": 1_000,
                "epochs": 3,
                "batch_size": 64,
                "validation_split": 0.2,
                "seed": 42,
                "order_vocab": 20,
                "order_embed": 8,
                "order_units": 32,
                "order_length": 20,
                "order_train": 2_000,
                "order_test": 1_000,
                "order_epochs": 10,
                "order_batch": 32,
                "series_length": 1_000,
                "series_train": 800,
                "window": 30,
                "forecast_epochs": 15,
                "forecast_batch": 32,
            },
        },
    },
}
