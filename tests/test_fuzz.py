"""Whatever is on the wire, in a file or in a name: a value or a documented exception, and never a hang.

``make fuzz`` tries 200,000 frames, 20,000 notebooks and archives, 20,000 names and class lists; the test
suite a small part of them.
"""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COUNTS = {
    "frames": int(os.environ.get("FUZZ_FRAMES", "10000")),
    "notebooks": int(os.environ.get("FUZZ_NOTEBOOKS", "1000")),
    "names": int(os.environ.get("FUZZ_NAMES", "1000")),
}
PATIENCE_S = float(os.environ.get("FUZZ_PATIENCE_S", "120"))
"""Seconds for a hundred inputs, which take one or two."""


@pytest.mark.parametrize("kind", COUNTS)
def test_every_input_gives_a_value_or_a_documented_exception(kind: str) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.support.fuzz", kind, str(COUNTS[kind])]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout
        said = b""
        while select.select([process.stdout], [], [], PATIENCE_S)[0]:
            part = os.read(process.stdout.fileno(), 65_536)
            if not part:
                break
            said += part
        else:
            process.kill()
            pytest.fail(f"hangs after {said[-200:]!r}")
        assert process.wait() == 0, said[-4_000:].decode(errors="replace")
    assert b"done: " in said
