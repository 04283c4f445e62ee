"""``junit.xml``: a suite for each student, a case for each check, as CI systems read test reports.

A check that failed or was blocked is a ``failure``: skipped cases look as if all were well. One
that errored is an ``error``; one that is ungraded is an ``error`` of the type ``ungraded``.
GitLab shows the text of these elements, others their ``message``.
"""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from autograder.checks import Outcome
from autograder.engine.results import CheckResult, Result
from autograder.report.exports import sentences
from autograder.report.load_run import Run
from autograder.text import one_line

NAME = "junit.xml"

_ELEMENTS = {
    Outcome.FAILED: "failure",
    Outcome.BLOCKED: "failure",
    Outcome.ERRORED: "error",
    Outcome.UNGRADED: "error",
}


def dump(run: Run) -> bytes:
    """Return the bytes of ``junit.xml``."""
    root = Element("testsuites", name=one_line(run.assignment.title, 200))
    for result in run.results:
        root.append(_suite(result))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _suite(result: Result) -> Element:
    student = one_line(result.student, 200)
    suite = Element("testsuite", name=student)
    for check in result.checks:
        suite.append(_case(check, student))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", "0")
    suite.set("time", f"{result.wall_s:.3f}")
    return suite


def _case(check: CheckResult, student: str) -> Element:
    """Return a case; GitLab takes two of the same class and name for one, so both hold an owner."""
    case = Element(
        "testcase",
        classname=one_line(f"{student}.{check.question}", 300),
        name=one_line(f"{check.id}: {sentences.title(check)}", 300),
        time=f"{check.wall_s:.3f}",
    )
    if check.outcome in _ELEMENTS:
        texts = sentences.check_sentences(check)
        element = _ELEMENTS[check.outcome]
        SubElement(case, element, type=check.outcome.value, message=texts[0]).text = "\n".join(texts)
    return case
