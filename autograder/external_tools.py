"""Run otter and nbgrader, each in a process of its own.

Both tools change the working directory and read configuration from the home folder; a
subprocess in a temporary course isolates them from everything else.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from autograder.errors import StaffError

# If rfc3987_syntax is installed, jsonschema imports it to check web addresses, which takes
# seconds; the schemas of notebooks contain none.
_LAUNCHER = """
import runpy, sys
sys.modules["rfc3987_syntax"] = None
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""

_MAX_MESSAGE_LINES = 12


def run_tool(
    module: str,
    *arguments: str,
    folder: Path,
    timeout_s: float = 300,
    check: bool = True,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m module arguments…`` in ``folder`` without anybody's personal settings.

    Args:
        timeout_s: maximum run time, seconds.
        check: whether a failure of the tool is an error.
        environment: additional variables.

    Raises:
        StaffError: the tool is missing, fails or takes too long; with the end of its output.
    """
    settings = folder / ".jupyter"
    variables = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(settings),
        "JUPYTER_NO_CONFIG": "1",
        "IPYTHONDIR": str(settings / "ipython"),
        # The tools start others by name, e.g. jupyter; those next to this Python are meant.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        **(environment or {}),
    }
    command = [sys.executable, "-P", "-c", _LAUNCHER, module, *arguments]
    try:
        process = subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise StaffError(f"{module}: took more than {timeout_s:g} s; run the command again") from error
    if check and process.returncode != 0:
        output = (process.stdout + process.stderr).strip().splitlines()
        message = "\n".join(output[-_MAX_MESSAGE_LINES:])
        raise StaffError(f"{module} {arguments[0]}: failed with code {process.returncode}:\n{message}")
    return process
