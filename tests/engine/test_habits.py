"""What notebooks do where they are written and cannot do where they are graded.

The cells are of the kinds that people report: otter-grader #906 (the first import of a cell fails, and
names that the others bring are missing), nbgrader #1844 (a question at the end of an answer's cell),
notebooks on films and tweets (a list of imports, then ``nltk.download``).
"""

import ast

import pytest

from autograder.engine.missing_imports import MissingLibrary, explain_import_error, guard_imports
from autograder.engine.results import Result
from tests.support.grading import GradeFunction, outcomes, points

ALL = {"q1": 8.0, "q2": 6.0}

AVERAGE = """\
def moving_average(values, width=width):
    return np.convolve(values, np.ones(width) / width, "valid")
"""

IMPORT_LINES = {
    "a module": "import gensim",
    "a module of a package": "import gensim.models as models",
    "a name": "from nltk.corpus import stopwords as words",
    "several names": "from wordcloud import WordCloud, STOPWORDS",
    "all names": "from tensorflow_addons import *",
    "a library among others": "import os, gensim, sys\nassert os.path and sys.path",
    "a part of an installed library": "from numpy.testing import rundocs_of_old",
    "a module that the library has no more": "import numpy.matlib_of_old\nassert numpy.pi > 3",
    "a file of one's own": "from my_functions import smooth",
    "below if": "if True:\n    import pydrive\nelif width:\n    pass",
    "in a cell that is timed": "%%time\nimport gensim",
    "in a cell that is captured": "%%capture out\nimport gensim",
    "after pip": "!pip install gensim\n%pip install -q gensim\nimport gensim",
    "from the future": "from __future__ import annotations\nimport gensim",
}


@pytest.mark.parametrize("name", IMPORT_LINES)
def test_an_import_that_fails_costs_its_line(name: str, grade: GradeFunction) -> None:
    result = grade({"q1-answer": f"{IMPORT_LINES[name]}\n{AVERAGE}"})
    assert points(result) == ALL
    (remark,) = [flag for flag in result.repairs if "was skipped: it fails where" in flag][:1]
    assert remark.startswith("The import of ")


def messages(result: Result, question: str) -> str:
    return " ".join(
        check.message for check in result.checks if check.question == question and not check.hidden
    )


USES = {
    "an attribute": ("import gensim", "gensim.models.Word2Vec()"),
    "a call": ("from gensim import simple_preprocess as clean", "clean(values)"),
    "an argument of another library": ("from gensim import vectors", "np.asarray(vectors) + values"),
    "arithmetic": ("from gensim import half", "values * half"),
    "a base class": ("from gensim import Model", "\n    class Mine(Model):\n        pass"),
    "a decorator": ("import gensim", "gensim.cached(lambda: 1)"),
    "a comparison": ("from gensim import version", "version > 3"),
    "a loop": ("from gensim import words", "[word for word in words]"),
    "a setting": ("import gensim", "setattr(gensim, 'verbose', True)"),
    "with": ("from gensim import timer", "\n    with timer:\n        pass"),
    "isinstance": ("from gensim import Model", "isinstance(values, Model)"),
    "a text": ("from gensim import name", "f'{name}'"),
}


@pytest.mark.parametrize("name", USES)
def test_a_missing_library_explains_itself_where_it_is_used(name: str, grade: GradeFunction) -> None:
    line, use = USES[name]
    body = use.lstrip("\n") if use.startswith("\n") else f"    {use}"
    answer = f"{line}\ndef moving_average(values, width=width):\n{body}\n    return values[2:]\n"
    result = grade({"q1-answer": answer})
    assert {outcomes(result)[check] for check in ("q1-shape", "q1-example")} == {"errored"}
    assert "ModuleNotFoundError" in messages(result, "q1")
    assert "gensim is not installed where the notebook is graded; do without it" in messages(result, "q1")
    assert points(result) == {"q1": 0.0, "q2": 6.0}


def test_a_cell_that_uses_what_is_missing_ends_there_and_says_why(grade: GradeFunction) -> None:
    cell = "!pip install nltk\nimport nltk\nnltk.download('stopwords')\nstop_words = nltk.corpus.stopwords"
    result = grade({"q1-answer": f"{cell}\n{AVERAGE}"})
    assert points(result) == {"q1": 0.0, "q2": 6.0}
    sentence = "The cell stops with ModuleNotFoundError: nltk is not installed where the notebook is graded"
    assert messages(result, "q1").startswith(sentence)
    result = grade(
        {"q1-answer": AVERAGE.replace("return", "values = stop_words\n    return")},
        before={"q1-answer": cell},
    )
    assert "“!pip install nltk …” stops with ModuleNotFoundError: nltk is not installed where" in messages(
        result, "q1"
    )


@pytest.mark.parametrize(
    "answer",
    [
        "from solutions import moving_average",
        "from solutions import means\ndef moving_average(values, width=width):\n    return means",
        "from solutions import means\ndef moving_average(values, width=width):\n    return [means] * 18",
        "from solutions import means\ndef moving_average(values, width=width):\n    return np.array(means)",
    ],
)
def test_what_is_missing_is_no_answer(answer: str, grade: GradeFunction) -> None:
    assert points(grade({"q1-answer": answer})) == {"q1": 0.0, "q2": 6.0}


OWN_HANDLING = {
    "another way": "try:\n    import gensim\nexcept ImportError:\n    gensim = None\nassert gensim is None",
    "any error": "try:\n    import gensim\nexcept Exception:\n    missing = True\nassert missing",
    "suppressed": "import contextlib\nwith contextlib.suppress(ImportError):\n    import gensim\n"
    "assert 'gensim' not in globals()",
    "in a function": "def has():\n    try:\n        import gensim\n    except ImportError:\n"
    "        return False\n    return True\nassert not has()",
}


@pytest.mark.parametrize("name", OWN_HANDLING)
def test_the_students_own_handling_of_a_missing_library_wins(name: str, grade: GradeFunction) -> None:
    result = grade({"q1-answer": f"{OWN_HANDLING[name]}\n{AVERAGE}"})
    assert points(result) == ALL
    assert result.repairs == ()


def test_an_import_in_a_function_says_what_is_missing(grade: GradeFunction) -> None:
    result = grade({"q1-answer": "def moving_average(values, width=width):\n    import gensim\n"})
    assert "gensim is not installed where the notebook is graded" in messages(result, "q1")
    assert "No module named" not in messages(result, "q1")


def test_a_missing_name_tells_no_path_of_this_machine() -> None:
    with pytest.raises(ImportError) as caught:
        exec("from numpy.linalg import no_such_name")
    assert "/" in str(caught.value)
    sentence = explain_import_error(caught.value, "numpy.linalg.no_such_name")
    assert sentence.startswith("numpy.linalg.no_such_name cannot be imported where the notebook is graded; ")
    assert "/" not in sentence


def test_the_lines_of_a_cell_keep_their_numbers() -> None:
    tree = ast.parse("import a, b\nif x:\n    from c import d\ny = 1")
    guard_imports(tree)
    lines = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    assert sorted(set(lines)) == [1, 2, 3, 4]
    compile(tree, "cell", "exec")


def test_a_long_chain_of_branches_is_no_problem_of_ours() -> None:
    tree = ast.parse("if a:\n pass\n" + "elif b:\n import c\n" * 80)
    guard_imports(tree)
    assert sum(isinstance(node, ast.Try) for node in ast.walk(tree)) == 80


def test_a_missing_library_can_be_looked_at() -> None:
    missing = MissingLibrary("gensim is not installed")
    assert "gensim is not installed" in repr([missing])
    assert not hasattr(missing, "__array_interface__")
    assert missing is not None


# A name that is not defined.

NEEDS_SCALE = "def moving_average(values, width=width):\n    return values[2:] * scale\n"


def test_a_name_that_is_not_defined_names_the_cell_that_failed(grade: GradeFunction) -> None:
    failing = "# my numbers\nrates = [1, 2]\nscale = rates[5]"
    result = grade({"q1-answer": NEEDS_SCALE}, before={"q1-answer": failing})
    wanted = "name 'scale' is not defined, because the cell "
    assert wanted + "“rates = [1, 2] …” stops with IndexError: list index out of range" in messages(
        result, "q1"
    )


def test_a_name_lost_with_a_cell_that_killed_its_process_is_explained(grade: GradeFunction) -> None:
    failing = "import os\nos._exit(1)\nscale = 2"
    result = grade({"q1-answer": NEEDS_SCALE}, before={"q1-answer": failing})
    assert "because the cell “import os …” terminated its Python process" in messages(result, "q1")


def test_a_name_lost_by_a_name_that_was_lost_names_the_first_cell(grade: GradeFunction) -> None:
    result = grade(
        {"q1-answer": NEEDS_SCALE},
        before={"series": "rate = 1 / 0", "q1-answer": "twice = 2 * rate\nscale = twice"},
    )
    wanted = (
        "because it needs rate, and the cell “rate = 1 / 0 …” stops with ZeroDivisionError: division by zero"
    )
    assert wanted in messages(result, "q1")


def test_an_answer_whose_cell_needs_a_lost_name_is_told_too(grade: GradeFunction) -> None:
    answer = f"scale = unit * 2\n{NEEDS_SCALE}"
    result = grade({"q1-answer": answer}, before={"q1-answer": "unit = int('one')"})
    assert "The cell stops with NameError: name 'unit'" in messages(result, "q1")
    assert "because the cell “unit = int('one') …” stops with ValueError: invalid" in messages(result, "q1")


def test_a_syntax_error_is_a_reason_too(grade: GradeFunction) -> None:
    result = grade({"q1-answer": NEEDS_SCALE}, before={"q1-answer": "scale = 2\nprint 'done'"})
    assert "because the cell “scale = 2 …” stops with SyntaxError" in messages(result, "q1")


def test_a_name_that_was_defined_later_after_all_is_no_loss(grade: GradeFunction) -> None:
    answer = AVERAGE.replace('"valid")', '"valid") * scale')
    assert points(grade({"q1-answer": answer}, before={"series": "scale = 1 / 0", "q1-answer": "scale = 1"}))


def test_names_of_a_star_import_that_was_skipped_are_explained(grade: GradeFunction) -> None:
    answer = f"from my_constants import *\n{NEEDS_SCALE}"
    text = messages(grade({"q1-answer": answer}), "q1")
    assert (
        "is not defined, possibly because my_constants is not installed where the notebook is graded" in text
    )


# Nobody answers input().


def test_input_is_an_empty_text_and_costs_nothing_by_itself(grade: GradeFunction) -> None:
    result = grade(
        {"q1-answer": f"import getpass\nname, key = input('Name: '), getpass.getpass()\n{AVERAGE}"}
    )
    assert points(result) == ALL
    assert result.repairs == (
        "input() returned an empty string: nobody can answer it where the notebook is graded",
    )


def test_a_number_that_was_to_be_asked_for_is_explained(grade: GradeFunction) -> None:
    result = grade({"q1-answer": f"n = int(input('Enter an integer'))\n{AVERAGE}"})
    assert points(result)["q1"] == 0
    assert "stops with ValueError: " in messages(result, "q1")
    assert "(input() returns an empty string where the notebook is graded)" in messages(result, "q1")
    function = AVERAGE.replace("    return", "    width = int(input())\n    return")
    assert "(input() returns an empty string" in messages(grade({"q1-answer": function}), "q1")


def test_a_loop_that_asks_until_it_likes_the_answer_ends(grade: GradeFunction) -> None:
    asking = "while True:\n    if input('quit?') == 'yes':\n        break"
    result = grade(before={"q1-answer": asking})
    assert points(result) == ALL
    assert not any("stopped" in flag for flag in result.repairs)


# What the submission says it did without is its word only.

FORGED = """\
import gc
wire = next(one for one in gc.get_objects() if type(one).__name__ == "Channel")
send = wire.send
def forged(message, **settings):
    if "skipped" in message:
        message = {**message, "skipped": SKIPPED}
    return send(message, **settings)
type(wire).send = lambda self, message, **settings: forged(message, **settings)
"""


@pytest.mark.parametrize(
    "skipped",
    [
        "5",
        "[5, None, ['x'], np.zeros(3)]",
        "['a b', 'x' * 200, '<b>', 'q1 has 8 points']",
        "['a\\nb', 'ü', '../x']",
    ],
)
def test_only_names_are_taken_for_what_was_skipped(skipped: str, grade: GradeFunction) -> None:
    result = grade(before={"q1-answer": FORGED.replace("SKIPPED", skipped)})
    assert points(result) == ALL
    assert result.repairs == ()


def test_there_is_an_end_to_what_can_be_skipped(grade: GradeFunction) -> None:
    many = "\n".join(f"import missing_{number}" for number in range(30))
    result = grade(before={"q1-answer": many})
    assert len(result.repairs) == 10


def test_what_is_skipped_after_a_hidden_check_is_told_only_by_a_run_without_it(
    grade: GradeFunction,
) -> None:
    spy = "kept = ''\ndef moving_average(values, width=width):\n    global kept\n"
    spy += "    kept += f'_{len(values)}'\n"
    teller = "get_ipython().skipped.append('leak' + kept)\ndef standardize(values):\n    "
    result = grade({"q1-answer": spy, "q2-answer": teller + "return values"})
    (flag,) = [flag for flag in result.repairs if "leak" in flag]
    # Only the notebook's own call, of the second run; the hidden checks of q1 ask for 5 and 12,000 values.
    assert flag.startswith("The import of leak_12000 was")
    visible = "sigma = np.std(values)\n    return (values - np.mean(values)) / sigma"
    result = grade({"q1-answer": spy + AVERAGE[AVERAGE.index("    return") :], "q2-answer": teller + visible})
    assert [flag for flag in result.repairs if "leak" in flag] == []
