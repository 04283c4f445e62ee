"""What several folders of tests need."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.support.grading import engine, grade, graded_lab, numpy_alone, tiny_plan  # noqa: F401  fixtures

ROOT = Path(__file__).resolve().parent.parent
LAB_FOLDER = ROOT / "source" / "lab_4_4_rnn"

sys.path.insert(0, str(LAB_FOLDER))

# a job in the background of a shell ignores interrupts, and whatever it starts inherits that
signal.signal(signal.SIGINT, signal.default_int_handler)

GRADED_LAB_FILES = (
    "engine/test_lab_verdicts.py",
    "engine/test_misconceptions.py",
    "report/test_feedback_leaks.py",
)
"""Files for which the same answers are graded, once for all."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give a process a whole file, or all files that share what takes minutes.

    The hook is pytest-xdist's: without that plugin nobody calls it, so the plugin is imported here.
    """
    from xdist.scheduler import LoadFileScheduling

    class FileGroupScheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return "known answers" if file.endswith(GRADED_LAB_FILES) else file

    return FileGroupScheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def private_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep trained results and the corpus of a test run in a folder of its own."""
    folder = tmp_path_factory.mktemp("rnnlab")
    os.environ.setdefault("RNNLAB_CACHE", str(folder))
    return folder
