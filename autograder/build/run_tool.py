"""Other people's tools, each run in a process of its own.

Both tools change the working directory and read configuration from the home folder; a
subprocess in a temporary course keeps them away from everything else.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from autograder.errors import StaffError

_LAUNCHER = """
import runpy, sys
sys.modules["rfc3987_syntax"] = None
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""
# jsonschema loads that module if it is there, which takes seconds, to check web addresses;
# the schemas of notebooks hold none.

TIMEOUT_S = 300
"""Longest that a tool may take over one notebook, seconds."""


def run(
    module: str, *arguments: str, folder: Path, timeout_s: float = TIMEOUT_S, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m module arguments…`` in ``folder`` with nobody's settings.

    Raises:
        StaffError: the tool is missing, fails (unless ``check`` is false) or takes too long;
            with the end of what it said.
    """
    command = [sys.executable, "-P", "-c", _LAUNCHER, module, *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=_environment(folder),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StaffError(f"{module}: took more than {timeout_s:g} s; run the build again") from error
    if check and done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise StaffError(f"{module} {arguments[0]}: failed with code {done.returncode}:\n{said}")
    return done


def _environment(folder: Path) -> Mapping[str, str]:
    settings = folder / ".settings"
    beside_python = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(settings),
        "JUPYTER_NO_CONFIG": "1",
        "IPYTHONDIR": str(settings / "ipython"),
        "PATH": os.pathsep.join([beside_python, os.environ.get("PATH", os.defpath)]),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
    }
