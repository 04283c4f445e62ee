import base64
import csv
import hashlib
import io
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from rich.console import Console

from autograder.checks import Outcome
from autograder.course import load_course
from autograder.engine.journal import folder_name
from autograder.engine.results import HIDDEN_HINT, HIDDEN_NOT_PASSED, Result
from autograder.errors import StaffError
from autograder.notebook import Source
from autograder.report import pages, summary
from autograder.report.load_run import Run
from autograder.report.marks import Mark
from tests.support.sample_results import (
    ANA,
    CHECKS,
    HOSTILE_TEXTS,
    IN_REVIEW,
    MARKED,
    check_result,
    checks_with_review,
    checks_with_ungraded,
    result_for,
)

TITLE = "Lab 4.4: Recurrent Networks"
ASSIGNMENT = load_course(Path(__file__).parents[1] / "tiny_assignment").assignment("tiny")
SOURCE = Source("tiny.ipynb", (), ())
VOID = {"meta", "br", "rect", "line", "circle", "img"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; refuses tags that do not nest."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(data.decode("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def feedback(result: Result) -> Page:
    return Page(pages.feedback(result, title=TITLE))


def report(results: Sequence[Result]) -> Page:
    return Page(pages.report(results, title=TITLE))


def write_views(out: Path, results: Sequence[Result]) -> None:
    pages.write_reports(Run(out, ASSIGNMENT, tuple(results)), SOURCE)


def rows(results: Sequence[Result]) -> list[dict[str, str]]:
    marks = [Mark(result) for result in sorted(results, key=lambda result: result.student)]
    return list(csv.DictReader(io.StringIO(summary.dump_grades(marks).decode("utf-8"), newline="")))


def hostile(text: str) -> Result:
    checks = (
        replace(CHECKS[1], message=text, hint=text),
        replace(CHECKS[3], message=text, hint=text),
        check_result("q2", "one", 3, Outcome.BLOCKED, message=text),
    )
    return result_for(text, submission=text, checks=checks, repairs=(text,), flags=(text, text))


def test_a_student_reads_points_titles_sentences_hints_and_repairs() -> None:
    text = feedback(ANA).text
    for part in (
        "Feedback for ana 9.5 of 27.5 points",
        "The cell pad-reviews was there twice; the first one was taken.",
        "Question 1 2.5 of 5.5 points",
        "Not right yet: the result is wrong: found 7. Hint: Count again.",
        "Stopped with an error: pad raised an error: ValueError.",
        "Question 3 0 of 6 points The checks could not start: not answered yet.",
        "Question 5 up to 8 points",
        "exceeded the time or memory limit, or terminated its Python process",
    ):
        assert part.lower() in text.lower()
    assert "grader error" not in text


def test_what_to_fix_first_stands_on_top_with_the_points_to_gain() -> None:
    fixes = pages.first_fixes(ANA.for_student())
    # Questions by what they can gain; a visible check speaks for its question.
    assert [(fix.question, fix.points) for fix in fixes] == [("q2", 9), ("q3", 6), ("q1", 3)]
    assert fixes[0].sentence == "the title of q2-small: pad raised an error: ValueError"
    assert fixes[1].sentence == "not answered yet"
    text = feedback(ANA).text
    assert text.index("What to fix first") < text.index("Question 1")
    assert "9 points to gain. the title of q2-small: pad raised an error: ValueError." in text
    assert [fix.question for fix in pages.first_fixes(MARKED.for_student())] == [
        "q2"
    ]  # staff decide the rest


def test_full_marks_are_said_and_questions_have_a_word_each() -> None:
    right = replace(ANA, checks=tuple(replace(check, outcome=Outcome.PASSED) for check in CHECKS))
    assert "Full marks: your answers passed every check" in feedback(right).text
    assert "What to fix first" not in feedback(right).text
    text = feedback(replace(ANA, checks=checks_with_review("q4-one"))).text
    assert "Full marks" not in text
    for words in ("q1 2.5 of 5.5 partly right", "q2 0 of 9 not right yet", "q3 0 of 6 not answered"):
        assert words in text
    assert "q4 staff will look at it" in text


def test_an_answer_stands_next_to_what_was_found_in_it_as_text() -> None:
    answers = {"q1": "x = '<b>'\ny = 2", "q3": "...", "q4": "z = 3"}
    page = Page(pages.feedback(ANA, title=TITLE, answers=answers))
    assert "x = '<b>' y = 2" in " ".join(page.text.split())
    assert "b" not in {tag for tag, _ in page.tags}
    assert "z = 3" not in page.text and "Your answer ..." not in page.text  # nothing was found in them


def test_a_hidden_check_shows_its_title_its_sentence_and_its_hint() -> None:
    page = feedback(ANA)
    shown = page.text.split("the title of q2-large")[1]
    assert shown.index(f"not right yet: {HIDDEN_NOT_PASSED}.") < shown.index(f"Hint: {HIDDEN_HINT}")
    assert "weight array is missing" not in page.text
    assert "ended Python" not in page.text  # flags are for staff


def test_what_is_ungraded_is_said_first_and_costs_nothing() -> None:
    text = feedback(replace(ANA, checks=checks_with_ungraded("q1-shape", "q3-one"))).text
    assert (
        "7 of 27.5 points so far Not everything is graded yet because of a grader error. 2 of 6 checks"
        in text
    )
    assert "Question 1 0 of 5.5 points so far" in text
    assert "Question 3 not graded yet" in text
    assert "the trainer died" not in text
    nothing = feedback(replace(ANA, checks=checks_with_ungraded(*(check.id for check in CHECKS)))).text
    assert "Feedback for ana Not graded yet" in nothing


def test_a_perfect_result_needs_no_words_explained() -> None:
    checks = tuple(replace(check, outcome=Outcome.PASSED) for check in CHECKS)
    assert "Legend" not in feedback(replace(ANA, checks=checks)).text


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_no_text_of_a_student_becomes_markup(text: str) -> None:
    plain_tags = [tag for tag, _ in feedback(hostile("harmless")).tags]
    page = feedback(hostile(text))
    assert [tag for tag, _ in page.tags] == plain_tags
    assert page.text.isprintable()
    assert len(page.text) < 9_000
    staff = report([hostile(text)])
    assert [tag for tag, _ in staff.tags] == [tag for tag, _ in report([hostile("harmless")]).tags]
    assert staff.text.isprintable()


@pytest.mark.parametrize("page", [feedback(ANA), report([ANA]), report([])])
def test_a_page_is_alone(page: Page) -> None:
    assert "default-src 'none'" in policy(page)
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "embed", "form", "base"}
    for _, attributes in page.tags:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#")[:2] in ("#", "#q", "#c", "./")
        if "src" in attributes:
            assert re.match(r"data:image/(png|jpeg);base64,[\w+/=]+$", attributes["src"] or "")
        assert "srcset" not in attributes


def test_nothing_runs_in_a_students_page_and_one_known_script_in_that_of_staff() -> None:
    assert "script" not in policy(feedback(ANA))
    assert "script" not in {tag for tag, _ in feedback(ANA).tags}
    html = pages.report([ANA], title=TITLE).decode()
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert len(scripts) == 1
    assert f"script-src 'sha256-{digest}'" in policy(Page(html.encode()))


def policy(page: Page) -> str:
    return next(
        at["content"] or "" for _, at in page.tags if at.get("http-equiv") == "Content-Security-Policy"
    )


def test_a_report_shows_the_class() -> None:
    text = report([ANA, result_for("ben"), result_for("cem", checks=checks_with_ungraded("q1-shape"))]).text
    for part in (
        "submissions 3 mean of 27.5 points 9.5 median 9.5 not fully graded 1 flagged 3",
        "MiB, maximum 150",
        "3 × a weight array is missing.",
        "a cell ended Python. (3) ana , ben , cem",
        "3 of 3: Isolation reduced (without landlock); dataset embedded; seed 42",
        "Question 1 5.5 2.5 45 % – 0 0 Question 2 9 0 0 % – 0 3",
    ):
        assert part in text, part


def test_a_link_leads_to_the_folder_of_its_student(tmp_path: Path) -> None:
    results = [
        result_for(text)
        for text in ("javascript:alert(1)", "a b%2e", "李雷", "..", "report.html", *HOSTILE_TEXTS)
    ]
    write_views(tmp_path, results)
    links = [at["href"] for tag, at in Page((tmp_path / "report.html").read_bytes()).tags if tag == "a"]
    links = sorted({link or "" for link in links if link != "#content"})
    assert len(links) == len(results)
    for link in links:
        assert (tmp_path / unquote(link or "")).is_file()
        assert (tmp_path / unquote(link or "")).parent.parent == tmp_path


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/etc", "Report.HTML", "run.jsonl", ".x", "x" * 999])
def test_no_name_of_a_student_leaves_its_folder_or_hits_a_file_of_ours(name: str) -> None:
    folder = folder_name(name)
    assert re.fullmatch(r"[A-Za-z0-9-]{1,49}", folder)
    assert folder != folder_name(name + "y")
    assert folder_name("Ana Čapek-2") == "Ana Čapek-2"


def test_marks_in_the_gradebook_are_empty_where_nothing_is_graded() -> None:
    partly = result_for("zoe", checks=checks_with_ungraded("q1-shape", "q3-one"))
    nothing = result_for("ben", checks=checks_with_ungraded(*(check.id for check in CHECKS)))
    table = rows([partly, nothing, ANA])
    assert [tuple(row.values()) for row in table] == [
        ("ana", "2.5", "0", "0", "7", "", "9.5", "", "", "", "9.5", "graded", "a cell ended Python"),
        ("ben", "", "", "", "", "", "", "", "", "", "", "ungraded", "a cell ended Python"),
        ("zoe", "0", "0", "", "7", "", "7", "", "", "", "7", "partly ungraded", "a cell ended Python"),
    ]
    header = "student q1 q2 q3 q4 q5 total handed_in late penalty final outcome flags"
    assert list(table[0]) == header.split()


@pytest.mark.parametrize("name", ["=1+1", "+1", "-Lee", "@SUM(A1)", "\t=1", "\x00=1", "  =1"])
def test_no_cell_is_a_formula(name: str) -> None:
    row = rows([result_for(name, flags=(f"copied from {name}", name, f"a;{name}", f"b|{name}"))])[0]
    assert row["student"] == "'" + name.strip(" \t\x00")
    assert not re.search(r"(^|[;,|\t])\s*[=+\-@]", row["flags"])


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_hostile_name_stays_in_its_cell(text: str) -> None:
    table = rows([result_for("ana"), result_for(text, flags=(text,)), result_for("zoe")])
    assert len(table) == 3
    assert all(None not in row and row["total"] == "9.5" for row in table)


def test_the_distribution_holds_whole_results_only_and_full_marks_in_the_last_column() -> None:
    full = tuple(replace(check, outcome=Outcome.PASSED) for check in CHECKS)
    results = [
        ANA,
        result_for("ben", checks=full),
        result_for("cem", checks=checks_with_ungraded("q1-shape")),
    ]
    text = report(results).text
    assert "Fully graded submissions by total points points students 0 – 2.75 0 " in text
    bars = text.split("points students ")[1].split("Questions")[0]
    assert [int(bar.split()[-1]) for bar in re.split(r"(?<=\d) (?=[\d.]+ –)", bars.strip())] == [
        0, 0, 0, 1, 0, 0, 0, 0, 0, 1,
    ]  # fmt: skip
    assert " 8.25 – 11 1 " in text
    assert summary.histogram([0.1 + 0.1 + 0.1, 1], 1) == [0, 0, 0, 1, 0, 0, 0, 0, 0, 1]


def test_means_leave_out_what_is_not_graded() -> None:
    nothing, half = checks_with_ungraded("q1-shape", "q1-values"), checks_with_ungraded("q1-shape")
    first = summary.questions([ANA, result_for("ben", checks=nothing), result_for("cem", checks=half)])[0]
    assert (first.name, first.points, first.mean, first.full_marks_count, first.zero_count) == (
        "q1",
        5.5,
        2.5,
        0,
        0,
    )
    assert summary.questions([result_for("ben", checks=nothing)])[0].mean is None


def test_the_terminal_shows_thirty_rows_and_counts_the_rest() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(summary.summary_table([result_for(f"[red]s{place:02}") for place in range(34)]))
    text = console.export_text()
    assert "[red]s29" in text and "[red]s30" not in text
    assert "… and 4 more" in text


@pytest.mark.slow
def test_a_class_of_a_thousand_is_written_whole(tmp_path: Path) -> None:
    results = [result_for(f"student{place:04}") for place in range(1_000)]
    write_views(tmp_path, results)
    for name in ("feedback.html", "results.json", "results.staff.json"):
        assert len(list(tmp_path.glob(f"*/{name}"))) == 1_000
    assert Page((tmp_path / "report.html").read_bytes()).text.count("student0") == 2_000
    assert not list(tmp_path.rglob("*.new"))


def test_files_are_replaced_whole_and_only_staff_reads_them(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        write_views(tmp_path, [ANA])
        before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
        write_views(tmp_path, [result_for("ana", wall_s=99.0), ANA])
    finally:
        os.umask(mask)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    assert stat.S_IMODE((tmp_path / "ana").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in before} == {0o600}


def test_a_disk_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "ana").write_text("in the way")
    with pytest.raises(StaffError, match=r"results\.json: cannot be written .* previous file is intact"):
        pages.write_student(Run(tmp_path, ASSIGNMENT, (ANA,)), ANA, SOURCE)


def test_a_text_that_no_template_thought_of_is_escaped_and_printable_too() -> None:
    page = Page(pages.feedback(ANA, title="Lab <b>4</b> & \x1b\u202emore"))
    assert page.text.startswith("Lab <b>4</b> & more")
    assert page.text.isprintable()


def test_what_needs_a_person_is_first_in_the_report_with_the_reason() -> None:
    results = [IN_REVIEW, result_for("ben"), result_for("cem", checks=checks_with_review("q3-one"))]
    page = report(results)
    first = page.text.split("MiB, maximum 150 ", 1)[1]
    assert first.startswith("15 points of 2 students need a person")
    assert first.index("ana , Question 1, 3 points in 1 check: a layer is your own class.") < (
        first.index("cem , Question 3, 6 points in 1 check: a layer is your own class.")
    )
    assert first.index("cem , Question 3") < first.index("Distribution of totals")
    assert "grader error" not in page.text
    assert "not fully graded 2" in page.text and "need a person" not in report([ANA]).text


def test_a_mark_by_staff_stands_with_its_reason_in_both_pages() -> None:
    assert "ana , Question 1: 4.5 of 5.5 points. the sums are right." in report([MARKED]).text
    text = feedback(MARKED).text
    assert "18.5 of 35.5 points so far" in text
    assert "Question 1 4.5 of 5.5 points Marked by staff: the sums are right." in text
    assert "Question 5 7 of 8 points Marked by staff: well argued." in text
    assert "Staff mark this question" not in text and "the title of q1-values" not in text


def test_a_student_reads_that_staff_will_look_and_that_nothing_is_lost() -> None:
    text = feedback(IN_REVIEW).text
    assert "9.5 of 27.5 points so far Staff will look at part of your answers." in text
    assert "cannot judge 2 of 6 checks, worth 9 points" in text
    assert "Question 1 2.5 of 5.5 points so far" in text
    assert "Question 3 staff will look at it The grader cannot judge this answer" in text
    assert "staff will look at it: a layer is your own class." in text
    assert "grader error" not in text


def test_the_gradebook_says_what_a_person_must_settle_and_what_staff_decided() -> None:
    (row,) = rows([replace(MARKED, flags=())])
    points = [row[name] for name in ("q1", "q2", "q3", "q4", "q5", "total")]
    assert points == ["4.5", "0", "", "7", "7", "18.5"]
    assert row["outcome"] == "needs review"
    assert row["flags"] == (
        "q3-one needs a person: a layer is your own class; q1 was given 4.5 points by staff: the sums are "
        "right; q5 was given 7 points by staff: well argued"
    )
