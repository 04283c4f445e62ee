"""TensorFlow at work inside the sandbox, forked and not imported again."""

from collections.abc import Iterator

import pytest

from autograder.engine.zygote_client import IMPORTS
from tests.support.simulated_machines import SimulatedMachine, simulated_machine

FIT = """
import sys
assert "keras" in sys.modules
import keras, numpy, matplotlib.pyplot as plt
keras.utils.set_random_seed(options["seed"])
model = keras.Sequential([
    keras.Input((7,)), keras.layers.Embedding(11, 3), keras.layers.LSTM(5), keras.layers.Dense(1)
])
model.compile(optimizer="adam", loss="mse")
X = numpy.arange(7 * 40).reshape(40, 7) % 11
history = model.fit(X, X[:, 0] / 11.0, epochs=2, batch_size=8, verbose=0)
plt.plot(history.history["loss"]); plt.savefig("figure.png")
model.save("model.keras")
answer = [history.history["loss"], float(model(X[:1])[0, 0])]
"""


@pytest.fixture(scope="module", params=["full, root", "full, user", "container, root"])
def on(request: pytest.FixtureRequest) -> Iterator[SimulatedMachine]:
    with simulated_machine(request.param, imports=IMPORTS) as actual:
        yield actual


@pytest.mark.slow
def test_children_build_train_plot_and_save_alike(on: SimulatedMachine) -> None:
    first, second = (on.run(FIT, seed=5, timeout_s=90) for _ in range(2))
    assert "answer" in first, first
    assert first["answer"] == second["answer"]
    assert len(first["answer"][0]) == 2
    assert on.leftover_pids(timeout_s=2.0) == set()
