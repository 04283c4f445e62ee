"""One line per epoch, rewritten in place while a network trains."""

from __future__ import annotations

import time
from typing import Any

from IPython import get_ipython
from IPython.display import display

from .quiet import keras

BAR_WIDTH = 20
REFRESH_S = 0.2


def epoch_lines(history: dict[str, list[float]], epochs: int) -> list[str]:
    """Return one line per finished epoch, e.g. ``epoch 1/3  loss 0.690  accuracy 0.520``."""
    names = sorted(history, key=lambda n: (n.startswith("val_"), not n.endswith("loss")))
    finished = len(history[names[0]]) if names else 0
    return [
        f"epoch {epoch + 1}/{epochs}  " + "  ".join(f"{name} {history[name][epoch]:.3f}" for name in names)
        for epoch in range(finished)
    ]


def callbacks_for(show: bool, epochs: int) -> list[_Progress]:
    """Return the callbacks of ``fit`` that show our lines in place of Keras' own."""
    return [_Progress(epochs)] if show else []


class _Progress(keras.callbacks.Callback):
    """Shows the epochs that are done and how far the running one is."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs
        self.history: dict[str, list[float]] = {}
        self.screen = Screen()
        self.shown_at = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 Keras' signature
        if time.monotonic() - self.shown_at < REFRESH_S:
            return
        self.shown_at = time.monotonic()
        lines = epoch_lines(self.history, self.epochs)
        share = (batch + 1) / self.params["steps"] if self.params["steps"] else 0.0
        bar = ("=" * round(share * BAR_WIDTH)).ljust(BAR_WIDTH)
        self.screen.update([*lines, f"epoch {len(lines) + 1}/{self.epochs}  [{bar}]"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 Keras' signature
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        self.screen.finish(epoch_lines(self.history, self.epochs))


class Screen:
    """Lines that grow: rewritten in place in a notebook, printed once elsewhere."""

    def __init__(self) -> None:
        self.in_notebook = getattr(get_ipython(), "kernel", None) is not None
        self.handle: Any = None
        self.printed = 0

    def update(self, lines: list[str]) -> None:
        """Show lines that will change; only a notebook can."""
        if not self.in_notebook:
            return
        text = {"text/plain": "\n".join(lines)}
        if self.handle is None:
            self.handle = display(text, raw=True, display_id=True)
        else:
            self.handle.update(text, raw=True)

    def finish(self, lines: list[str]) -> None:
        """Show lines that stay."""
        self.update(lines)
        if self.in_notebook:
            return
        for line in lines[self.printed :]:
            print(line)
        self.printed = len(lines)
