"""Answers that try to carry what a hidden check asks into what their author reads.

Most say ``leak<number>``, with a number that they were given; visible checks give other numbers.
"""

RNN = "def build_simple_rnn(vocab_size=vocab_size, embed_dim=1, units=1, max_length=max_length):\n"
GATED_RNN = (
    "def build_gated_rnn(kind, vocab_size=vocab_size, embed_dim=1, units=1, max_length=9, dropout=0.1):\n"
)
DENSE = "def build_dense_baseline(vocab_size=vocab_size, embed_dim=embed_dim, max_length=max_length):\n"
FORECASTER = "def build_forecaster(window=window, units=units):\n"
STEP = "def rnn_step(x_t, h_prev, Wx, Wh, b):\n"

TIED_WITH_BEST = """
def best(runs):
    return round(100 * max(map(max, runs.values())))

def tied_with_best(runs):
"""

WIRE = """
import gc, socket
(wire,) = [one for one in gc.get_objects() if type(one) is socket.socket and one.fileno() >= 0]
"""

LEAKING_ANSWERS: dict[str, tuple[str, str]] = {
    "the text of an exception": (
        "q7",
        "def rnn_params(kind, input_dim, units):\n    raise ValueError(f'leak{input_dim}')",
    ),
    "the class of an exception": (
        "q8",
        TIED_WITH_BEST + "    raise type(f'leak{best(runs)}', (ValueError,), {})()",
    ),
    "a missing key": (
        "q2",
        "def pad_reviews(reviews, max_length=max_length):\n    return {}[f'leak{max_length}']",
    ),
    "the class of a result": (
        "q9",
        "def make_windows(series, window):\n    return type(f'leak{len(series)}', (), {})()",
    ),
    "what is printed": (
        "q1",
        "import sys, warnings\ndef decode_review(ids, index_to_word):\n"
        "    print(f'leak{len(ids)}', file=sys.stderr)\n    print(f'leak{len(ids)}')\n"
        "    warnings.warn(f'leak{len(ids)}')\n    return f'leak{len(ids)}'",
    ),
    "the line of an error": (
        "q4",
        "lines = [f'    if len(x_t) == {n}: raise ValueError' for n in range(2, 9)]\n"
        f"exec({STEP!r} + 700 * '\\n' + '\\n'.join(lines))",
    ),
    "the name of a layer": (
        "q3",
        DENSE + "    model = keras.Sequential([keras.Input((max_length,), name=f'leak{max_length}')])\n"
        "    model.add(keras.layers.Dense(1, name=f'leak{vocab_size}'))\n    return model",
    ),
    "the class of a layer": (
        "q5",
        RNN + "    kind = type(f'leak{vocab_size}', (keras.layers.Dense,), {})\n"
        "    return keras.Sequential([keras.Input((max_length,)), kind(1)])",
    ),
    "the class of a model": (
        "q6",
        GATED_RNN + "    kind = type(f'leak{vocab_size}', (keras.Sequential,), {})\n"
        "    return kind([keras.Input((max_length,)), keras.layers.Dense(1)])",
    ),
    "the name of a loss": (
        "q10",
        FORECASTER + "    def loss(y, seen):\n        return keras.ops.mean(y - seen)\n"
        "    loss.__name__ = f'leak{window}'\n"
        "    model = keras.Sequential([keras.Input((window, 1)), keras.layers.GRU(units)])\n"
        "    model.add(keras.layers.Dense(1))\n"
        "    model.compile('adam', loss, metrics=['mae'])\n    return model",
    ),
    "an exception that claims to be a library's": (
        "q8",
        TIED_WITH_BEST + "    raise type(f'leak{best(runs)}', (ValueError,), {'__module__': 'numpy'})()",
    ),
    "the text of an exit": (
        "q7",
        "def rnn_params(kind, input_dim, units):\n    raise SystemExit(f'leak{input_dim}')",
    ),
    "the dtype of an array": (
        "q2",
        "def pad_reviews(reviews, max_length=max_length):\n"
        "    return np.zeros((len(reviews), max_length), [(f'leak{max_length}', 'i4')])",
    ),
    "an object inside a list": (
        "q1",
        "def decode_review(ids, index_to_word):\n    return [type(f'leak{len(ids)}', (), {})()]",
    ),
    "the length of a frame": (
        "q9",
        WIRE + "def make_windows(series, window):\n    import struct\n"
        "    wire.sendall(struct.pack('!I', 4_000_000_000 + len(series)))\n    return series, series",
    ),
    "the name of an activation": (
        "q3",
        DENSE + "    def own(x):\n        return x\n    own.__name__ = f'leak{vocab_size}'\n"
        "    return keras.Sequential([keras.Input((max_length,)), keras.layers.Dense(1, own)])",
    ),
    "what Keras complains about": (
        "q5",
        RNN + "    return keras.Sequential([keras.layers.Dense(1, f'leak{vocab_size}')])",
    ),
    "the class of an optimizer": (
        "q6",
        GATED_RNN + "    model = keras.Sequential([keras.Input((max_length,)), keras.layers.Dense(1)])\n"
        "    kind = type(f'leak{vocab_size}', (keras.optimizers.Adam,), {})\n"
        "    model.compile(kind(), 'mse')\n    return model",
    ),
}
"""Question and answer by what is tried."""

STATEFUL_WINDOWS = """
kept = 0

def make_windows(series, window):
    global kept
    kept = max(kept, len(series) % 100)
    return series, series
"""
"""The notebook's own series have 800 and 200 values."""

STATEFUL_LEAKS: dict[str, dict[str, str]] = {
    "an exception": {
        "q9": STATEFUL_WINDOWS,
        "q10": FORECASTER + "    raise ValueError(f'leak{kept}')",
    },
    "a cell that stops": {
        "q9": STATEFUL_WINDOWS,
        "q10": "raise ValueError(f'leak{kept}')",
    },
    "a value": {
        "q7": "def rnn_params(kind, input_dim, units):\n    global kept\n    kept = input_dim\n    return 0",
        "q8": "def tied_with_best(runs):\n    return [f'leak{kept}']",
    },
}
"""Two answers, of which one remembers what a hidden check asked, and the other says it later."""

VISIBLE_INPUTS = {
    "q1": 3,
    "q2": 3,
    "q3": 10_000,
    "q4": 4,
    "q5": 10_000,
    "q6": 10_000,
    "q7": 32,
    "q8": 93,
    "q9": 5,
    "q10": 30,
}
"""What visible checks ask, by question."""
