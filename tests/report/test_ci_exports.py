import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from autograder.checks import Outcome
from autograder.course import load_course
from autograder.engine.results import HIDDEN_HINT, HIDDEN_NOT_PASSED, Misconception, Result, StaffMark
from autograder.report import exports
from autograder.report.load_run import Run
from autograder.report.results_json import CHECK_IN_REVIEW
from tests.support.sample_results import (
    ANA,
    CHECKS,
    HOSTILE_TEXTS,
    IN_REVIEW,
    MARKED,
    check_result,
    checks_with_ungraded,
    result_for,
)
from tests.support.workflow_commands import commands

TINY = load_course(Path(__file__).parents[1] / "tiny_assignment").assignment("tiny")
PERFECT = result_for("eva", checks=tuple(replace(one, outcome=Outcome.PASSED) for one in CHECKS), repairs=())
ATTACKS = (
    *HOSTILE_TEXTS,
    "::error::forged", "\n::set-output name=a::b", "\r\n##[add-mask]ana", "a%0A::add-mask::b%0D",
    "100%25, x:y",
    "[go](https://evil.example) ![see](//evil.example/x.png)", "<https://evil.example>", "<a@evil.example>",
    "see https://evil.example or www.evil.example", "ftp://evil.example mail me@evil.example", "javascript://x",
    "@staff fix #1 and lab/course#2, GH-3 !4 %5 &6",
    "| a | b |\n| --- | --- |", "`code` ``` *b* __u__ ~~s~~",
    "- x\n# y\n> z\n1. w\n***", "&lt;b&gt; &#60;i&#62; \\<u>", "]]><failure/>",
    "$\\href{https://evil.example}{x}$",
    "\x0b\x0c\x1f\ufffe\uffff\x85\u2028::warning::x", "/close", "1) x", "[x]: https://evil.example",
)  # fmt: skip


def run(*results: Result) -> Run:
    return Run(Path("out"), TINY, results)


def hostile(text: str) -> Result:
    checks = (
        replace(CHECKS[1], message=text, hint=text, title=text),
        replace(CHECKS[2], message=text, hint=text),
        check_result("q2", "one", 3, Outcome.BLOCKED, message=text),
    )
    return result_for(
        text,
        submission=text,
        checks=checks,
        repairs=(text, text),
        flags=(text,),
        misconceptions={"q1": Misconception(text, text)},
    )


class Tags(HTMLParser):
    """Tags and text of what Markdown became."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.words: list[str] = []
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(data.decode()))
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags[tag] += 1

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def follows_the_rules_of_junit(data: bytes) -> ElementTree.Element:
    """Assert what the schema of Jenkins' xUnit plugin (junit-10.xsd) demands, and that counts are true."""
    root = ElementTree.fromstring(data)
    assert (root.tag, set(root.attrib)) == ("testsuites", {"name", "tests", "failures", "errors"})
    for suite in root:
        assert suite.tag == "testsuite"
        assert set(suite.attrib) == {"name", "tests", "failures", "errors", "skipped"}
        for case in suite:
            assert (case.tag, set(case.attrib)) == ("testcase", {"classname", "name"})
            assert len(case) <= 1
            for problem in case:
                if problem.tag == "system-out":
                    assert not problem.attrib
                    continue
                assert (problem.tag in ("failure", "error", "skipped"), set(problem.attrib)) == (
                    True,
                    {"type", "message"},
                )
                assert len(problem) == 0
        assert int(suite.attrib["tests"]) == len(suite)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == len(suite.findall(f"*/{tag}"))
    for name in ("tests", "failures", "errors"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)
    cases = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(cases)) == len(cases)
    return root


def test_each_outcome_is_what_a_ci_system_shows_in_red_or_green() -> None:
    root = follows_the_rules_of_junit(
        exports.dump_junit(run(replace(ANA, checks=checks_with_ungraded("q1-shape")), result_for("ben")))
    )
    assert [suite.get("name") for suite in root] == ["ana", "ben"]
    actual = [(case[0].tag, case[0].get("type")) if len(case) else None for case in root[0]]
    assert actual == [
        ("error", "ungraded"),
        ("failure", "failed"),
        ("error", "errored"),
        ("failure", "failed"),
        ("failure", "blocked"),
        None,
    ]
    assert root[1][1].attrib == {"classname": "ben.q1", "name": "q1-values: the title of q1-values"}
    assert root[1][1][0].get("message") == "Not right yet: the result is wrong: found 7."
    assert root[1][1][0].text == "Not right yet: the result is wrong: found 7.\nHint: Count again."


def test_why_a_check_could_not_run_is_for_staff() -> None:
    result = replace(ANA, checks=checks_with_ungraded("q1-shape", "q2-large"))
    for data in (
        exports.dump_junit(run(result)),
        exports.dump_markdown(run(result)),
        exports.dump_annotations(run(result)),
    ):
        assert b"the trainer died" not in data and b"ended Python" not in data
        assert b"because of a grader error" in data


def test_a_summary_shows_points_sentences_and_hints() -> None:
    page = Tags(exports.dump_markdown(run(ANA)))
    for part in (
        "Smoothing with NumPy ana: 9.5 of 27.5 points question points of Question 1 2.5 5.5",
        "Question 5 marked by staff 8 Fixed automatically before grading: The cell pad-reviews was",
        "Question 1: 2.5 of 5.5 points the title of q1-values: Not right yet: the result is wrong",
        f"the title of q2-large (hidden check): Not right yet: {HIDDEN_NOT_PASSED}. Hint: {HIDDEN_HINT}",
    ):
        assert part in page.text, page.text
    assert page.tags["tr"] == 6 and page.tags["h3"] == 3 and page.tags["li"] == 5


def test_who_has_every_point_reads_no_sentence() -> None:
    page = Tags(exports.dump_markdown(run(PERFECT)))
    assert "eva: 27.5 of 27.5 points" in page.text
    assert page.tags["li"] == 0
    assert exports.dump_annotations(run(PERFECT)) == b""


@pytest.mark.parametrize("text", ATTACKS)
def test_no_text_of_a_student_becomes_markup_a_link_or_a_mention(text: str) -> None:
    data = exports.dump_markdown(run(hostile(text)))
    page = Tags(data)
    assert page.tags == Tags(exports.dump_markdown(run(hostile("harmless")))).tags
    links = r"(?i)\b[a-z]+://|\bwww\.|[\w.+-]+@[\w-]|@\w|(?<![&])#\w|\bgh-\d|[!~%$&^]\w"
    assert not re.search(links, page.text), page.text
    assert not re.search(r"(?m)^\s*(/|::)|##\[", data.decode())


def test_what_a_student_wrote_is_read_as_it_stands() -> None:
    text = "a_b*c*d [1, 2] <x> `y` | 50 % & \\n: (20,) != {18}"
    assert text in Tags(exports.dump_markdown(run(hostile(text)))).text


def test_a_summary_fits_into_a_comment_and_says_what_is_left_out() -> None:
    data = exports.dump_markdown(run(*(result_for(f"student{place:03}") for place in range(200)))).decode()
    assert 50_000 < len(data) <= exports.MAX_LENGTH
    assert data.endswith("the run's pages have all of it.\n")
    assert "does not fit" not in exports.dump_markdown(run(ANA)).decode()


@pytest.mark.parametrize("text", ATTACKS)
def test_hostile_texts_leave_a_report_well_formed(text: str) -> None:
    root = follows_the_rules_of_junit(exports.dump_junit(run(hostile(text))))
    assert len(root) == 1 and len(root[0]) == 3
    for element in root.iter():
        assert all(char.isprintable() or char == "\n" for char in element.text or "")
        assert all(value.isprintable() and len(value) < 500 for value in element.attrib.values())


def test_an_annotation_names_the_question_and_what_was_lost() -> None:
    actual = list(commands(exports.dump_annotations(run(ANA)).decode()))
    assert [(item.name, item.properties) for item in actual] == [
        ("error", {"title": "ana, Question 1: 2.5 of 5.5 points"}),
        ("error", {"title": "ana, Question 2: 0 of 9 points"}),
        ("error", {"title": "ana, Question 3: 0 of 6 points"}),
    ]
    assert actual[1].data.splitlines()[1].startswith("the title of q2-large: Not right yet: the inputs")


def test_what_is_ungraded_is_a_warning() -> None:
    actual = list(
        commands(
            exports.dump_annotations(
                run(result_for("zoe", checks=checks_with_ungraded("q1-shape", "q1-values")))
            ).decode()
        )
    )
    assert (actual[0].name, actual[0].properties["title"]) == ("warning", "zoe, Question 1: not graded yet")
    assert [item.name for item in actual[1:]] == ["error", "error"]


@pytest.mark.parametrize("text", ATTACKS)
def test_no_text_of_a_student_becomes_a_command(text: str) -> None:
    actual = list(commands(exports.dump_annotations(run(hostile(text))).decode()))
    assert [item.name for item in actual] == ["error", "error"]
    for item in actual:
        assert set(item.properties) == {"title"}
        assert re.search(r", Question [12]: 0 of \d points$", item.properties["title"])
        assert len(item.data.split("\n")) == (1 if "Question 1" in item.properties["title"] else 2)


def test_a_percent_sign_comes_out_as_it_went_in() -> None:
    actual = list(commands(exports.dump_annotations(run(hostile("a%0A::add-mask::b%0D, 100%25"))).decode()))
    assert "a%0A::add-mask::b%0D, 100%25" in actual[0].data
    assert actual[0].properties["title"].startswith("a%0A::add-mask::b%0D, 100%25, Question 1")


def test_what_a_person_must_decide_is_skipped_a_warning_and_no_zero() -> None:
    root = follows_the_rules_of_junit(exports.dump_junit(run(IN_REVIEW)))
    assert root[0].get("skipped") == "2"
    assert [case[0].tag if len(case) else None for case in root[0]] == [
        None, "skipped", "error", "failure", "skipped", None,
    ]  # fmt: skip
    text = Tags(exports.dump_markdown(run(IN_REVIEW))).text
    assert "ana: 9.5 of 27.5 points so far Staff will look at part of your answers" in text
    assert "Question 3 staff will look at it 6" in text
    last = list(commands(exports.dump_annotations(run(IN_REVIEW)).decode()))[-1]
    assert (last.name, last.properties["title"]) == ("warning", "ana, Question 3: staff will look at it")
    assert CHECK_IN_REVIEW in last.data


def test_a_mark_by_staff_stands_with_its_reason() -> None:
    full = replace(MARKED, staff_marks={**MARKED.staff_marks, "q3": StaffMark(6, "it is right")})
    root = follows_the_rules_of_junit(exports.dump_junit(run(full)))
    cases = {case.get("name"): case[0] for case in root[0] if len(case)}
    lost = cases["q1-staff: marked by staff"]
    assert lost.tag == "failure" and "marked by staff: the sums are right" in (lost.text or "")
    won = cases["q3-staff: marked by staff"]
    assert (won.tag, won.text) == ("system-out", "6 of 6 points, marked by staff: it is right")
    text = Tags(exports.dump_markdown(run(full))).text
    assert "Question 3: 6 of 6 points, marked by staff: it is right" in text
    annotations = commands(exports.dump_annotations(run(full)).decode())
    titles = {item.properties["title"]: item for item in annotations}
    assert "the sums are right" in titles["ana, Question 1: 4.5 of 5.5 points"].data
    assert not any("Question 3" in title for title in titles)
