"""The supported classes of Keras by name, with their constructor arguments and the ranges of these.

An argument that is not listed is ignored (initializers, names, seeds) or refused by ``encode``
(constraints, ``stateful``); a forged description cannot set it either way.
"""

from autograder.models.rules import (
    FLAG,
    Family,
    Rules,
    choice,
    either,
    integer,
    item_or_list,
    keras_object,
    list_of,
    number,
    optional,
)

ACTIVATIONS = (
    *("celu", "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu"),
    *("linear", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax"),
    *("softplus", "softsign", "tanh"),
)
"""Functions of ``keras.activations``."""

MERGE_LAYERS = ("Concatenate", "Add", "Subtract", "Multiply", "Average", "Maximum")
"""Layers that read a list of tensors; all others read one tensor."""

INPUT_DTYPES = ("float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "bool")
MAX_AXIS_LENGTH = 100_000
MAX_LAYER_WIDTH = 65_536
MAX_WINDOW = 4_096
"""Time steps in one pooling or convolution window; ``MaxPooling1D(10**9)`` hangs in C."""

_SIZE = integer(1, MAX_LAYER_WIDTH)
_WINDOW = list_of(integer(1, MAX_WINDOW), 1, 1)
_AXIS = integer(-4, 4)
_AXES = item_or_list(_AXIS, 3)
_FRACTION = number(0, 1)
_POSITIVE = number(0, 1e6)
_ANY_NUMBER = number(-1e6, 1e6)
_ACTIVATION = choice(*ACTIVATIONS)
_PADDING = choice("valid", "same")

REGULARIZERS: Family = {
    "L1": {"l1": _POSITIVE},
    "L2": {"l2": _POSITIVE},
    "L1L2": {"l1": _POSITIVE, "l2": _POSITIVE},
}
_REGULARIZER = optional(keras_object(REGULARIZERS))
_NO_ARGUMENTS: Rules = {}
_TRAINABLE: Rules = {"trainable": FLAG}
_KERNEL_AND_BIAS: Rules = {
    "use_bias": FLAG,
    "kernel_regularizer": _REGULARIZER,
    "bias_regularizer": _REGULARIZER,
    **_TRAINABLE,
}
_RECURRENT: Rules = {
    "units": _SIZE,
    "activation": _ACTIVATION,
    **_KERNEL_AND_BIAS,
    "recurrent_regularizer": _REGULARIZER,
    "dropout": _FRACTION,
    "recurrent_dropout": _FRACTION,
    "return_sequences": FLAG,
    "go_backwards": FLAG,
}
RECURRENT: Family = {
    "SimpleRNN": _RECURRENT,
    "LSTM": {**_RECURRENT, "recurrent_activation": _ACTIVATION, "unit_forget_bias": FLAG},
    "GRU": {**_RECURRENT, "recurrent_activation": _ACTIVATION, "reset_after": FLAG},
}
_DENSE: Family = {"Dense": {"units": _SIZE, "activation": _ACTIVATION, **_KERNEL_AND_BIAS}}
_POOLING: Rules = {"pool_size": _WINDOW, "strides": _WINDOW, "padding": _PADDING}
_NORMALIZATION: Rules = {
    "epsilon": _FRACTION,
    "center": FLAG,
    "scale": FLAG,
    "beta_regularizer": _REGULARIZER,
    "gamma_regularizer": _REGULARIZER,
    **_TRAINABLE,
}
_DIMENSION = optional(integer(1, MAX_AXIS_LENGTH))

LAYERS: Family = {
    "InputLayer": {"batch_shape": list_of(_DIMENSION, 1, 5), "dtype": choice(*INPUT_DTYPES)},
    "Embedding": {
        "input_dim": integer(1, 10_000_000),
        "output_dim": _SIZE,
        "mask_zero": FLAG,
        "embeddings_regularizer": _REGULARIZER,
        **_TRAINABLE,
    },
    **RECURRENT,
    "Bidirectional": {
        "layer": keras_object(RECURRENT),
        "merge_mode": choice("concat", "sum", "mul", "ave"),
        **_TRAINABLE,
    },
    **_DENSE,
    "TimeDistributed": {"layer": keras_object(_DENSE), **_TRAINABLE},
    "Dropout": {"rate": _FRACTION},
    "SpatialDropout1D": {"rate": _FRACTION},
    "GaussianDropout": {"rate": _FRACTION},
    "GaussianNoise": {"stddev": _POSITIVE},
    "GlobalAveragePooling1D": {"keepdims": FLAG},
    "GlobalMaxPooling1D": {"keepdims": FLAG},
    "AveragePooling1D": _POOLING,
    "MaxPooling1D": _POOLING,
    "Flatten": {},
    "Activation": {"activation": _ACTIVATION},
    "ReLU": {"max_value": optional(_POSITIVE), "negative_slope": _POSITIVE, "threshold": _POSITIVE},
    "LeakyReLU": {"negative_slope": _POSITIVE},
    "ELU": {"alpha": _ANY_NUMBER},
    "Softmax": {"axis": _AXIS},
    "BatchNormalization": {"axis": _AXIS, "momentum": _FRACTION, **_NORMALIZATION},
    "LayerNormalization": {"axis": _AXES, **_NORMALIZATION},
    "UnitNormalization": {"axis": _AXES},
    "Reshape": {"target_shape": list_of(either(integer(1, MAX_AXIS_LENGTH), integer(-1, -1)), 0, 4)},
    "RepeatVector": {"n": integer(1, 10_000)},
    "Permute": {"dims": list_of(integer(1, 4), 1, 4)},
    "Masking": {"mask_value": _ANY_NUMBER},
    "Conv1D": {
        "filters": _SIZE,
        "kernel_size": _WINDOW,
        "strides": _WINDOW,
        "padding": choice("valid", "same", "causal"),
        "dilation_rate": _WINDOW,
        "groups": _SIZE,
        "activation": _ACTIVATION,
        **_KERNEL_AND_BIAS,
    },
    **dict.fromkeys(MERGE_LAYERS, _NO_ARGUMENTS),
    "Concatenate": {"axis": _AXIS},
    "Identity": {},
    "Rescaling": {"scale": _ANY_NUMBER, "offset": _ANY_NUMBER},
}

_LEARNING_RATE_SCHEDULE: Rules = {"initial_learning_rate": _POSITIVE, "decay_steps": number(1, 1e9)}
_RATE_DECAY: Rules = {**_LEARNING_RATE_SCHEDULE, "decay_rate": _POSITIVE, "staircase": FLAG}
SCHEDULES: Family = {
    "ExponentialDecay": _RATE_DECAY,
    "InverseTimeDecay": _RATE_DECAY,
    "PolynomialDecay": {
        **_LEARNING_RATE_SCHEDULE,
        "end_learning_rate": _POSITIVE,
        "power": _POSITIVE,
        "cycle": FLAG,
    },
    "CosineDecay": {
        **_LEARNING_RATE_SCHEDULE,
        "alpha": _POSITIVE,
        "warmup_target": optional(_POSITIVE),
        "warmup_steps": number(0, 1e9),
    },
}
_CLIP = optional(_POSITIVE)
_OPTIMIZER: Rules = {
    "learning_rate": either(number(0, 1e6), keras_object(SCHEDULES)),
    "weight_decay": _CLIP,
    "clipnorm": _CLIP,
    "clipvalue": _CLIP,
    "global_clipnorm": _CLIP,
}
_ADAM: Rules = {**_OPTIMIZER, "beta_1": _FRACTION, "beta_2": _FRACTION, "epsilon": _POSITIVE}
OPTIMIZERS: Family = {
    "SGD": {**_OPTIMIZER, "momentum": _FRACTION, "nesterov": FLAG},
    "RMSprop": {
        **_OPTIMIZER,
        "rho": _FRACTION,
        "momentum": _FRACTION,
        "epsilon": _POSITIVE,
        "centered": FLAG,
    },
    "Adam": {**_ADAM, "amsgrad": FLAG},
    "AdamW": {**_ADAM, "amsgrad": FLAG},
    "Nadam": _ADAM,
    "Adamax": _ADAM,
    "Adagrad": {**_OPTIMIZER, "initial_accumulator_value": _POSITIVE, "epsilon": _POSITIVE},
    "Adadelta": {**_OPTIMIZER, "rho": _FRACTION, "epsilon": _POSITIVE},
    "Lion": {**_OPTIMIZER, "beta_1": _FRACTION, "beta_2": _FRACTION},
}

_REDUCTION: Rules = {"reduction": optional(choice("sum_over_batch_size", "sum", "mean", "none"))}
_LOGITS: Rules = {"from_logits": FLAG, "label_smoothing": _FRACTION}
_CLASSES: Rules = {
    "from_logits": FLAG,
    "ignore_class": optional(integer(-1_000_000, 1_000_000)),
    "axis": _AXIS,
}
_DISTANCES = (
    *("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError"),
    *("MeanSquaredLogarithmicError", "KLDivergence", "Poisson", "Hinge", "SquaredHinge"),
    "CategoricalHinge",
)
"""Losses and metrics without arguments of their own."""

LOSSES: Family = {
    **dict.fromkeys([*_DISTANCES, "LogCosh"], _REDUCTION),
    "BinaryCrossentropy": {**_LOGITS, "axis": _AXIS, **_REDUCTION},
    "CategoricalCrossentropy": {**_LOGITS, "axis": _AXIS, **_REDUCTION},
    "SparseCategoricalCrossentropy": {**_CLASSES, **_REDUCTION},
    "BinaryFocalCrossentropy": {
        "apply_class_balancing": FLAG,
        "alpha": _FRACTION,
        "gamma": _POSITIVE,
        **_LOGITS,
        "axis": _AXIS,
        **_REDUCTION,
    },
    "Huber": {"delta": _POSITIVE, **_REDUCTION},
    "CosineSimilarity": {"axis": _AXIS, **_REDUCTION},
}

_THRESHOLDS: Rules = {"thresholds": optional(either(_FRACTION, list_of(_FRACTION, 1, 200)))}
_PRECISION_RECALL: Rules = {
    **_THRESHOLDS,
    "top_k": optional(integer(1, 10_000)),
    "class_id": optional(integer(0, 10_000)),
}
ACCURACY = "accuracy"
"""The word for whichever accuracy fits the output; not a class of Keras."""

METRICS: Family = {
    ACCURACY: {},
    **dict.fromkeys([*_DISTANCES, "RootMeanSquaredError", "LogCoshError"], _NO_ARGUMENTS),
    **dict.fromkeys(["Accuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"], _NO_ARGUMENTS),
    "BinaryAccuracy": {"threshold": _FRACTION},
    "TopKCategoricalAccuracy": {"k": integer(1, 10_000)},
    "SparseTopKCategoricalAccuracy": {"k": integer(1, 10_000)},
    "BinaryCrossentropy": _LOGITS,
    "CategoricalCrossentropy": {**_LOGITS, "axis": _AXIS},
    "SparseCategoricalCrossentropy": _CLASSES,
    "CosineSimilarity": {"axis": _AXIS},
    "AUC": {
        "num_thresholds": integer(2, 10_000),
        "curve": choice("ROC", "PR"),
        "summation_method": choice("interpolation", "minoring", "majoring"),
        "from_logits": FLAG,
    },
    "F1Score": {
        "average": optional(choice("micro", "macro", "weighted")),
        "threshold": optional(_FRACTION),
    },
    "Precision": _PRECISION_RECALL,
    "Recall": _PRECISION_RECALL,
    **dict.fromkeys(["TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"], _THRESHOLDS),
}
