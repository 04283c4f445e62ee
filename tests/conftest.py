"""What several folders of tests need."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAB_FOLDER = ROOT / "source" / "lab_4_4_rnn"

sys.path.insert(0, str(LAB_FOLDER))


@pytest.fixture(scope="session", autouse=True)
def private_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep trained results and the corpus of a test run in a folder of its own."""
    folder = tmp_path_factory.mktemp("rnnlab")
    os.environ.setdefault("RNNLAB_CACHE", str(folder))
    return folder
