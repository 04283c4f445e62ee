"""The formulas behind the numbers that checks expect. Never released.

Sources: the shapes of ``Layer.weights`` in Keras 3. A gate has an input kernel (E x U), a
recurrent kernel (U x U) and a bias (U); the GRU's ``reset_after=True`` keeps two biases.
"""

from typing import Any


def expected(lab: Any) -> dict[str, Any]:
    """Return what the checks compare with, from the lab's parameters.

    A list holds one number per layer that has weights, in order.
    """
    embedding = lab.vocab_size * lab.embed_dim
    read_out = lab.units + 1
    layers = {
        "simple_rnn": lab.units * (lab.embed_dim + lab.units + 1),
        "lstm": 4 * lab.units * (lab.embed_dim + lab.units + 1),
        "gru": 3 * lab.units * (lab.embed_dim + lab.units + 2),
    }
    forecaster = 3 * lab.units * (1 + lab.units + 2)
    return {
        "dense": [embedding, lab.hidden * (lab.embed_dim + 1), lab.hidden + 1],
        "forecaster": [forecaster, read_out],
        "recurrent": layers,
        **{kind: [embedding, count, read_out] for kind, count in layers.items()},
    }
