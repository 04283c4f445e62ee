"""A process tree where nothing can be forked: keeper and role are both executed afresh.

    zygote ─ exec ─▶ keeper ─ exec ─▶ the submission, a grader or a trainer
                     │                confines itself, then imports everything; the role
                     waits for the lifeline to close or for the role's end; kills; goes last

Run as ``python -s -P -m autograder.grade.afresh keep`` and ``… play <scratch>``, with what the
zygote was told on descriptor 0. Seconds slower than a fork, and without what needs one: a pid
namespace and a root of its own.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path

import autograder
from autograder.grade import zygote
from autograder.grade.control import Frame
from autograder.grade.sandbox import launch
from autograder.grade.sandbox.launch import Ends, Recipe

_JOB = 0


def start(plan: Frame, command: Frame, ends: Ends) -> int:
    """Execute a keeper for ``command``; return its pid."""
    with tempfile.TemporaryFile() as job:
        job.write(json.dumps({"plan": plan, "command": command, "ends": astuple(ends)}).encode())
        job.flush()
        return _execute(("keep",), os.environ, job.fileno(), astuple(ends))


def _execute(arguments: Sequence[str], environment: Mapping[str, str], job: int, kept: Sequence[int]) -> int:
    os.set_inheritable(job, True)
    for descriptor in kept:
        os.set_inheritable(descriptor, True)
    command = [sys.executable, "-s", "-P", "-m", "autograder.grade.afresh", *arguments]
    actions = [(os.POSIX_SPAWN_DUP2, job, _JOB)]
    return os.posix_spawn(sys.executable, command, environment, file_actions=actions)


def main(part: str, *scratch: str) -> None:
    """Play one part in the tree that descriptor 0 tells of."""
    os.lseek(_JOB, 0, os.SEEK_SET)
    with open(_JOB, "rb", closefd=False) as file:
        job = json.load(file)
    plan, command, ends = job["plan"], job["command"], Ends(*job["ends"])
    recipe = zygote.recipe(plan, command)
    if part == "keep":
        launch.keep(recipe, ends, partial(_begin, recipe, ends))
    else:
        _play(plan, command, recipe, Path(*scratch), ends)


def _begin(recipe: Recipe, ends: Ends, scratch: Path) -> int:
    os.set_inheritable(ends.lifeline, False)
    environment = os.environ if recipe.trusted else recipe.surroundings(scratch)
    return _execute(("play", str(scratch)), environment, _JOB, (ends.wire, ends.done))


def _play(plan: Frame, command: Frame, recipe: Recipe, scratch: Path, ends: Ends) -> None:
    os.close(_JOB)
    os.open(os.devnull, os.O_RDONLY)  # takes the free descriptor 0
    zygote.compile_filter()
    sys.path.insert(0, plan["kit"])
    package = _Package()
    sys.meta_path.insert(0, package)

    if command["bare"]:
        zygote.prepared(command)  # imports what looks whether anything can be imported later

    def prepare() -> launch.Role:
        if not command["bare"]:
            zygote.import_all(plan)
            zygote.load_kit(plan)
        role = zygote.prepared(command)
        sys.meta_path.remove(package)
        package.sources.clear()
        return role

    if threads := zygote.threads_beside():
        raise RuntimeError(f"cannot be confined: {threads}")
    launch.enter(recipe, scratch, ends, prepare)


class _Package(importlib.abc.InspectLoader, importlib.abc.MetaPathFinder):
    """This package's own modules, read before a submission's process may not read their files."""

    def __init__(self) -> None:
        folder = Path(autograder.__file__).parent
        self.sources = {
            ".".join(path.relative_to(folder.parent).with_suffix("").parts): path.read_text()
            for path in folder.rglob("*.py")
        }

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if self.is_package(fullname) or fullname in self.sources:
            return importlib.util.spec_from_loader(fullname, self)
        return None

    def is_package(self, fullname: str) -> bool:
        return f"{fullname}.__init__" in self.sources

    def get_source(self, fullname: str) -> str:
        return self.sources[f"{fullname}.__init__" if self.is_package(fullname) else fullname]


if __name__ == "__main__":
    main(*sys.argv[1:])
