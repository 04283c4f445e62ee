"""A grader in a process of its own, on an imitated machine; one JSON line per submission.

    python grading_process.py '{"uid": 65534, "layers": [...], "course": ..., "environment": {...}}'

It grades the tiny assignment in a copy that belongs to the user who grades. An order is a notebook;
while one worker grades it, the other grades an honest one, which is then graded where it was.
"""

import json
import os
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from autograder.course import IsolationPolicy, load_course  # noqa: E402  the path is set above
from autograder.engine import run, submission_process, zygote_client  # noqa: E402
from autograder.engine.grade_submission import grade_with_retries  # noqa: E402
from autograder.engine.results import serialize  # noqa: E402
from autograder.limits import Limits  # noqa: E402
from autograder.sandbox.layers import Layer  # noqa: E402
from autograder.submission.discover import find_submissions  # noqa: E402
from tests.support.grading import make_submission  # noqa: E402
from tests.support.hostile.supervisor_process import make_traversable  # noqa: E402
from tests.support.plans import compile_plan  # noqa: E402

CALL_S = float(os.environ.get("HOSTILE_CALL_S", "2"))
"""Seconds that a cell or a call may take; more where a machine is slow or busy."""

LIMITS = Limits(
    cell_s=CALL_S,
    call_s=CALL_S,
    total_s=15 * CALL_S,
    train_s=5.0,
    memory_bytes=600 * 2**20,
    scratch_bytes=16 * 2**20,
)


def imitate_machine(setup):
    """Have every zygote of this process ask for some layers only, and import NumPy alone."""

    def config(plan, folder):
        environment = {**dict(plan.environment), **setup["environment"]}
        layers = frozenset(map(Layer, setup["layers"]))
        return replace(original(plan, folder), layers=layers, environment=environment)

    original = run.zygote_config
    run.zygote_config = config
    run.IMPORTS = zygote_client.IMPORTS = ("numpy",)
    submission_process.GRACE_S = 1.0


def comparable(result):
    """Return a result as the journal keeps it, without what the clock and the kernel measured."""
    checks = tuple(replace(check, wall_s=0.0, peak_bytes=0) for check in result.checks)
    return serialize(replace(result, checks=checks, wall_s=0.0, train_s=0.0, peak_bytes=0))


def strays(engine, marker):
    """Return the processes of this machine that belong to no zygote, grader or trainer."""
    trusted = set()
    for worker in engine.workers:
        trusted.add(worker.zygote.process.pid)
        for process in (worker._grader, worker._trainer):
            if process is not None and psutil.pid_exists(process.pid):
                tree = psutil.Process(process.pid)
                trusted |= {tree.pid, *(child.pid for child in tree.children(recursive=True))}
    found = []
    for process in psutil.process_iter():
        try:
            is_marked = marker.encode() in Path(f"/proc/{process.pid}/environ").read_bytes()
            if is_marked and process.pid not in trusted and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {process.name()}")
        except (OSError, psutil.Error):
            continue
    return found


def grade_attack(engine, neighbor, honest, data, marker):
    """Grade a notebook on the first worker, and the honest one beside it and behind it."""
    results = {}

    def grade(name, submission, content, worker):
        results[name] = grade_with_retries(submission, content, worker)

    first, second = engine.workers
    attacker = replace(neighbor, student="attacker")
    beside = threading.Thread(target=partial(grade, "beside", neighbor, honest, second))
    beside.start()
    grade("attacker", attacker, data, first)
    beside.join()
    left = strays(engine, marker)
    grade("behind", neighbor, honest, first)
    attack = results["attacker"]
    return {
        "points": {name: earned for name, (earned, _) in attack.questions().items()},
        "outcomes": {check.id: check.outcome.value for check in attack.checks},
        "messages": {check.id: f"{check.message} {check.hint}" for check in attack.checks},
        "flags": list(attack.flags),
        "neighbors": [comparable(results[name]) for name in ("beside", "behind")],
        "strays": left,
    }


def main(setup):
    make_traversable(Path(sys.prefix), Path(sys.base_prefix), ROOT)
    if setup["uid"]:
        os.setgroups([])
        os.setresgid(setup["uid"], setup["uid"], setup["uid"])
        os.setresuid(setup["uid"], setup["uid"], setup["uid"])
    imitate_machine(setup)
    assignment = load_course(Path(setup["course"])).assignment("tiny")
    assignment = replace(assignment, grading=replace(assignment.grading, isolation=IsolationPolicy.NONE))
    plan = replace(compile_plan(assignment), limits=LIMITS, cache=Path(setup["cache"]))
    honest = make_submission(plan, {}, {})
    Path(setup["honest"]).write_bytes(honest)
    (neighbor,) = find_submissions([Path(setup["honest"])], assignment)
    marker = "=".join(next(iter(setup["environment"].items())))
    with run.start_engine(plan, workers=2) as engine:
        alone = [comparable(grade_with_retries(neighbor, honest, worker)) for worker in engine.workers]
        layers = sorted(layer.value for layer in engine.workers[0].zygote.isolation.layers)
        print(json.dumps({"present": layers, "alone": alone}), flush=True)
        for line in sys.stdin:
            data = line.rstrip("\n").encode()
            print(json.dumps(grade_attack(engine, neighbor, honest, data, marker)), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
