"""What of Keras may cross: classes by name, and the settings that matter with their ranges.

Names are those of the constructor's arguments. What stands in no row is ignored
(initializers, names, seeds) or refused by ``encode`` (constraints, ``stateful``); a forged
description cannot ask for it either way.
"""

from autograder.grade.models.rules import (
    FLAG,
    Family,
    Rule,
    Rules,
    choice,
    either,
    number,
    optional,
    part,
    several,
    whole,
)

ACTIVATIONS = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]
"""Functions of ``keras.activations``."""

INPUT_DTYPES = ("float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "bool")
LONGEST_AXIS = 100_000
WIDEST_LAYER = 65_536
LARGEST_WINDOW = 4_096
"""Steps that one pooling or convolution may look at; ``MaxPooling1D(10**9)`` hangs in C."""

_SIZE = whole(1, WIDEST_LAYER)
_WINDOW = several(whole(1, LARGEST_WINDOW), 1, 1)
_AXIS = whole(-4, 4)
_AXES = either(several(_AXIS, 1, 3), Rule("", lambda value: (_AXIS.read(value),)))
_SHARE = number(0, 1)
_POSITIVE = number(0, 1e6)
_ANY = number(-1e6, 1e6)
_ACTIVATION = choice(*ACTIVATIONS)
_PADDING = choice("valid", "same")

REGULARIZERS: Family = {
    "L1": {"l1": _POSITIVE},
    "L2": {"l2": _POSITIVE},
    "L1L2": {"l1": _POSITIVE, "l2": _POSITIVE},
}
_REGULARIZER = optional(part(REGULARIZERS))
_TRAINABLE: Rules = {"trainable": FLAG}
_WEIGHTED: Rules = {
    "use_bias": FLAG,
    "kernel_regularizer": _REGULARIZER,
    "bias_regularizer": _REGULARIZER,
    **_TRAINABLE,
}
_RECURRENT: Rules = {
    "units": _SIZE,
    "activation": _ACTIVATION,
    **_WEIGHTED,
    "recurrent_regularizer": _REGULARIZER,
    "dropout": _SHARE,
    "recurrent_dropout": _SHARE,
    "return_sequences": FLAG,
    "go_backwards": FLAG,
}
RECURRENT: Family = {
    "SimpleRNN": _RECURRENT,
    "LSTM": {**_RECURRENT, "recurrent_activation": _ACTIVATION, "unit_forget_bias": FLAG},
    "GRU": {**_RECURRENT, "recurrent_activation": _ACTIVATION, "reset_after": FLAG},
}
_DENSE: Family = {"Dense": {"units": _SIZE, "activation": _ACTIVATION, **_WEIGHTED}}
_POOLING: Rules = {"pool_size": _WINDOW, "strides": _WINDOW, "padding": _PADDING}
_GLOBAL: Rules = {"keepdims": FLAG}
_NORMAL: Rules = {
    "epsilon": _SHARE,
    "center": FLAG,
    "scale": FLAG,
    "beta_regularizer": _REGULARIZER,
    "gamma_regularizer": _REGULARIZER,
    **_TRAINABLE,
}
_DIMENSION = optional(whole(1, LONGEST_AXIS))

LAYERS: Family = {
    "InputLayer": {"batch_shape": several(_DIMENSION, 1, 5), "dtype": choice(*INPUT_DTYPES)},
    "Embedding": {
        "input_dim": whole(1, 10_000_000),
        "output_dim": _SIZE,
        "mask_zero": FLAG,
        "embeddings_regularizer": _REGULARIZER,
        **_TRAINABLE,
    },
    **RECURRENT,
    "Bidirectional": {
        "layer": part(RECURRENT),
        "merge_mode": choice("concat", "sum", "mul", "ave"),
        **_TRAINABLE,
    },
    **_DENSE,
    "TimeDistributed": {"layer": part(_DENSE), **_TRAINABLE},
    "Dropout": {"rate": _SHARE},
    "SpatialDropout1D": {"rate": _SHARE},
    "GaussianDropout": {"rate": _SHARE},
    "GaussianNoise": {"stddev": _POSITIVE},
    "GlobalAveragePooling1D": _GLOBAL,
    "GlobalMaxPooling1D": _GLOBAL,
    "AveragePooling1D": _POOLING,
    "MaxPooling1D": _POOLING,
    "Flatten": {},
    "Activation": {"activation": _ACTIVATION},
    "ReLU": {"max_value": optional(_POSITIVE), "negative_slope": _POSITIVE, "threshold": _POSITIVE},
    "LeakyReLU": {"negative_slope": _POSITIVE},
    "ELU": {"alpha": _ANY},
    "Softmax": {"axis": _AXIS},
    "BatchNormalization": {"axis": _AXIS, "momentum": _SHARE, **_NORMAL},
    "LayerNormalization": {"axis": _AXES, **_NORMAL},
    "UnitNormalization": {"axis": _AXES},
    "Reshape": {"target_shape": several(either(whole(1, LONGEST_AXIS), whole(-1, -1)), 0, 4)},
    "RepeatVector": {"n": whole(1, 10_000)},
    "Permute": {"dims": several(whole(1, 4), 1, 4)},
    "Masking": {"mask_value": _ANY},
    "Conv1D": {
        "filters": _SIZE,
        "kernel_size": _WINDOW,
        "strides": _WINDOW,
        "padding": choice("valid", "same", "causal"),
        "dilation_rate": _WINDOW,
        "groups": _SIZE,
        "activation": _ACTIVATION,
        **_WEIGHTED,
    },
    "Concatenate": {"axis": _AXIS},
    "Add": {},
    "Subtract": {},
    "Multiply": {},
    "Average": {},
    "Maximum": {},
    "Identity": {},
    "Rescaling": {"scale": _ANY, "offset": _ANY},
}

_STEPS = number(1, 1e9)
SCHEDULES: Family = {
    "ExponentialDecay": {
        "initial_learning_rate": _POSITIVE,
        "decay_steps": _STEPS,
        "decay_rate": _POSITIVE,
        "staircase": FLAG,
    },
    "InverseTimeDecay": {
        "initial_learning_rate": _POSITIVE,
        "decay_steps": _STEPS,
        "decay_rate": _POSITIVE,
        "staircase": FLAG,
    },
    "PolynomialDecay": {
        "initial_learning_rate": _POSITIVE,
        "decay_steps": _STEPS,
        "end_learning_rate": _POSITIVE,
        "power": _POSITIVE,
        "cycle": FLAG,
    },
    "CosineDecay": {
        "initial_learning_rate": _POSITIVE,
        "decay_steps": _STEPS,
        "alpha": _POSITIVE,
        "warmup_target": optional(_POSITIVE),
        "warmup_steps": number(0, 1e9),
    },
}
_CLIP = optional(_POSITIVE)
_OPTIMIZER: Rules = {
    "learning_rate": either(number(0, 1e6), part(SCHEDULES)),
    "weight_decay": _CLIP,
    "clipnorm": _CLIP,
    "clipvalue": _CLIP,
    "global_clipnorm": _CLIP,
}
_ADAM: Rules = {**_OPTIMIZER, "beta_1": _SHARE, "beta_2": _SHARE, "epsilon": _POSITIVE}
OPTIMIZERS: Family = {
    "SGD": {**_OPTIMIZER, "momentum": _SHARE, "nesterov": FLAG},
    "RMSprop": {**_OPTIMIZER, "rho": _SHARE, "momentum": _SHARE, "epsilon": _POSITIVE, "centered": FLAG},
    "Adam": {**_ADAM, "amsgrad": FLAG},
    "AdamW": {**_ADAM, "amsgrad": FLAG},
    "Nadam": _ADAM,
    "Adamax": _ADAM,
    "Adagrad": {**_OPTIMIZER, "initial_accumulator_value": _POSITIVE, "epsilon": _POSITIVE},
    "Adadelta": {**_OPTIMIZER, "rho": _SHARE, "epsilon": _POSITIVE},
    "Lion": {**_OPTIMIZER, "beta_1": _SHARE, "beta_2": _SHARE},
}

_REDUCED: Rules = {"reduction": optional(choice("sum_over_batch_size", "sum", "mean", "none"))}
_LOGITS: Rules = {"from_logits": FLAG, "label_smoothing": _SHARE}
_CLASSES: Rules = {"from_logits": FLAG, "ignore_class": optional(whole(-1_000_000, 1_000_000)), "axis": _AXIS}
_DISTANCES = [
    "MeanSquaredError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "KLDivergence",
    "Poisson",
    "Hinge",
    "SquaredHinge",
    "CategoricalHinge",
]
"""Losses and metrics that have no argument of their own."""

LOSSES: Family = {
    **dict.fromkeys([*_DISTANCES, "LogCosh"], _REDUCED),
    "BinaryCrossentropy": {**_LOGITS, "axis": _AXIS, **_REDUCED},
    "CategoricalCrossentropy": {**_LOGITS, "axis": _AXIS, **_REDUCED},
    "SparseCategoricalCrossentropy": {**_CLASSES, **_REDUCED},
    "BinaryFocalCrossentropy": {
        "apply_class_balancing": FLAG,
        "alpha": _SHARE,
        "gamma": _POSITIVE,
        **_LOGITS,
        "axis": _AXIS,
        **_REDUCED,
    },
    "Huber": {"delta": _POSITIVE, **_REDUCED},
    "CosineSimilarity": {"axis": _AXIS, **_REDUCED},
}

_THRESHOLDS: Rules = {"thresholds": optional(either(_SHARE, several(_SHARE, 1, 200)))}
_RETRIEVED: Rules = {
    **_THRESHOLDS,
    "top_k": optional(whole(1, 10_000)),
    "class_id": optional(whole(0, 10_000)),
}
ACCURACY = "accuracy"
"""The word for whichever accuracy fits the output; not a class."""

METRICS: Family = {
    ACCURACY: {},
    **{name: {} for name in [*_DISTANCES, "Accuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"]},
    "RootMeanSquaredError": {},
    "LogCoshError": {},
    "BinaryAccuracy": {"threshold": _SHARE},
    "TopKCategoricalAccuracy": {"k": whole(1, 10_000)},
    "SparseTopKCategoricalAccuracy": {"k": whole(1, 10_000)},
    "BinaryCrossentropy": _LOGITS,
    "CategoricalCrossentropy": {**_LOGITS, "axis": _AXIS},
    "SparseCategoricalCrossentropy": _CLASSES,
    "CosineSimilarity": {"axis": _AXIS},
    "AUC": {
        "num_thresholds": whole(2, 10_000),
        "curve": choice("ROC", "PR"),
        "summation_method": choice("interpolation", "minoring", "majoring"),
        "from_logits": FLAG,
    },
    "F1Score": {
        "average": optional(choice("micro", "macro", "weighted")),
        "threshold": optional(_SHARE),
    },
    "Precision": _RETRIEVED,
    "Recall": _RETRIEVED,
    **{f"{side}{kind}": _THRESHOLDS for side in ("True", "False") for kind in ("Positives", "Negatives")},
}

FOREIGN = ("optimizer", "loss", "loss_weights", "metric", "weighted_metric")
"""Where ``compile`` may have been given something that is not in these tables."""
