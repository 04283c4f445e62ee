"""Marks of a run in nbgrader: its gradebook, its notebooks, its own commands on them."""

import base64
import contextlib
import csv
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from nbformat.v4 import new_notebook
from nbgrader import nbgraderformat
from nbgrader.api import Base, Gradebook, SubmittedNotebook
from sqlalchemy import create_engine

from autograder.build import leaks
from autograder.checks import Outcome
from autograder.commands.cli import course
from autograder.engine.results import HIDDEN_HINT, HIDDEN_NOT_PASSED, StaffMark
from autograder.errors import StaffError
from autograder.files import dump_notebook, load_notebook
from autograder.platforms.nbgrader_gradebook import export, nbgrader_student_id
from tests.support.nbgrader_course import (
    ALERT,
    PDF_MESSAGE,
    PNG_BASE64,
    TINY_COURSE,
    NbgraderCourse,
    create_course,
    open_course,
)
from tests.support.sample_results import HOSTILE_TEXTS


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> NbgraderCourse:
    """The tiny course with nbgrader's tree, made once."""
    return create_course(tmp_path_factory.mktemp("nbgrader") / "course", tmp_path_factory.mktemp("work"))


@pytest.fixture
def here(built: NbgraderCourse, tmp_path: Path) -> NbgraderCourse:
    """A course of one's own, with no marks in its gradebook."""
    return open_course(Path(shutil.copytree(built.root, tmp_path / "course")))


@pytest.fixture(scope="module")
def entered(built: NbgraderCourse, tmp_path_factory: pytest.TempPathFactory) -> NbgraderCourse:
    """A course with the marks of five students, and nbgrader's feedback for one of them."""
    root = shutil.copytree(built.root, tmp_path_factory.mktemp("entered") / "course")
    five = open_course(Path(root))
    export(five.run(*five.sample_results().values()))
    five.run_nbgrader("generate_feedback", "tiny", "--student", "ben")
    return five


def test_a_new_gradebook_needs_no_activated_environment(
    here: NbgraderCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (here.course_directory / "gradebook.db").unlink()
    export(here.run(*here.sample_results().values()))
    with gradebook(here) as book:
        assert of(book, "ben").score >= 0


def gradebook(here: NbgraderCourse) -> Gradebook:
    return Gradebook(f"sqlite:///{here.course_directory / 'gradebook.db'}", "tiny_course")


def of(book: Gradebook, student: str) -> SubmittedNotebook:
    return book.find_submission_notebook("tiny", "tiny", student)


def notebook(here: NbgraderCourse, student: str) -> dict:
    return json.loads((here.course_directory / "autograded" / student / "tiny" / "tiny.ipynb").read_text())


def said(here: NbgraderCourse, student: str, name: str) -> str:
    cell = next(cell for cell in notebook(here, student)["cells"] if cell["id"] == name)
    return "".join(line for output in cell["outputs"] for line in output.get("text", ()))


def test_a_total_in_the_gradebook_is_ours(entered: NbgraderCourse) -> None:
    results = entered.sample_results()
    with gradebook(entered) as book:
        found = {row["student"]: row["score"] for row in book.notebook_submission_dicts("tiny", "tiny")}
    assert found == {name: result.earned for name, result in results.items()}
    assert found == {"ana": 14, "ben": 8, "cy": 0, "dee": 11.5, "eve": 0}


def test_a_person_is_asked_for_what_we_did_not_mark_and_for_nothing_else(entered: NbgraderCourse) -> None:
    with gradebook(entered) as book:
        request = {
            student: {grade.name for grade in of(book, student).grades if grade.needs_manual_grade}
            for student in ("ana", "ben", "cy", "dee", "eve")
        }
        ungraded = book.find_grade("q2-hidden-equal", "tiny", "tiny", "dee").auto_score
    written = {"q3-answer"}
    assert request == {
        "ana": written, "ben": written, "cy": set(), "dee": {*written, "q2-hidden-equal"}, "eve": set()
    }  # fmt: skip
    assert ungraded is None


def test_the_second_export_of_a_run_changes_nothing(here: NbgraderCourse) -> None:
    run = here.run(*here.sample_results().values())
    export(run)
    files = {
        path: path.stat().st_mtime_ns for path in (here.course_directory / "autograded").rglob("*.ipynb")
    }
    with gradebook(here) as book:
        before = [grade.to_dict() for student in ("ana", "dee") for grade in of(book, student).grades]
    export(run)
    with gradebook(here) as book:
        assert before == [g.to_dict() for student in ("ana", "dee") for g in of(book, student).grades]
    assert files == {path: path.stat().st_mtime_ns for path in files}
    assert len(files) == 5


def test_what_people_decided_is_kept_and_a_score_that_changed_below_it_is_put_up_for_review(
    here: NbgraderCourse,
) -> None:
    results = here.sample_results()
    export(here.run(*results.values()))
    with gradebook(here) as book:
        for grade in of(book, "ana").grades:
            grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 0.25, 2.0, False
        book.find_comment("q3-answer", "tiny", "tiny", "ana").manual_comment = "Well put."
        book.db.commit()
    changed = here.result("ana", {"q1-hidden-length": Outcome.FAILED}, here.solved_notebook())
    export(here.run(*{**results, "ana": changed}.values()))
    with gradebook(here) as book:
        grades = {grade.name: grade for grade in of(book, "ana").grades}
        assert {(grade.manual_score, grade.extra_credit) for grade in grades.values()} == {(0.25, 2.0)}
        assert {name for name, grade in grades.items() if grade.needs_manual_grade} == {"q1-hidden-length"}
        assert grades["q1-hidden-length"].auto_score == 0
        assert book.find_comment("q3-answer", "tiny", "tiny", "ana").comment == "Well put."


def test_a_person_is_asked_where_the_grader_cannot_judge(here: NbgraderCourse) -> None:
    export(here.run(here.result("ana", {"q1-shape": Outcome.REVIEW}, here.solved_notebook())))
    with gradebook(here) as book:
        grade = book.find_grade("q1-shape", "tiny", "tiny", "ana")
        assert (grade.auto_score, grade.manual_score, grade.needs_manual_grade) == (None, None, True)
    assert "staff will look at it" in said(here, "ana", "q1-shape")


def test_a_mark_by_staff_is_the_manual_score_until_it_is_undone(here: NbgraderCourse) -> None:
    plain = here.result("ana", {"q1-shape": Outcome.REVIEW}, here.solved_notebook())
    marks = {"q1": StaffMark(5, "only the edge is off"), "q3": StaffMark(2.5, "well said")}
    for _ in range(2):
        export(here.run(replace(plain, staff_marks=marks)))
    with gradebook(here) as book:
        grades = {grade.name: grade for grade in of(book, "ana").grades}
        assert sum(grade.manual_score for name, grade in grades.items() if name.startswith("q1")) == 5
        assert grades["q3-answer"].manual_score == 2.5
        assert grades["q1-shape"].manual_score == 5 * grades["q1-shape"].max_score / 8
        assert not any(grade.needs_manual_grade for grade in grades.values())
        assert of(book, "ana").score == 5 + 6 + 2.5
        comment = book.find_comment("q1-answer", "tiny", "tiny", "ana").comment
        assert comment == "5 of 8 points, marked by staff: only the edge is off"
        grades["q1-hidden-length"].manual_score = 0.125  # somebody thinks again, in formgrader
        book.db.commit()
    assert said(here, "ana", "q1-shape") == f"{comment}\n"
    export(here.run(plain))
    with gradebook(here) as book:
        grades = {grade.name: grade for grade in of(book, "ana").grades}
        kept = {name: grade.manual_score for name, grade in grades.items() if grade.manual_score is not None}
        assert kept == {"q1-hidden-length": 0.125}
        assert {name for name, grade in grades.items() if grade.needs_manual_grade} == {
            "q1-shape", "q3-answer"
        }  # fmt: skip
        assert book.find_comment("q1-answer", "tiny", "tiny", "ana").comment is None


def test_another_written_answer_is_put_up_for_review(here: NbgraderCourse) -> None:
    export(here.run(here.result("ana", Outcome.PASSED, here.solved_notebook())))
    with gradebook(here) as book:
        grade = book.find_grade("q3-answer", "tiny", "tiny", "ana")
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        book.db.commit()
    other = here.solved_notebook(q3_answer="Second thoughts.")
    export(here.run(here.result("ana", Outcome.PASSED, other)))
    with gradebook(here) as book:
        grade = book.find_grade("q3-answer", "tiny", "tiny", "ana")
        assert (grade.manual_score, grade.needs_manual_grade) == (3.0, True)


def test_a_check_says_our_sentence_whatever_the_submission_stores(entered: NbgraderCourse) -> None:
    assert said(entered, "ana", "q1-shape").startswith("passed: There is one mean for each")
    hidden = said(entered, "ben", "q1-hidden-values")
    assert hidden == (
        f"failed: Other values and widths come out as well\n{HIDDEN_NOT_PASSED}\n{HIDDEN_HINT}\n"
    )
    assert said(entered, "dee", "q2-hidden-equal").endswith("a grader error; staff will grade it again.\n")
    assert PDF_MESSAGE in said(entered, "eve", "q2-mean")


def test_a_notebook_is_the_release_with_the_students_answers(entered: NbgraderCourse) -> None:
    release = {cell.id: cell for cell in load_notebook(entered.release).cells}
    for student in ("ana", "ben", "cy", "dee", "eve"):
        text = json.dumps(notebook(entered, student))
        cells = {cell.id: cell for cell in nbgraderformat.reads(text, as_version=4).cells}
        assert set(release) <= set(cells)
        differ = {name for name in release if cells[name].source != release[name].source}
        blank = student in ("cy", "eve")
        assert differ == (set() if blank else {"q1-answer", "q2-helper", "q2-answer", "q3-answer"})
        assert all(cells[name].metadata == release[name].metadata for name in release)


def test_cells_of_the_students_own_stand_where_they_ran(here: NbgraderCourse) -> None:
    raw = json.loads(here.solved_notebook())
    place = next(n for n, cell in enumerate(raw["cells"]) if cell["id"] == "q2-helper")
    own_part = {"cell_type": "code", "id": "mine", "metadata": {}, "source": "mine = 7", "execution_count": 1}
    raw["cells"].insert(
        place + 1, {**own_part, "outputs": [{"output_type": "stream", "name": "stdout", "text": "7"}]}
    )
    export(here.run(here.result("ana", Outcome.PASSED, json.dumps(raw).encode())))
    cells = notebook(here, "ana")["cells"]
    after = next(n for n, cell in enumerate(cells) if cell["id"] == "q2-helper") + 1
    assert ("".join(cells[after]["source"]), cells[after]["outputs"][0]["text"]) == ("mine = 7", ["7\n"])
    assert cells[after]["metadata"] == {}


def test_of_stored_outputs_only_text_and_pictures_are_left(entered: NbgraderCourse) -> None:
    cell = next(cell for cell in notebook(entered, "ben")["cells"] if cell["id"] == "series")
    kinds = [key for output in cell["outputs"] for key in output.get("data", {output.get("name"): 0})]
    assert kinds == ["stdout", "image/png", "stdout", "stderr"]
    png = base64.b64decode("".join(cell["outputs"][1]["data"]["image/png"]))
    assert png == base64.b64decode(PNG_BASE64)
    assert cell["outputs"][3]["text"] == [f"{ALERT}: {ALERT}\n"]


class Page(HTMLParser):
    """The text of a page, and what a browser would run of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.active: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.active += [f"{tag} {name}={value}" for name, value in attrs if name.startswith("on")]
        self.active += [f"{tag} {value}" for _, value in attrs if (value or "").startswith("javascript:")]
        self.active += [tag] if tag == "svg" else []

    def handle_data(self, data: str) -> None:
        self.active += [data] if self.lasttag == "script" and self.cdata_elem else []
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def feedback(here: NbgraderCourse, student: str) -> Page:
    return Page((here.course_directory / "feedback" / student / "tiny" / "tiny.html").read_text())


Watched = tuple[leaks.Secret, ...]


@pytest.fixture(scope="module")
def watched(built: NbgraderCourse) -> Watched:
    """What only hidden checks hold."""
    expected = (built.assignment.source / "expected.py").read_text()
    watch = leaks.leak_scanner(built.prepared.source, built.prepared.files, expected, None)
    return tuple(secret for secret in watch.secrets if secret.origin in hidden_checks(built))


def hidden_checks(here: NbgraderCourse) -> set[str]:
    return {check.cell.id for check in here.prepared.source.checks() if check.hidden}


def found(watched: Watched, text: str) -> set[str]:
    """Return the hidden checks of which something stands in a text."""
    forms = leaks.Text(text)
    return {item.origin for item in watched if item.is_in(forms)}


def test_no_notebook_and_no_feedback_holds_a_hidden_check(entered: NbgraderCourse, watched: Watched) -> None:
    for student in ("ana", "ben", "cy", "dee", "eve"):
        text = "\n".join("".join(cell["source"]) for cell in notebook(entered, student)["cells"])
        assert found(watched, text) == set()
    page = feedback(entered, "ben").text
    assert "A hidden check, 3 points" in page and "There is one mean for each complete stretch" in page
    assert found(watched, page) == set()


def test_a_hidden_check_in_a_feedback_would_be_found(
    entered: NbgraderCourse, watched: Watched, tmp_path: Path
) -> None:
    other = open_course(Path(shutil.copytree(entered.root, tmp_path / "course")))
    source_path = other.course_directory / "source" / "tiny" / "tiny.ipynb"
    source = {cell.id: cell for cell in load_notebook(source_path.read_bytes()).cells}
    path = other.course_directory / "autograded" / "ana" / "tiny" / "tiny.ipynb"
    stock = load_notebook(path.read_bytes())
    for cell in stock.cells:
        cell.source = source[cell.id].source if "hidden" in cell.id else cell.source
    path.write_bytes(dump_notebook(stock))
    other.run_nbgrader("generate_feedback", "tiny", "--student", "ana", "--force")
    assert found(watched, feedback(other, "ana").text) == hidden_checks(other)


def test_nothing_of_a_submission_would_run_in_the_browser_of_staff(entered: NbgraderCourse) -> None:
    page = feedback(entered, "ben")
    assert ALERT in page.text  # shown, in the answer and in what it printed
    assert [item for item in page.active if re.search("stolen|alert|svg", item)] == []
    assert len(Page(f"{ALERT}<svg></svg><a href='javascript:alert(1)'>x</a>").active) == 4


def test_the_feedback_gives_our_points(entered: NbgraderCourse) -> None:
    assert "tiny (Score: 8.0 / 17.0)" in feedback(entered, "ben").text


def test_nbgraders_table_gives_our_totals(entered: NbgraderCourse) -> None:
    entered.run_nbgrader("export", "--to", "marks.csv")
    with (entered.root / "marks.csv").open(newline="") as file:
        totals = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert totals == {name: result.earned for name, result in entered.sample_results().items()}


def test_a_file_that_is_gone_is_said_to_be_gone_and_a_person_still_marks_its_text(
    here: NbgraderCourse,
) -> None:
    result = here.result("ana", Outcome.PASSED, here.solved_notebook())
    (here.root / "out" / "ana" / "submission.ipynb").unlink()
    export(here.run(result))
    assert "no longer in the run's folder" in "".join(notebook(here, "ana")["cells"][0]["source"])
    with gradebook(here) as book:
        grade = book.find_grade("q3-answer", "tiny", "tiny", "ana")
        assert (grade.auto_score, grade.needs_manual_grade) == (None, True)
        assert of(book, "ana").score == 14


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_a_name_that_would_be_markup_a_path_or_a_formula_gets_another_one(name: str) -> None:
    other = nbgrader_student_id(name)
    assert other != name and len(other) <= 100
    assert not set(other) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


def test_a_usual_name_stays() -> None:
    for name in ("ana", "Zoë Müller", "s1234567", "kim@example.org", "O.-P. van Dam_2"):
        assert nbgrader_student_id(name) == name


def test_marks_of_other_checks_are_refused(here: NbgraderCourse) -> None:
    result = here.result("ana", Outcome.PASSED, here.solved_notebook())
    fewer = replace(result, checks=result.checks[1:])
    with pytest.raises(StaffError, match=r"has different checks for tiny than this run \(q1-shape\)"):
        export(here.run(fewer))
    assert not (here.course_directory / "autograded").exists()


def test_a_course_that_is_not_built_is_named(here: NbgraderCourse) -> None:
    run = here.run(here.result("ana", Outcome.PASSED, here.solved_notebook()))
    shutil.rmtree(here.course_directory)
    with pytest.raises(StaffError, match="run `course build tiny`"):
        export(run)


def test_a_gradebook_that_cannot_be_reached_is_told_in_a_sentence(here: NbgraderCourse) -> None:
    run = here.run(here.result("ana", Outcome.PASSED, here.solved_notebook()))
    for url in ("sqlite:////nowhere/at/all.db", "no url"):
        with pytest.raises(StaffError, match="gradebook cannot be used"):
            export(run, db_url=url)


def test_the_address_of_a_gradebook_is_refused_where_none_is_written() -> None:
    done = CliRunner().invoke(course, ["export", "out", "--format", "csv", "--db-url", "sqlite://"])
    assert isinstance(done.exception, StaffError)
    assert "csv does not write to a gradebook" in str(done.exception)


def test_the_gradebook_in_nbgraders_settings_is_used(here: NbgraderCourse) -> None:
    shutil.copy(here.course_directory / "gradebook.db", here.root / "other.db")
    with (here.root / "nbgrader_config.py").open("a") as settings:
        settings.write(f"c.CourseDirectory.db_url = 'sqlite:///{here.root / 'other.db'}'\n")
    export(here.run(here.result("ana", Outcome.PASSED, here.solved_notebook())))
    with Gradebook(f"sqlite:///{here.root / 'other.db'}", "tiny_course") as book:
        assert of(book, "ana").score == 14
    with gradebook(here) as book:
        assert book.students == []


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of one's own."""
    programs = {name: shutil.which(name) for name in ("initdb", "pg_ctl")}
    if None in programs.values():
        pytest.skip("PostgreSQL is not installed here")
    pytest.importorskip("psycopg", reason="psycopg is not installed here")
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        if user:
            shutil.chown(name, user)

        def call(*command: str) -> None:
            subprocess.run(command, user=user, cwd=name, check=True, stdout=subprocess.DEVNULL)

        call(programs["initdb"], "-D", f"{name}/data", "-U", "course", "-A", "trust", "--no-sync")
        call(
            programs["pg_ctl"],
            "-D",
            f"{name}/data",
            "-w",
            "-o",
            f"-F -k {name} -h ''",
            "-l",
            f"{name}/log",
            "start",
        )
        try:
            yield f"postgresql+psycopg://course@/postgres?host={name}"
        finally:
            call(programs["pg_ctl"], "-D", f"{name}/data", "-m", "immediate", "stop")


@pytest.mark.peers
def test_an_empty_postgresql_gets_the_assignment_and_the_marks(here: NbgraderCourse, postgres: str) -> None:
    results = here.sample_results()
    for _ in range(2):
        export(here.run(*results.values()), db_url=postgres)
    with Gradebook(postgres, "tiny_course") as book:
        rows = {row["student"]: row["score"] for row in book.notebook_submission_dicts("tiny", "tiny")}
        assert rows == {name: result.earned for name, result in results.items()}
        assert book.find_grade("q2-hidden-equal", "tiny", "tiny", "dee").auto_score is None
        assert book.find_assignment("tiny").duedate.isoformat() == "2027-02-12T23:59:00"
    here.run_nbgrader("generate_feedback", "tiny", "--student", "ben", f"--CourseDirectory.db_url={postgres}")
    assert "tiny (Score: 8.0 / 17.0)" in feedback(here, "ben").text


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE assignment DROP COLUMN duedate",
        "ALTER TABLE assignment RENAME COLUMN course_id TO course",
    ],
)
def test_a_gradebook_of_an_earlier_nbgrader_is_refused_with_the_command_that_upgrades_it(
    tmp_path: Path, change: str
) -> None:
    old = open_course(Path(shutil.copytree(TINY_COURSE, tmp_path / "course")))
    release = old.course_directory / "release" / "tiny" / "tiny.ipynb"
    release.parent.mkdir(parents=True)
    release.write_bytes(dump_notebook(new_notebook()))
    path = old.course_directory / "gradebook.db"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
    with gradebook(old) as book:
        book.add_assignment("tiny")
        book.add_student("ana")
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(change)
    before = path.read_bytes()
    with pytest.raises(StaffError, match=r"no such column.*run `nbgrader db upgrade` next to it") as refused:
        export(old.run(old.result("ana", Outcome.PASSED, None)))
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == before
