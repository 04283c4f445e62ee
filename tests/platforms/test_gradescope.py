"""The tiny assignment's zip, unpacked and run as Gradescope does."""

import json
import shutil
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import psutil
import pytest

from autograder.course import load_course
from autograder.engine.plan import GradingPlan
from autograder.limits import Limits
from autograder.platforms import gradescope as upload
from autograder.platforms import gradescope_harness
from autograder.platforms.gradescope_harness import submitter_names
from autograder.report.results_json import GRADING_STOPPED, SUBMISSION_NOT_GRADED
from tests.engine.test_session import in_the_function
from tests.support.gradescope_container import (
    SUPPORT_FOLDER,
    UNSCORED_SCHEMA,
    Container,
    container,
    validate_results,
)
from tests.support.grading import TINY_COURSE, make_submission
from tests.support.plans import compile_plan

DOCKER = (sys.executable, str(SUPPORT_FOLDER / "simulated_docker.py"))
MACHINES = {"this one": (), "Docker": (*DOCKER, "[]"), "Docker, no Landlock": (*DOCKER, '["landlock"]')}
SLOW = pytest.mark.bundles

SPY = """\
import os
found = []
def look(what, how):
    try:
        how()
        found.append(what)
    except (OSError, UnicodeDecodeError):
        pass
for name in ("source", "results", "submission"):
    for place in (f"{root}/{{name}}", f"../{{name}}", f"/proc/1/cwd/{{name}}"):
        look(name, lambda: os.listdir(place))
files = ("source/source/tiny/tiny.ipynb", "results/results.json", "submission_metadata.json", "open.txt")
for name in files:
    look(name, lambda: open(f"{root}/{{name}}", "rb").read())
    look("writes " + name, lambda: open(f"{root}/{{name}}", "wb").write(b'{{"score": 100}}'))
look("makes a file", lambda: open("{root}/results/other.json", "w"))
raise ValueError(", ".join(found) or "nothing")"""


@pytest.fixture(scope="module")
def recipe() -> GradingPlan:
    return compile_plan(load_course(TINY_COURSE).assignment("tiny"))


@pytest.fixture(scope="module")
def bundle(recipe: GradingPlan) -> bytes:
    return upload.make_bundle(recipe.assignment, {}, minutes=10)


@pytest.fixture(scope="module")
def harness(bundle: bytes) -> Iterator[Container]:
    with container(bundle) as item:
        (item.root / "open.txt").write_text("for everybody")
        yield item


def submitted(recipe: GradingPlan, answers: dict[str, str]) -> dict[str, bytes]:
    return {"tiny.ipynb": make_submission(recipe, answers, {}), "notes.txt": b"mine"}


def test_the_solution_gets_all_points_and_each_test_its_visibility(
    harness: Container, recipe: GradingPlan
) -> None:
    ran = harness.run(submitted(recipe, {}))
    assert ran.results["score"] == 14, ran.log
    hidden = {check.cell.id: check.hidden for check in recipe.source.checks()}
    assert [test["visibility"] == "after_published" for test in ran.results["tests"]] == [*hidden.values()]
    assert ran.results["stdout_visibility"] == "hidden"
    assert ran.results["extra_data"]["student"] == "Ada Byron, Ben Okri".replace(",", "_")
    assert "ada@example.org" not in json.dumps(ran.results)
    private = ("source", "submission", "submission_metadata.json")
    modes = [stat.S_IMODE((harness.root / name).stat().st_mode) for name in private]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.slow
@pytest.mark.parametrize(
    "machine",
    [pytest.param(name, marks=SLOW if name != "Docker, no Landlock" else ()) for name in MACHINES],
)
def test_a_submission_finds_nothing_of_the_harness(
    harness: Container, recipe: GradingPlan, machine: str
) -> None:
    spy = in_the_function(SPY.format(root=harness.root))
    ran = harness.run(submitted(recipe, spy), command_prefix=MACHINES[machine])
    messages = ran.results["tests"][0]["output"]
    # Without Landlock a file that is open to everybody is seen: the spy does see what it may.
    expected = "open.txt" if machine == "Docker, no Landlock" else "nothing"
    assert f"the message '{expected}'" in messages
    assert ran.results["score"] == 6
    assert (harness.root / "open.txt").read_text() == "for everybody"


@SLOW
def test_a_blank_notebook_no_notebook_and_nothing_at_all_get_a_zero_with_the_reason(
    harness: Container, recipe: GradingPlan
) -> None:
    blank = in_the_function("...") | {"q2-helper": "", "q2-answer": "def standardize(values):\n    ..."}
    for files, reason in (
        (submitted(recipe, blank), "not answered yet"),
        ({"essay.pdf": b"%PDF-1.4"}, "PDF"),
        ({}, "Nothing was submitted"),
    ):
        ran = harness.run(files)
        assert ran.results["score"] == 0, ran.log
        assert all(reason in test["output"] for test in ran.results["tests"]), ran.results["tests"]


@pytest.mark.slow
def test_what_is_known_when_grading_is_stopped_stays_and_the_rest_has_no_score(
    harness: Container, recipe: GradingPlan
) -> None:
    slow = {"q2-answer": "def standardize(values):\n    import time\n    time.sleep(1000)"}
    with harness.start(submitted(recipe, slow)) as running:
        while not harness.results_path.is_file() or "passed" not in harness.results_path.read_text():
            assert running.poll() is None
            time.sleep(0.1)
        below = psutil.Process(running.pid).children(recursive=True)
        (timeout,) = (item for item in below if item.name() == "timeout")
        (grading,) = timeout.children()
        grading.kill()
        output, _ = running.communicate(timeout=60)
    results = validate_results(harness.results_path.read_bytes())
    assert "ended with code 137" in output
    assert GRADING_STOPPED in results["output"]
    first, *_, last = results["tests"]
    assert (first["score"], first["status"]) == (first["max_score"], "passed")
    assert not {"score", "max_score", "status"} & set(last)
    assert "Not reached" in last["output"]
    assert 0 < results["score"] <= 8


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["no Python", "no source", "no time"])
def test_a_fault_of_ours_leaves_a_file_without_a_score(
    harness: Container, recipe: GradingPlan, fault: str
) -> None:
    script, source = harness.root / "run_autograder", harness.root / "source" / "source"
    text, aside = script.read_text(), source.with_name("aside")
    broken = replace(harness, python=Path("/nowhere")) if fault == "no Python" else harness
    try:
        if fault == "no source":
            source.rename(aside)
        elif fault == "no time":
            script.write_text(text.replace("limit_s=570", "limit_s=0.01"))
        with broken.start(submitted(recipe, {})) as running:
            running.communicate(timeout=60)
    finally:
        script.write_text(text)
        if aside.exists():
            aside.rename(source)
    results = validate_results(harness.results_path.read_bytes(), UNSCORED_SCHEMA)
    assert running.returncode == 0
    assert results["output"] == SUBMISSION_NOT_GRADED
    assert "score" not in results and results["tests"] == []


def test_equal_sources_give_equal_bytes(recipe: GradingPlan, bundle: bytes) -> None:
    assert upload.make_bundle(recipe.assignment, {}, minutes=10) == bundle
    with zipfile.ZipFile(BytesIO(bundle)) as archive:
        infos = archive.infolist()
    names = [info.filename for info in infos]
    assert names == sorted(names)
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.filename for info in infos if info.external_attr >> 16 & 0o100} == set(upload.SCRIPTS)
    assert not [name for name in names if "__pycache__" in name or "/." in name]


@pytest.mark.parametrize("name", upload.SCRIPTS)
def test_the_scripts_are_scripts(bundle: bytes, name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(BytesIO(bundle)) as archive:
        script = Path(archive.extract(name, tmp_path))
    assert "@" not in script.read_text().replace("[@]", "").replace("BASH_SOURCE", "")
    subprocess.run(["bash", "-n", script], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", script], check=True)


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        (b'{"users": [{"name": "Ada"}, {"name": "", "email": "b@example.org"}]}', "Ada, b@example.org"),
        (b'{"users": []}', "student"),
        (b'{"users": [7]}', "student"),
        (b"{", "student"),
        (b"[]", "student"),
    ],
)
def test_the_student_is_whom_the_platform_names(metadata: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / "metadata").write_bytes(metadata)
    assert submitter_names(tmp_path / "metadata") == name


@pytest.mark.parametrize("file", ["memory.max", "memory/memory.limit_in_bytes"])
def test_a_submission_gets_what_the_container_leaves(file: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    for text, left in (
        (str(2 * 2**30), 2 * 2**30 - gradescope_harness.GRADER_OVERHEAD_BYTES),
        (str(2**30), gradescope_harness.MIN_MEMORY_BYTES),
        (str(2**62), Limits().memory_bytes),
        ("max", Limits().memory_bytes),
    ):
        path.write_text(text)
        assert gradescope_harness.fit_to_container(Limits(), cgroup_root=tmp_path).memory_bytes == left
