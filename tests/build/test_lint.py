"""A malformed source stops the build with file, question, cell, line and advice."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.build.compile import prepare
from autograder.course import load_course
from autograder.errors import AuthorError
from tests.build.conftest import cell, edit_notebook

LABEL = "source/tiny/tiny.ipynb"

Edit = Callable[[dict], None]


def replaced(name: str, old: str, new: str) -> Edit:
    def change(raw: dict) -> None:
        actual = cell(raw, name)
        assert old in actual["source"], (name, old)
        actual["source"] = actual["source"].replace(old, new)

    return change


def without(name: str) -> Edit:
    def change(raw: dict) -> None:
        raw["cells"] = [actual for actual in raw["cells"] if actual["id"] != name]

    return change


def moved(name: str, before: str) -> Edit:
    def change(raw: dict) -> None:
        actual = cell(raw, name)
        raw["cells"].remove(actual)
        raw["cells"].insert(raw["cells"].index(cell(raw, before)), actual)

    return change


def put(name: str, **values: object) -> Edit:
    return lambda raw: cell(raw, name).update(values)


def inserted(before: str, kind: str, source: str) -> Edit:
    def change(raw: dict) -> None:
        new = {"cell_type": kind, "id": "new", "metadata": {}, "source": source}
        if kind == "code":
            new |= {"outputs": [], "execution_count": None}
        raw["cells"].insert(raw["cells"].index(cell(raw, before)), new)

    return change


CASES: dict[str, tuple[Edit, str, str]] = {
    "a magic": (replaced("setup", "import checks", "%matplotlib inline"), "setup:1", "not plain Python"),
    "a raw cell that opens nothing": (
        replaced("q1-begin", "# BEGIN QUESTION", "# BEGIN QESTION"),
        "q1-begin:1",
        "did you mean '# BEGIN QUESTION'",
    ),
    "a question that is never closed": (without("q1-end"), "q1-begin:1", "never closed"),
    "the last question is never closed": (without("q3-end"), "q3-begin:1", "never closed"),
    "an end without a begin": (
        without("q2-tests-begin"),
        "q2-tests-end:1",
        "without a matching '# BEGIN TESTS'",
    ),
    "a solution block inside the tests": (
        lambda raw: [
            moved(name, "q1-example")(raw) for name in ("q1-solution-begin", "q1-answer", "q1-solution-end")
        ],
        "q1-solution-begin:1",
        "inside '# BEGIN TESTS'",
    ),
    "a solution block that is never closed": (
        without("q1-solution-end"),
        "q1-solution-begin:1",
        "never closed",
    ),
    "a second solution block": (
        lambda raw: [
            inserted("q1-tests-begin", "raw", "# BEGIN SOLUTION")(raw),
            cell(raw, "new").update(id="again"),
            inserted("q1-tests-begin", "raw", "# END SOLUTION")(raw),
        ],
        "again:1",
        "second '# BEGIN SOLUTION'",
    ),
    "a Markdown cell among the checks": (inserted("q1-shape", "markdown", "x"), "new:1", "among the checks"),
    "a cell between solution and tests": (
        inserted("q1-tests-begin", "markdown", "x"),
        "new:1",
        "after the answer",
    ),
    "a question without a name": (replaced("q1-begin", "name: q1", ""), "q1-begin:1", "without a name"),
    "settings that are no YAML": (
        replaced("q1-begin", "name: q1", "name: q1: x"),
        "q1-begin:2",
        "cannot be read",
    ),
    "an unknown setting of a question": (
        replaced("q3-begin", "manual: true", "manaul: true"),
        "q3-begin:1",
        "did you mean 'manual'",
    ),
    "two questions of one name": (
        replaced("q2-begin", "name: q2", "name: q1"),
        "q2:1",
        "two questions named 'q1'",
    ),
    "a question without a prompt": (without("q2"), "q2-begin:1", "without a prompt"),
    "a question without an answer": (without("q1-answer"), "q1:1", "without an answer cell"),
    "a question with hidden checks only": (without("q2-mean"), "q2:1", "no visible check"),
    "a question without checks": (
        lambda raw: [without(name)(raw) for name in ("q2-mean", "q2-hidden-equal", "q2-hidden-spread")],
        "q2:1",
        "with no check",
    ),
    "a heading with the number of another question": (
        replaced("q2", "## Q2. Standardise", "## Question 3: Standardise"),
        "q2:1",
        "q3 in the heading of q2",
    ),
    "a heading with the points of another question": (
        replaced("q2", "POINTS.q2", "POINTS.q1"),
        "q2:1",
        "q1 in the heading of q2",
    ),
    "two questions with one function": (
        replaced("q2-answer", "def standardize(", "def moving_average("),
        "q2-answer:1",
        "moving_average, which q1 also asks for",
    ),
    "an assert in a check": (
        replaced(
            "q2-mean", 'checks.close(np.mean(scaled), 0.0, what="the mean")', "assert np.mean(scaled) < 1"
        ),
        "q2-mean:7",
        "an assert in a check; use a function of checks",
    ),
    "points that are typed into a heading": (
        replaced("q2", "({{ POINTS.q2 }} points)", "(6 points)"),
        "q2:1",
        "'6 points' in a heading; write {{ POINTS.q1 }}",
    ),
    "points of a question that has checks": (
        replaced("q1-begin", "name: q1", "name: q1\npoints: 8"),
        "q1:1",
        "the sum of the points of its checks",
    ),
    "points of an unknown question": (
        replaced("q2", "POINTS.q2", "POINTS.q4"),
        "q2:1",
        "unknown name {{ POINTS.q4 }}; use one of q1, q2, q3, total",
    ),
    "a question named like the sum of all": (
        replaced("q3-begin", "name: q3", "name: total"),
        "q3:1",
        "total is reserved",
    ),
    "a check without points": (replaced("q1-shape", "points: 3\n", ""), "q1-shape:1", "without points"),
    "points that are no number": (
        replaced("q1-shape", "points: 3", "points: three"),
        "q1-shape:2",
        "write a number",
    ),
    "no points at all for a check": (
        replaced("q1-shape", "points: 3", "points: 0"),
        "q1-shape:1",
        "more than 0",
    ),
    "a manual question without points": (
        replaced("q3-begin", "\npoints: 3", ""),
        "q3:1",
        "without points",
    ),
    "a check without settings": (
        replaced("q1-shape", '""" # BEGIN TEST CONFIG\npoints: 3\n""" # END TEST CONFIG\n', ""),
        "q1-shape:1",
        "without its settings",
    ),
    "an unknown setting of a check": (
        replaced("q2-hidden-equal", "hidden: true", "hiden: true"),
        "q2-hidden-equal:2",
        "did you mean 'hidden'",
    ),
    "an end marker without a region": (
        replaced("q1-answer", "    # BEGIN SOLUTION\n", ""),
        "q1-answer:6",
        "'# END SOLUTION' without a matching '# BEGIN SOLUTION'; delete it or add '# BEGIN SOLUTION' above",
    ),
    "a region in a region": (
        replaced("q1-answer", "    totals", "    # BEGIN SOLUTION\n    totals"),
        "q1-answer:5",
        "inside a region",
    ),
    "a region that is never closed": (
        replaced("q1-answer", "\n    # END SOLUTION", ""),
        "q1-answer:4",
        "never closed",
    ),
    "a region outside a function": (
        replaced(
            "q2-helper", "def spread", "# TODO(q2): x\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION\ndef spread"
        ),
        "q2-helper:2",
        "outside a def",
    ),
    "a region that takes the docstring away": (
        replaced("q1-answer", '    """Return', '    # TODO(q1): x\n    # BEGIN SOLUTION\n    """Return'),
        "q1-answer:6",
        "inside a region",
    ),
    "a TODO of another question": (
        replaced("q1-answer", "TODO(q1)", "TODO(q2)"),
        "q1-answer:4",
        "TODO(q2) in q1",
    ),
    "an empty region": (
        replaced("q2-answer", "    centered = values - np.mean(values)\n", ""),
        "q2-answer:4",
        "empty solution region",
    ),
    "an answer without a region": (
        lambda raw: cell(raw, "q1-answer").update(source="def moving_average(values):\n    return values"),
        "q1-answer:1",
        "without a solution region",
    ),
    "an answer in Markdown": (
        lambda raw: cell(raw, "q1-answer").update(cell_type="markdown", source="words"),
        "q1-answer:1",
        "manual: true",
    ),
    "a region outside a question": (
        replaced("series", "series =", "# BEGIN SOLUTION\n# END SOLUTION\nseries ="),
        "series:1",
        "outside any question",
    ),
    "a marker in prose": (replaced("end", "That", "BEGIN SOLUTION That"), "end:1", "alone on a line"),
    "a marker with an option": (
        replaced("q1-answer", "# BEGIN SOLUTION", "# BEGIN SOLUTION NO PROMPT"),
        "q1-answer:4",
        "alone on a line",
    ),
    "otter's solution at the end of a line": (
        replaced("series", "seed=seed)", "seed=seed)  # SOLUTION"),
        "series:1",
        "use a solution region",
    ),
    "otter's prompt": (
        replaced("q1-answer", "# TODO", "# BEGIN PROMPT\n    # TODO"),
        "q1-answer:3",
        "PROMPT",
    ),
    "otter's seed": (replaced("series", "seed=seed)", "seed=seed)  # SEED"), "series:1", "otter acts on it"),
    "otter's ignore": (replaced("series", "series =", "# IGNORE\nseries ="), "series:1", "otter acts on it"),
    "nbgrader's hidden tests": (
        replaced("q1-shape", "    checks.shape", "    ### BEGIN HIDDEN TESTS\n    checks.shape"),
        "q1-shape:7",
        "nbgrader acts on it",
    ),
    "nbgrader's hidden tests, never opened": (
        replaced("series", "series =", "### END HIDDEN TESTS\nseries ="),
        "series:1",
        "nbgrader acts on it",
    ),
    "two checks of one name": (
        lambda raw: cell(raw, "q1-example").update(
            source=cell(raw, "q1-example")["source"].replace("check_average_example", "check_average_shape")
        ),
        "q1-example:4",
        "two checks named 'check_average_shape'",
    ),
    "a check that runs another": (
        replaced("q1-shape", "checks.run(check_average_shape)", "checks.run(check_average_example)"),
        "q1-shape:",
        "something other than checks.run",
    ),
    "a check that is not a function": (
        replaced("q1-shape", "def check_average_shape(moving_average):", "if True:"),
        "q1-shape:4",
        "does not start with its def",
    ),
    "a check that is not Python": (
        replaced("q1-shape", "np.arange(20.0))", "np.arange(20.0)"),
        "q1-shape:6",
        "not Python",
    ),
    "a check without a title": (
        replaced("q1-shape", '    """There is one mean for each complete stretch"""\n', ""),
        "q1-shape:4",
        "without a title",
    ),
    "a title that breaks otter's file": (
        replaced("q1-shape", "There is one mean", 'There is \\"one\\" mean'),
        "q1-shape:4",
        "use one line without",
    ),
    "a title that nbgrader would cut": (
        replaced("q1-shape", "There is one mean", "There is one mean, and only one, no more and no less,"),
        "q1-shape:4",
        "a title of 79 characters",
    ),
    "a check of somebody else's function": (
        replaced(
            "q1-shape", "def check_average_shape(moving_average)", "def check_average_shape(standardize)"
        ),
        "q1-shape:4",
        "the parameter 'standardize'",
    ),
    "a check of a value of the notebook": (
        replaced("q1-shape", "np.arange(20.0)", "series"),
        "q1-shape:6",
        "the name 'series'",
    ),
    "pandas in a check of a notebook without it": (
        replaced("q1-shape", "np.arange(20.0)", "pd.Series(range(20))"),
        "q1-shape:6",
        "'pd' in a notebook without pandas; write `import pandas as pd`",
    ),
    "a direct call": (
        replaced(
            "q1-shape", "checks.call(moving_average, np.arange(20.0))", "moving_average(np.arange(20.0))"
        ),
        "q1-shape:6",
        "write checks.call(moving_average, …)",
    ),
    "an f-string": (
        replaced("q1-shape", 'what="the result"', 'what=f"the {means}"'),
        "q1-shape:",
        "an f-string",
    ),
    "an import": (
        replaced("q1-shape", "    means =", "    import math\n    means ="),
        "q1-shape:6",
        "delete it: the build adds the imports",
    ),
    "a check that the vocabulary does not have": (
        replaced("q1-shape", "checks.shape", "checks.shapes"),
        "q1-shape:7",
        "did you mean 'shape'",
    ),
    "a hidden value on a line that otter prints": (
        replaced("q1-hidden-values", "wanted, hint", "[49.0, 57.5, 8.0], hint"),
        "q1-hidden-values:",
        "assign it to a name on the line above",
    ),
    "a region that ends inside a statement": (
        lambda raw: cell(raw, "q1-answer").update(
            source="def moving_average(values):\n    # TODO(q1): x\n    # BEGIN SOLUTION\n    try:\n"
            "        return values\n    # END SOLUTION\n    except ValueError:\n        return None"
        ),
        "q1-answer:3",
        "that leaves invalid Python when it is removed",
    ),
    "a manual question with checks": (
        lambda raw: [
            inserted("q3-end", "raw", "# BEGIN TESTS")(raw),
            cell(raw, "new").update(id="q3-tests-begin"),
            moved("q1-example", "q3-end")(raw),
            inserted("q3-end", "raw", "# END TESTS")(raw),
        ],
        "q3:1",
        "a manual question with checks",
    ),
    "a manual question that is answered in code": (
        lambda raw: cell(raw, "q3-answer").update(
            cell_type="code", source="x = 1", outputs=[], execution_count=None
        ),
        "q3:1",
        "answered in code",
    ),
    "a check that is called otherwise": (
        lambda raw: cell(raw, "q1-shape").update(
            source=cell(raw, "q1-shape")["source"].replace("check_average_shape", "average_shape")
        ),
        "q1-shape:4",
        "call it check_",
    ),
    "a check with a default": (
        replaced("q1-shape", "(moving_average):", "(moving_average=None):"),
        "q1-shape:4",
        "take plain parameters only",
    ),
    "more than one statement below a check": (
        replaced("q1-shape", "checks.run(", "print()\nchecks.run("),
        "q1-shape:",
        "something other than checks.run",
    ),
    "a statement after a check has run": (
        replaced("q1-shape", "checks.run(check_average_shape)", "checks.run(check_average_shape)\nprint()"),
        "q1-shape:",
        "something other than checks.run",
    ),
    "text below a mark": (
        replaced("q1-end", "# END QUESTION", "# END QUESTION\nname: q1"),
        "q1-end:2",
        "text below the mark",
    ),
    "a solution below its tests": (
        lambda raw: [
            moved(name, "q1-end")(raw) for name in ("q1-solution-begin", "q1-answer", "q1-solution-end")
        ],
        "q1-solution-begin:1",
        "a solution below its tests",
    ),
    "a use of this package": (
        replaced("series", "series =", "from autograder.facts import load_facts as facts\nseries ="),
        "series:1",
        "a use of autograder",
    ),
    "facts under another name": (
        replaced("parameters", "LAB, EXPECTED, THRESHOLDS = load", "FACTS = load"),
        "parameters:1",
        "a use of autograder",
    ),
    "an id that a release needs": (put("end", id="q1-check"), "q1-check:1", "the release needs this id"),
    "an unknown fact": (replaced("parameters", "LAB.width", "LAB.widht"), "parameters:", "LAB.widht"),
    "an unknown fact in prose": (replaced("title", "LAB.width", "LAB.widht"), "title:3", "course_config.py"),
    "a fact in an f-string": (
        replaced("series", "series =", 'text = f"{LAB.width}"\nseries ='),
        "series:1",
        "inside an f-string",
    ),
    "a fact with a key that is computed": (
        replaced("q1-shape", 'EXPECTED["ramp"]', "EXPECTED[str(2)]"),
        "q1-shape:",
        "cannot become a literal",
    ),
}


def refusal(root: Path) -> AuthorError:
    with pytest.raises(AuthorError) as raised:
        prepare(load_course(root).assignment("tiny"))
    return raised.value


@pytest.mark.parametrize("name", CASES)
def test_the_build_stops_at(name: str, unbuilt_course: Path) -> None:
    edit, place, words = CASES[name]
    edit_notebook(unbuilt_course, edit)
    pattern = re.escape(f"{LABEL}:")
    if place:
        cell_id, _, line = place.partition(":")
        number = line or r"\d+"
        pattern += rf" .*, line {number}, id {cell_id}:"
    fitting = [
        problem
        for problem in refusal(unbuilt_course).problems
        if re.match(pattern, problem) and words in problem
    ]
    assert fitting, "\n".join(refusal(unbuilt_course).problems)


def test_every_problem_is_reported_at_once_with_what_to_do(unbuilt_course: Path) -> None:
    for name in ("a TODO of another question", "a direct call", "points that are typed into a heading"):
        edit_notebook(unbuilt_course, CASES[name][0])
    problems = refusal(unbuilt_course).problems
    assert len(problems) == 3
    place = r"q\d, .+ cell `.+`, line \d+, id [\w-]+"
    assert all(re.match(rf"{LABEL}: {place}: found .+; .+", problem) for problem in problems)


def test_the_source_as_it_stands_has_no_problem(unbuilt_course: Path) -> None:
    prepared = prepare(load_course(unbuilt_course).assignment("tiny"))
    assert [question.points for question in prepared.source.questions] == [8, 6, 3]


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff\xfe", b"{}"])
def test_a_file_that_is_not_a_notebook_is_named(content: bytes, unbuilt_course: Path) -> None:
    (unbuilt_course / "source" / "tiny" / "tiny.ipynb").write_bytes(content)
    assert "not a notebook" in refusal(unbuilt_course).problems[0]


def test_a_missing_notebook_is_named(unbuilt_course: Path) -> None:
    (unbuilt_course / "source" / "tiny" / "tiny.ipynb").unlink()
    assert str(refusal(unbuilt_course)).startswith(f"{LABEL}: cannot be read")


def test_a_missing_kit_file_is_named_with_the_import_that_wants_it(unbuilt_course: Path) -> None:
    (unbuilt_course / "source" / "tiny" / "tinykit" / "tables.py").unlink()
    expected = "source/tiny/tinykit/__init__.py:4: found an import of tinykit.tables"
    assert str(refusal(unbuilt_course)).startswith(expected)


def test_a_missing_kit_is_named(unbuilt_course: Path) -> None:
    (unbuilt_course / "source" / "tiny" / "tinykit").rename(unbuilt_course / "source" / "tiny" / "other")
    assert "source/tiny/tinykit: found no kit" in str(refusal(unbuilt_course))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tiny-kit", "which Python cannot import"),
        ("kits/tiny", "which Python cannot import"),
        ("class", "which Python cannot import"),
        ("checks", "the name of another module"),
        ("random", "the name of another module"),
        ("numpy", "the name of another module"),
    ],
)
def test_a_kit_that_no_notebook_could_import_is_named(unbuilt_course: Path, name: str, reason: str) -> None:
    config = unbuilt_course / "course_config.py"
    config.write_text(config.read_text().replace('"tinykit"', repr(name)))
    folder = unbuilt_course / "source" / "tiny" / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    place = f"course_config.py: assignments['tiny']['kit']: found {name!r}, {reason}"
    assert str(refusal(unbuilt_course)).startswith(place)


def test_a_kit_that_imports_this_package_is_named(unbuilt_course: Path) -> None:
    with (unbuilt_course / "source" / "tiny" / "tinykit" / "tables.py").open("a") as file:
        file.write("from autograder import checks\n")
    assert "tinykit/tables.py: found an import of autograder" in str(refusal(unbuilt_course))


def test_a_file_that_cannot_ship_is_named(unbuilt_course: Path) -> None:
    (unbuilt_course / "source" / "tiny" / "tinykit" / "weights.h5").write_bytes(b"x")
    assert "tinykit/weights.h5" in str(refusal(unbuilt_course))


def test_an_unknown_key_of_the_configuration_gets_a_suggestion(unbuilt_course: Path) -> None:
    path = unbuilt_course / "course_config.py"
    path.write_text(path.read_text().replace('"title": "Smoothing', '"titel": "Smoothing'))
    with pytest.raises(AuthorError, match=r"unknown key 'titel'.*did you mean 'title'"):
        load_course(unbuilt_course)
