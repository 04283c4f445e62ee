"""Gradescope's layout in a temporary folder, and the bundle run in it as the platform does."""

import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import venv
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from autograder.sandbox.process import proportional_bytes

SUPPORT_FOLDER = Path(__file__).parent
SCHEMA = json.loads((SUPPORT_FOLDER / "results.schema.json").read_text())
UNSCORED_SCHEMA = {key: value for key, value in SCHEMA.items() if key != "anyOf"}
"""Where nothing at all is graded, we give no score: a zero would count."""

METADATA = {
    "id": 7,
    "users": [{"id": 1, "name": "Ada Byron", "email": "ada@example.org"}, {"id": 2, "name": "Ben Okri"}],
    "previous_submissions": [{"score": 3.0, "results": {}}],
}


@dataclass(frozen=True, slots=True)
class BundleRun:
    """What one submission came to."""

    results: dict[str, Any]
    log: str
    """Output of ``run_autograder``, which only staff see."""

    peak_bytes: int
    """Memory of all its processes together, shared pages divided among their users."""

    def test(self, prefix: str) -> dict[str, Any]:
        """Return the one test whose name begins with ``start``."""
        (actual,) = (test for test in self.results["tests"] if test["name"].startswith(prefix))
        return dict(actual)


@dataclass(frozen=True, slots=True)
class Container:
    """A folder like ``/autograder``, and a Python that has what ``setup.sh`` installs."""

    root: Path
    python: Path

    @property
    def results_path(self) -> Path:
        return self.root / "results" / "results.json"

    def start(
        self, files: Mapping[str, bytes], *, command_prefix: tuple[str, ...] = ()
    ) -> "subprocess.Popen[str]":
        """Hand in files and start ``run_autograder``, its output in a pipe.

        Args:
            like: what stands before the command.
        """
        for name in ("submission", "results"):
            shutil.rmtree(self.root / name, ignore_errors=True)
            (self.root / name).mkdir(mode=0o755)
            (self.root / name).chmod(0o755)
        for name, data in files.items():
            (self.root / "submission" / name).write_bytes(data)
        metadata = self.root / "submission_metadata.json"
        metadata.write_text(json.dumps(METADATA))
        metadata.chmod(0o644)
        return subprocess.Popen(
            [*command_prefix, str(self.root / "run_autograder")],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "COURSE_PYTHON": str(self.python)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, files: Mapping[str, bytes], *, command_prefix: tuple[str, ...] = ()) -> BundleRun:
        """Grade what is handed in, within the platform's ten minutes."""
        with (
            self.start(files, command_prefix=command_prefix) as process,
            _track_peak_memory(process.pid) as peaks,
        ):
            output, _ = process.communicate(timeout=600)
        assert process.returncode == 0, output
        return BundleRun(validate_results(self.results_path.read_bytes()), output, max(peaks))


def validate_results(data: bytes, schema: dict[str, Any] = SCHEMA) -> dict[str, Any]:
    """Return results that the platform can read."""
    results = json.loads(data)
    jsonschema.validate(results, schema)
    return dict(results)


@contextmanager
def _track_peak_memory(pid: int) -> Iterator[list[int]]:
    peaks, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            peaks.append(proportional_bytes(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


@contextmanager
def container(bundle: bytes) -> Iterator[Container]:
    """Unpack a bundle where everybody may enter; skip where a submission could not be kept out."""
    if os.geteuid() != 0:
        pytest.skip("run_autograder is started by root")
    with tempfile.TemporaryDirectory(prefix="autograder-") as place:
        root = Path(place)
        root.chmod(0o755)
        source = root / "source"
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            archive.extractall(source)
        for path in (source, *source.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        shutil.copy(source / "run_autograder", root)
        (root / "run_autograder").chmod(0o755)
        yield Container(root, _create_venv(root / "environment", source))


def _create_venv(folder: Path, source: Path) -> Path:
    """Make what ``setup.sh`` makes, out of the packages that are installed here."""
    venv.create(folder, symlinks=True, with_pip=False)
    site = folder / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    linked = ["cp", "-al", f"{sysconfig.get_path('purelib')}/.", str(site)]
    if subprocess.run(linked, stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("the packages cannot be linked: they are on another disk than temporary files")
    for path in site.glob("*.pth"):
        path.unlink()
    (site / "course.pth").write_text(f"{source}\n")
    return folder / "bin" / "python"
