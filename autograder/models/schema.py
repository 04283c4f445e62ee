"""The supported classes of Keras by name, with their constructor arguments and the rules of these.

An argument that is not listed is ignored (initializers, names, seeds) or refused by ``encode``
(constraints, ``stateful``); a forged description cannot set it either way.
"""

from collections.abc import Mapping

from autograder.models.rules import (
    FLAG,
    Family,
    Rule,
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
ACCURACY = "accuracy"
"""The word for whichever accuracy fits the output; not a class of Keras."""

MAX_AXIS_LENGTH = 100_000
MAX_LAYER_WIDTH = 65_536
MAX_WINDOW = 4_096
"""Time steps in one pooling or convolution window; ``MaxPooling1D(10**9)`` hangs in C."""

_AXIS = integer(-4, 4)
_FRACTION = number(0, 1)
_POSITIVE = number(0, 1e6)
_ANY_NUMBER = number(-1e6, 1e6)

# What an argument of this name may be in every class that has it, or in one class alone.
_RULES: dict[str, Rule] = {
    **dict.fromkeys(["use_bias", "trainable", "mask_zero", "return_sequences", "go_backwards"], FLAG),
    **dict.fromkeys(["unit_forget_bias", "reset_after", "keepdims", "center", "scale"], FLAG),
    **dict.fromkeys(["staircase", "cycle", "amsgrad", "nesterov", "centered"], FLAG),
    **dict.fromkeys(["from_logits", "apply_class_balancing"], FLAG),
    **dict.fromkeys(["units", "output_dim", "filters", "groups"], integer(1, MAX_LAYER_WIDTH)),
    "input_dim": integer(1, 10_000_000),
    "n": integer(1, 10_000),
    **dict.fromkeys(["pool_size", "kernel_size"], list_of(integer(1, MAX_WINDOW), 1, 1)),
    **dict.fromkeys(["strides", "dilation_rate"], list_of(integer(1, MAX_WINDOW), 1, 1)),
    "batch_shape": list_of(optional(integer(1, MAX_AXIS_LENGTH)), 1, 5),
    "target_shape": list_of(either(integer(1, MAX_AXIS_LENGTH), integer(-1, -1)), 0, 4),
    "dims": list_of(integer(1, 4), 1, 4),
    "axis": _AXIS,
    "dtype": choice(*INPUT_DTYPES),
    **dict.fromkeys(["activation", "recurrent_activation"], choice(*ACTIVATIONS)),
    "padding": choice("valid", "same"),
    "merge_mode": choice("concat", "sum", "mul", "ave"),
    **dict.fromkeys(["dropout", "recurrent_dropout", "rate", "momentum", "rho"], _FRACTION),
    **dict.fromkeys(["beta_1", "beta_2", "label_smoothing"], _FRACTION),
    **dict.fromkeys(["l1", "l2", "stddev", "negative_slope", "epsilon", "gamma", "delta"], _POSITIVE),
    **dict.fromkeys(["initial_learning_rate", "decay_rate", "end_learning_rate", "power"], _POSITIVE),
    "initial_accumulator_value": _POSITIVE,
    **dict.fromkeys(["max_value", "warmup_target", "weight_decay"], optional(_POSITIVE)),
    **dict.fromkeys(["clipnorm", "clipvalue", "global_clipnorm"], optional(_POSITIVE)),
    **dict.fromkeys(["mask_value", "offset"], _ANY_NUMBER),
    "decay_steps": number(1, 1e9),
    "warmup_steps": number(0, 1e9),
    "reduction": optional(choice("sum_over_batch_size", "sum", "mean", "none")),
    "ignore_class": optional(integer(-1_000_000, 1_000_000)),
    "thresholds": optional(either(_FRACTION, list_of(_FRACTION, 1, 200))),
    "top_k": optional(integer(1, 10_000)),
    "class_id": optional(integer(0, 10_000)),
    "k": integer(1, 10_000),
    "num_thresholds": integer(2, 10_000),
    "curve": choice("ROC", "PR"),
    "summation_method": choice("interpolation", "minoring", "majoring"),
    "average": optional(choice("micro", "macro", "weighted")),
    "BatchNormalization.epsilon": _FRACTION,
    "BinaryAccuracy.threshold": _FRACTION,
    "BinaryFocalCrossentropy.alpha": _FRACTION,
    "Conv1D.padding": choice("valid", "same", "causal"),
    "CosineDecay.alpha": _POSITIVE,
    "ELU.alpha": _ANY_NUMBER,
    "F1Score.threshold": optional(_FRACTION),
    "LayerNormalization.axis": item_or_list(_AXIS, 3),
    "LayerNormalization.epsilon": _FRACTION,
    "ReLU.threshold": _POSITIVE,
    "Rescaling.scale": _ANY_NUMBER,
    "UnitNormalization.axis": item_or_list(_AXIS, 3),
}


def _family(rows: Mapping[str, str]) -> Family:
    """Return the rules of classes whose rows name their arguments, separated by spaces."""
    family: dict[str, dict[str, Rule]] = {}
    for class_name, row in rows.items():
        family[class_name] = {}
        for argument in row.split():
            rule = _RULES.get(f"{class_name}.{argument}") or _RULES[argument]
            family[class_name][argument] = rule
    return family


REGULARIZERS = _family({"L1": "l1", "L2": "l2", "L1L2": "l1 l2"})
_WEIGHTS = ("kernel", "bias", "recurrent", "embeddings", "beta", "gamma")
_RULES |= {f"{weight}_regularizer": optional(keras_object(REGULARIZERS)) for weight in _WEIGHTS}

_KERNEL_AND_BIAS = "activation use_bias kernel_regularizer bias_regularizer trainable"
_RECURRENT = (
    f"units {_KERNEL_AND_BIAS} recurrent_regularizer dropout recurrent_dropout return_sequences go_backwards"
)
_NORMALIZATION = "epsilon center scale beta_regularizer gamma_regularizer trainable"
RECURRENT = _family(
    {
        "SimpleRNN": _RECURRENT,
        "LSTM": f"{_RECURRENT} recurrent_activation unit_forget_bias",
        "GRU": f"{_RECURRENT} recurrent_activation reset_after",
    }
)
_DENSE = _family({"Dense": f"units {_KERNEL_AND_BIAS}"})
_RULES["Bidirectional.layer"] = keras_object(RECURRENT)
_RULES["TimeDistributed.layer"] = keras_object(_DENSE)
_OTHER_LAYERS = _family(
    {
        "InputLayer": "batch_shape dtype",
        "Embedding": "input_dim output_dim mask_zero embeddings_regularizer trainable",
        "Bidirectional": "layer merge_mode trainable",
        "TimeDistributed": "layer trainable",
        **dict.fromkeys(["Dropout", "SpatialDropout1D", "GaussianDropout"], "rate"),
        "GaussianNoise": "stddev",
        **dict.fromkeys(["GlobalAveragePooling1D", "GlobalMaxPooling1D"], "keepdims"),
        **dict.fromkeys(["AveragePooling1D", "MaxPooling1D"], "pool_size strides padding"),
        "Flatten": "",
        "Activation": "activation",
        "ReLU": "max_value negative_slope threshold",
        "LeakyReLU": "negative_slope",
        "ELU": "alpha",
        "Softmax": "axis",
        "BatchNormalization": f"axis momentum {_NORMALIZATION}",
        "LayerNormalization": f"axis {_NORMALIZATION}",
        "UnitNormalization": "axis",
        "Reshape": "target_shape",
        "RepeatVector": "n",
        "Permute": "dims",
        "Masking": "mask_value",
        "Conv1D": f"filters kernel_size strides padding dilation_rate groups {_KERNEL_AND_BIAS}",
        **dict.fromkeys(MERGE_LAYERS, ""),
        "Concatenate": "axis",
        "Identity": "",
        "Rescaling": "scale offset",
    }
)
LAYERS: Family = {**RECURRENT, **_DENSE, **_OTHER_LAYERS}

_DECAY = "initial_learning_rate decay_steps"
SCHEDULES = _family(
    {
        "ExponentialDecay": f"{_DECAY} decay_rate staircase",
        "InverseTimeDecay": f"{_DECAY} decay_rate staircase",
        "PolynomialDecay": f"{_DECAY} end_learning_rate power cycle",
        "CosineDecay": f"{_DECAY} alpha warmup_target warmup_steps",
    }
)
_RULES["learning_rate"] = either(_POSITIVE, keras_object(SCHEDULES))
_OPTIMIZER = "learning_rate weight_decay clipnorm clipvalue global_clipnorm"
OPTIMIZERS = _family(
    {
        "SGD": f"{_OPTIMIZER} momentum nesterov",
        "RMSprop": f"{_OPTIMIZER} rho momentum epsilon centered",
        **dict.fromkeys(["Adam", "AdamW"], f"{_OPTIMIZER} beta_1 beta_2 epsilon amsgrad"),
        **dict.fromkeys(["Nadam", "Adamax"], f"{_OPTIMIZER} beta_1 beta_2 epsilon"),
        "Adagrad": f"{_OPTIMIZER} initial_accumulator_value epsilon",
        "Adadelta": f"{_OPTIMIZER} rho epsilon",
        "Lion": f"{_OPTIMIZER} beta_1 beta_2",
    }
)

_DISTANCES = (
    *("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError"),
    *("MeanSquaredLogarithmicError", "KLDivergence", "Poisson", "Hinge", "SquaredHinge"),
    "CategoricalHinge",
)
"""Losses and metrics without arguments of their own."""

_LOGITS = "from_logits label_smoothing"
LOSSES = _family(
    {
        **dict.fromkeys([*_DISTANCES, "LogCosh"], "reduction"),
        "BinaryCrossentropy": f"{_LOGITS} axis reduction",
        "CategoricalCrossentropy": f"{_LOGITS} axis reduction",
        "SparseCategoricalCrossentropy": "from_logits ignore_class axis reduction",
        "BinaryFocalCrossentropy": f"apply_class_balancing alpha gamma {_LOGITS} axis reduction",
        "Huber": "delta reduction",
        "CosineSimilarity": "axis reduction",
    }
)
METRICS = _family(
    {
        **dict.fromkeys([ACCURACY, *_DISTANCES, "RootMeanSquaredError", "LogCoshError"], ""),
        **dict.fromkeys(["Accuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"], ""),
        "BinaryAccuracy": "threshold",
        **dict.fromkeys(["TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"], "k"),
        "BinaryCrossentropy": "from_logits label_smoothing",
        "CategoricalCrossentropy": "from_logits label_smoothing axis",
        "SparseCategoricalCrossentropy": "from_logits ignore_class axis",
        "CosineSimilarity": "axis",
        "AUC": "num_thresholds curve summation_method from_logits",
        "F1Score": "average threshold",
        **dict.fromkeys(["Precision", "Recall"], "thresholds top_k class_id"),
        **dict.fromkeys(["TruePositives", "TrueNegatives"], "thresholds"),
        **dict.fromkeys(["FalsePositives", "FalseNegatives"], "thresholds"),
    }
)
