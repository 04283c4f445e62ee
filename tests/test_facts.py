"""What ``expected.py`` of a lab may be, and what its author reads of a mistake in it."""

from pathlib import Path

import pytest

from autograder.course import Assignment, load_course
from autograder.errors import AuthorError
from autograder.facts import compute_facts


def assignment_with(root: Path, expected: str) -> Assignment:
    entry = {"title": "A lab", "due": "2027-02-12T23:59:00+00:00", "lab": {"width": 4}}
    course = {"id": "c", "title": "C", "assignments": {"lab": entry}}
    (root / "course_config.py").write_text(f"COURSE = {course!r}\n")
    (root / "source" / "lab").mkdir(parents=True)
    (root / "source" / "lab" / "expected.py").write_text(expected)
    return load_course(root).assignment("lab")


def test_what_the_function_computes_from_the_parameters_is_a_fact(tmp_path: Path) -> None:
    text = 'def expected(lab):\n    return {"params": lab.width * 2}\n'
    assert compute_facts(assignment_with(tmp_path, text)).expected == {"params": 8}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def expected(lab)\n    return {}\n", ", line 1: SyntaxError: expected ':'"),
        ("import a_missing_module\n", ", line 1: ModuleNotFoundError: No module named 'a_missing_module'"),
        (
            '\ndef expected(lab):\n    return {"a": lab.height}\n',
            ", line 3: AttributeError: 'Lab' object has no",
        ),
        (
            "def expected():\n    return {}\n",
            ": TypeError: expected() takes 0 positional arguments but 1 was",
        ),
        ("def expected(lab):\n    return [1]\n", ": expected(lab) returned [1]; return a dict"),
        ("def expects(lab):\n    return {}\n", ": add a function expected(lab)"),
    ],
)
def test_a_mistake_in_it_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AuthorError) as raised:
        compute_facts(assignment_with(tmp_path, text))
    assert str(raised.value).startswith(f"source/lab/expected.py{message}")
