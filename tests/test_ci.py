"""The example workflows are run step by step, as they stand, where only the services are stand-ins."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
import yaml

from autograder.engine.plan import GradingPlan
from tests.support.grading import make_submission
from tests.support.workflow_commands import commands

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
GITHUB = yaml.safe_load((ROOT / "docs" / "ci" / "github.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text(encoding="utf-8"))
TOKEN = "glpat-of-the-students-group"
NOSY = """\
def moving_average(values, width=width):
    import os, pathlib
    print("::set-output name=marks::14")
    seen = [*pathlib.Path("/").rglob("course_config.py"), *(name for name in os.environ if "TOKEN" in name)]
    raise ValueError(f"::error::saw {len(seen)}\\n::add-mask::ana ##[add-mask]ana @staff <b>")
"""
RECORDER = """\
#!/bin/sh
{ for argument in "$@"; do echo "$argument"; done; cat for-student/summary.md; } > "$RECORD"
"""


class Ended(NamedTuple):
    """A job that has run."""

    place: Path
    code: int
    output: str
    told: str
    """What was sent to the student's project, arguments first."""

    @property
    def files(self) -> dict[str, str]:
        """What the job keeps."""
        stored = self.place / "for-student"
        return {path.name: path.read_text(encoding="utf-8") for path in stored.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def submitted(tiny_plan: GradingPlan) -> Mapping[str, bytes]:
    return {
        "right": make_submission(tiny_plan, {}, {}),
        "wrong": make_submission(tiny_plan, {"q1-answer": NOSY}, {}),
        "unreadable": b"\x00\x01 no notebook {",
    }


def course_at(place: Path) -> Path:
    """Make a checkout of a staff repository whose ``.venv`` is ready."""
    shutil.copytree(
        ROOT / "tests" / "tiny_assignment",
        place,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy2(ROOT / name, place)
    program(place / ".venv" / "bin" / "course", f'#!/bin/sh\nexec {sys.executable} -m autograder "$@"\n')
    (place / ".venv" / "ready").touch()
    return place


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def environment(place: Path, **others: str) -> dict[str, str]:
    for name in ("gh", "curl"):
        program(place / "services" / name, RECORDER)
    path = f"{place / 'services'}{os.pathsep}{os.environ['PATH']}"
    stored = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "GIT"))}
    return {**stored, "PATH": path, "PYTHONPATH": str(ROOT), "RECORD": str(place / "told"), **others}


def bash(script: str, place: Path, variables: Mapping[str, str], *options: str) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", *options, "-c", script], cwd=place, env=variables, text=True, timeout=200, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode, done.stdout


def on_github(place: Path, data: bytes | Path) -> Ended:
    """Run the steps of the job; a checkout is a copy, and an upload is not done."""
    course_at(place / "course")
    notebook = place / "handed-in" / "lab-4-4-ana" / "tiny.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.symlink_to(data) if isinstance(data, Path) else notebook.write_bytes(data)
    variables = environment(
        place,
        GITHUB_STEP_SUMMARY=str(place / "step_summary"),
        GITHUB_WORKSPACE=str(place),
        GITHUB_REPOSITORY_OWNER="lab",
        **{**GITHUB["env"], "ASSIGNMENT": "tiny", "STUDENT": "lab-4-4-ana", "COMMIT": "c0ffee"},
    )
    worst, output = 0, ""
    for step in GITHUB["jobs"]["grade"]["steps"]:
        if "run" in step and (worst == 0 or step.get("if") == "${{ !cancelled() }}"):
            secret = dict.fromkeys(step.get("env", {}), TOKEN)
            code, said = bash(
                step["run"], place / step.get("working-directory", "."), variables | secret, "-e"
            )
            worst, output = worst or code, output + said
    messages = place / "told"
    return Ended(place, worst, output, messages.read_text() if messages.is_file() else "")


def on_gitlab(place: Path, data: bytes) -> Ended:
    """Run the script of the job; the server is a folder."""
    project = place / "server" / "class" / "ana.git"
    project.mkdir(parents=True)
    (project / "tiny.ipynb").write_bytes(data)
    git = "git -c user.name=ana -c user.email=ana@example.org"
    code, said = bash(
        f"git init -q && git add . && {git} commit -qm 1 && git rev-parse HEAD", project, os.environ, "-e"
    )
    assert code == 0, said
    commit = said.split()[-1]
    push = {"project": {"path_with_namespace": "class/ana", "id": 7}, "checkout_sha": commit}
    (place / "payload").write_text(json.dumps(push))
    course = course_at(place / "staff")
    variables = environment(
        place,
        **{**GITLAB["grade"]["variables"], "ASSIGNMENT": "tiny"},
        CI_PROJECT_DIR=str(course),
        CI_SERVER_URL=f"file://{place / 'server'}",
        CI_API_V4_URL="https://gitlab.example/api/v4",
        STUDENTS_GROUP="class",
        STUDENTS_TOKEN=TOKEN,
        TRIGGER_PAYLOAD=str(place / "payload"),
    )
    code, output = bash("\n".join(GITLAB["grade"]["script"]), course, variables, "-eo", "pipefail")
    return Ended(course, code, output, (place / "told").read_text() if (place / "told").is_file() else "")


@pytest.fixture(scope="module", params=["github", "gitlab"])
def jobs(
    request: pytest.FixtureRequest, submitted: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Ended]]:
    run = on_github if request.param == "github" else on_gitlab
    yield {name: run(tmp_path_factory.mktemp(name), data) for name, data in submitted.items()}


POINTS = {"right": "14 of 14 points", "wrong": "6 of 14 points", "unreadable": "0 of 14 points"}


def test_the_job_ends_well_whatever_the_marks(jobs: dict[str, Ended]) -> None:
    for name, job in jobs.items():
        assert job.code == 0, job.output
        assert POINTS[name] in job.files["summary.md"]
        assert job.told.endswith(job.files["summary.md"])
        assert "/commits/" in job.told.split("# ")[0]


def test_a_report_has_a_case_for_each_check(jobs: dict[str, Ended]) -> None:
    """A hidden check that did not pass is a failure, whether it raised or not."""
    actual = {}
    for name, job in jobs.items():
        root = ElementTree.fromstring(job.files["junit.xml"])
        actual[name] = tuple(int(root.attrib[key]) for key in ("tests", "failures", "errors"))
    assert actual == {"right": (7, 0, 0), "wrong": (7, 2, 2), "unreadable": (7, 7, 0)}


def test_what_is_kept_is_what_a_student_may_read(jobs: dict[str, Ended]) -> None:
    for job in jobs.values():
        assert set(job.files) - {"annotations.txt"} == {"feedback.html", "junit.xml", "summary.md"}
        read = "".join(job.files.values()) + job.told + job.output
        assert not [value for value in ("7331.25", "57.5", "check_average_values") if value in read]
        assert TOKEN not in "".join(job.files.values()) + job.output


def test_student_code_sees_neither_the_course_nor_a_token(jobs: dict[str, Ended]) -> None:
    assert "::error::saw 0 ::add-mask::ana" in jobs["wrong"].files["junit.xml"]


def test_github_shows_the_questions_and_obeys_no_student(
    submitted: Mapping[str, bytes], jobs: dict[str, Ended]
) -> None:
    for name, job in jobs.items():
        shown = [
            (command.name, command.properties.get("title", "")[-32:]) for command in commands(job.output)
        ]
        if "annotations.txt" not in job.files or name == "right":
            assert shown == []
            continue
        assert job.place.joinpath("step_summary").read_text(encoding="utf-8") == job.files["summary.md"]
        lost = {"wrong": ["ana, Question 1: 0 of 8 points"]}.get(name)
        lost = lost or ["ana, Question 1: 0 of 8 points", "ana, Question 2: 0 of 6 points"]
        assert [(level, title[-30:]) for level, title in shown] == [("error", title[-30:]) for title in lost]


def test_a_link_to_the_courses_notebook_earns_nothing(tmp_path: Path) -> None:
    source = Path("../../course/source/tiny/tiny.ipynb")
    job = on_github(tmp_path, source)
    assert (job.code, job.files, job.told.count("points")) == (2, {}, 0)
    assert "tiny.ipynb: does not exist" in job.output


def test_a_pipeline_for_a_project_of_another_group_is_refused(tmp_path: Path) -> None:
    (tmp_path / "payload").write_text(
        json.dumps({"project": {"path_with_namespace": "classy/ana", "id": 7}, "checkout_sha": "c0ffee"})
    )
    variables = environment(tmp_path, TRIGGER_PAYLOAD=str(tmp_path / "payload"), STUDENTS_GROUP="class")
    code, output = bash("\n".join(GITLAB["grade"]["script"]), tmp_path, variables, "-eo", "pipefail")
    assert (code, output) == (2, "No project of the class\n")


def steps() -> list[dict[str, Any]]:
    return list(GITHUB["jobs"]["grade"]["steps"])


def test_no_text_from_outside_is_pasted_into_a_script() -> None:
    assert not [step for step in steps() if "${{" in step.get("run", "")]


def test_no_checkout_leaves_its_token_behind() -> None:
    checkouts = [step["with"] for step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert [checkout["persist-credentials"] for checkout in checkouts] == [False, False]
