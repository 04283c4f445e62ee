"""The series that the notebook smooths."""

import numpy as np


def make_series(length: int, *, seed: int) -> np.ndarray:
    """Return a slow wave with noise on it, shape (length,)."""
    time = np.arange(length)
    noise = np.random.default_rng(seed).normal(size=length)
    wave = np.sin(time / 50.0)
    return wave + 0.3 * noise
