"""Measure which lines of the package the tests run, in all processes.

    python -m tools.measure_coverage [PYTEST ARGUMENTS]

coverage.py measures the tests and what they start. It writes its data when a process ends, but the
processes that grade are killed, and those that run submissions can write no file. So every zygote and
reader maps one shared file when it starts, a byte for each line of the package, and what it forks sets
bytes in it until its last moment. A ``.pth`` file in the environment does that, while this command runs.
"""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

from coverage import CoverageData

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "coverage"
HOOK = Path(sysconfig.get_path("purelib")) / "trace_processes.pth"

# Runs in every interpreter of the environment before its program. Only the two programs from which all
# confined processes are forked are traced here; the others are measured by coverage.py.
TRACER = """
import sys

def trace_package(folder):
    import json, mmap, threading

    with open(folder + "/offsets.json") as file:
        offsets = json.load(file)
    with open(folder + "/marks", "r+b") as file:
        marks = mmap.mmap(file.fileno(), 0)

    def on_call(frame, event, argument):
        offset = offsets.get(frame.f_code.co_filename)
        if offset is None:
            return None

        def on_line(frame, event, argument):
            marks[offset + frame.f_lineno] = 1
            return on_line

        return on_line(frame, event, argument)

    threading.settrace(on_call)
    sys.settrace(on_call)

if {"autograder.engine.zygote", "autograder.sandbox.reader_process"} & set(sys.orig_argv):
    trace_package(FOLDER)
"""


def main(arguments: list[str]) -> int:
    """Run pytest, print the share of lines of each file, and return pytest's exit code."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    offsets, size = {}, 0
    for path in sorted((ROOT / "autograder").rglob("*.py")):
        offsets[str(path)] = size
        size += len(path.read_bytes().splitlines()) + 2
    (FOLDER / "offsets.json").write_text(json.dumps(offsets))
    (FOLDER / "marks").write_bytes(bytes(size))
    tracer = FOLDER / "tracer.py"
    tracer.write_text(TRACER.replace("FOLDER", repr(str(FOLDER))))
    HOOK.write_text(f"import sys; exec(open({str(tracer)!r}).read())\n")
    coverage = [sys.executable, "-m", "coverage"]
    try:
        tests = subprocess.run([*coverage, "run", "-m", "pytest", *arguments], cwd=ROOT, check=False)
    finally:
        HOOK.unlink()
    marks = (FOLDER / "marks").read_bytes()
    ends = [*list(offsets.values())[1:], size]
    lines = {}
    for (name, offset), end in zip(offsets.items(), ends, strict=True):
        lines[name] = [number for number, mark in enumerate(marks[offset:end]) if mark]
    data = CoverageData(str(FOLDER / "data.forked"))
    data.add_lines(lines)
    data.write()
    subprocess.run([*coverage, "combine", "--quiet"], cwd=ROOT, check=True)
    subprocess.run([*coverage, "report", "--skip-covered"], cwd=ROOT, check=True)
    return tests.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
