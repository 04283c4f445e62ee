"""nbgrader's formgrader, in a real browser, on marks that our grader gave."""

import contextlib
import csv
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.platforms.nbgrader_gradebook import nbgrader_student_id
from tests.commands.test_grade_class import course_command
from tests.support.nbgrader_course import NbgraderCourse, create_course

pytestmark = pytest.mark.browser

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed here")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
HELLO = "A clear <b>argument</b>, one step is missing."


@dataclass(frozen=True, slots=True)
class Served:
    """A course whose marks are in nbgrader, and a Jupyter server on it."""

    course: NbgraderCourse
    out: Path
    url: str

    def totals(self) -> dict[str, float]:
        """Return what ``grades.csv`` gives, by the names that nbgrader has."""
        with (self.out / "grades.csv").open(newline="") as file:
            return {
                nbgrader_student_id(row["student"]): float(row["total"] or 0) for row in csv.DictReader(file)
            }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The tiny class, graded by ``course grade --nbgrader`` and open in formgrader."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed here")
    here = create_course(tmp_path_factory.mktemp("served") / "course", tmp_path_factory.mktemp("work"))
    here.sample_results()  # keeps what they handed in
    submitted = here.root / "handed_in"
    submitted.mkdir()
    for path in sorted((here.root / "out").glob("*/submission.ipynb")):
        shutil.copy(path, submitted / f"{path.parent.name}.ipynb")
    (submitted / "eve.ipynb").write_bytes(b"%PDF-1.7")
    done = course_command(here.root, "grade", submitted, "--out", here.root / "graded", "--nbgrader")
    assert done.returncode == 0, done.stderr
    with served_at(here.root) as url:
        yield Served(here, here.root / "graded", url)


@contextlib.contextmanager
def served_at(root: Path) -> Iterator[str]:
    """Run a Jupyter server with formgrader in a course; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {
        "ServerApp.jpserver_extensions": "{'nbgrader.server_extensions.formgrader': True}",
        "ServerApp.port": port,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
    }
    command = [
        sys.executable,
        "-m",
        "jupyter_server",
        *(f"--{name}={value}" for name, value in settings.items()),
    ]
    with (root / "server.log").open("wb") as log:
        environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(root / ".jupyter")}
        server = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/formgrader/gradebook", server)
            yield url
        finally:
            server.terminate()
            server.wait(30)


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    patience = time.monotonic() + 120
    while True:
        assert server.poll() is None and time.monotonic() < patience
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=20):
            return
        time.sleep(0.3)


@pytest.fixture
def page(served: Served) -> Iterator["sync_api.Page"]:
    """A page that reaches nothing but the server."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        page.route(
            "**", lambda route: route.continue_() if served.url in route.request.url else route.abort()
        )
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def shown(page: "sync_api.Page", url: str) -> dict[str, tuple[float, str]]:
    """Return what formgrader's table says: score and whether a person is asked for, by student."""
    page.goto(f"{url}/formgrader/gradebook/tiny/tiny")
    page.wait_for_selector("td.score")
    rows = page.query_selector_all("tbody tr:has(td.score)")
    cells = {
        name: [row.query_selector(f"td.{name}") for row in rows] for name in ("score", "needs-manual-grade")
    }
    names = [row.query_selector("td.name .name-shown").text_content().strip() for row in rows]
    scores = [float(cell.text_content().split("/")[0]) for cell in cells["score"]]
    request = ["yes" if cell.query_selector("span") else "no" for cell in cells["needs-manual-grade"]]
    return dict(zip(names, zip(scores, request, strict=True), strict=True))


def opened(page: "sync_api.Page", served: Served, student: str) -> None:
    """Open a student's notebook by a click in the table, as a marker does."""
    shown(page, served.url)
    page.click("#toggle_names")
    page.get_by_role("link", name=student, exact=True).click()
    page.wait_for_selector("textarea.comment[placeholder]")
    page.wait_for_selector("input.score[placeholder]")


def test_formgrader_shows_our_totals(served: Served, page: "sync_api.Page") -> None:
    actual = {student: score for student, (score, _) in shown(page, served.url).items()}
    assert actual == served.totals()
    assert actual["ana"] == 14 and len(actual) == 5


def test_a_page_of_formgrader_runs_nothing_of_a_submission(served: Served, page: "sync_api.Page") -> None:
    request: list[str] = []
    page.on("dialog", lambda dialog: (request.append(dialog.message), dialog.dismiss()))
    opened(page, served, "ben")
    assert "window.stolen = 1" in page.inner_text("#notebook")
    assert page.evaluate("window.stolen") is None
    assert page.locator("a[href^='javascript:']").count() == 0
    assert "A hidden check, 3 points" in page.inner_text("#notebook")
    assert request == []


def test_a_mark_and_a_comment_made_in_formgrader_outlive_another_export(
    served: Served, page: "sync_api.Page"
) -> None:
    opened(page, served, "ana")
    with page.expect_response(lambda response: "/api/comment/" in response.url and response.ok):
        page.fill("[id='q3-answer-comment']", HELLO)
        page.locator("[id='q3-answer-comment']").blur()
    with page.expect_response(lambda response: "/api/grade/" in response.url and response.ok):
        page.fill("[id='q3-answer']", "2.5")
        page.locator("[id='q3-answer']").blur()
    done = course_command(served.course.root, "export", served.out, "--format", "nbgrader")
    assert done.returncode == 0, done.stderr
    assert shown(page, served.url)["ana"] == (16.5, "no")
    opened(page, served, "ana")
    page.wait_for_function("document.getElementById('q3-answer').value !== ''")
    assert page.input_value("[id='q3-answer-comment']") == HELLO
    assert float(page.input_value("[id='q3-answer']")) == 2.5
    served.course.run_nbgrader("generate_feedback", "tiny", "--student", "ana", "--force")
    feedback = (served.course.course_directory / "feedback" / "ana" / "tiny" / "tiny.html").read_text()
    assert "one step is missing." in feedback and "Score: 16.5 / 17.0" in feedback
