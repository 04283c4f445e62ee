"""Files that are made to break their reader stand next to honest ones: nobody's result changes."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from autograder.build.compile import prepare
from autograder.engine.plan import GradingPlan
from autograder.engine.results import Result
from autograder.report.load_run import Run
from autograder.report.marks import final_marks
from autograder.report.pages import write_reports
from autograder.submission.discover import take_in
from tests.support.grading import make_submission, start_numpy_engine

HONEST = {
    "ada": {},
    "bob": {"q1-answer": "def moving_average(values, width):\n    return values"},
    "cyd": {"q2-answer": "..."},
}


def notebook(*cells: Mapping[str, Any]) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def with_prose(data: bytes, text: str) -> bytes:
    raw = json.loads(data)
    raw["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text})
    return json.dumps(raw).encode()


def with_output(data: bytes, image: str) -> bytes:
    raw = json.loads(data)
    for cell in raw["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": image}}]
    return json.dumps(raw).encode()


def with_metadata(data: bytes, forge: Callable[[dict[str, Any]], None]) -> bytes:
    raw = json.loads(data)
    for cell in raw["cells"]:
        forge(cell)
    return json.dumps(raw).encode()


def claim_points(cell: dict[str, Any]) -> None:
    """Claim what nbgrader and otter write into a cell: points, a solution, a check that passed."""
    cell["metadata"] = {
        "nbgrader": {
            "grade_id": "q1-shape",
            "grade": True,
            "points": 1_000,
            "solution": True,
            "locked": False,
        },
        "otter": {"tests": ["q1"], "score": 1_000},
        "tags": ["otter_answer_cell", "passed"],
        "course": {"assignment": "tiny", "points": 1_000},
    }


def packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def linked(target: str) -> bytes:
    """Return an archive with a link to a file outside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("tiny.ipynb")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, target)
    return buffer.getvalue()


def overlapping(data: bytes, count: int) -> bytes:
    """Return an archive whose table of contents lists one file many times."""
    small = packed({"0.ipynb": data})
    directory = small.index(b"PK\x01\x02")
    end = small.index(b"PK\x05\x06")
    entry = small[directory:end]
    counts = count.to_bytes(2, "little") * 2 + (len(entry) * count).to_bytes(4, "little")
    return small[:directory] + entry * count + small[end : end + 8] + counts + small[end + 16 :]


def hostile_files(solution: bytes, wrong: bytes) -> dict[str, bytes]:
    """Return files by name; what is in ``wrong`` gets 6 points."""
    return {
        "points.ipynb": with_metadata(wrong, claim_points),
        "own-checks.ipynb": with_cell(wrong, "q1-hidden-values", "def check_average_values(_): pass"),
        "own-kit.zip": packed({"tiny.ipynb": wrong, "tinykit/__init__.py": b"1/0", "checks.py": b"1/0"}),
        "results.zip": packed({"tiny.ipynb": wrong, "results.json": b'{"score": 100}', "run.jsonl": b"{}"}),
        "\u0430da.ipynb": wrong,
        "ada\u200b.ipynb": wrong,
        "\u202eada.ipynb": wrong,
        "polyglot.ipynb": wrong + packed({"tiny.ipynb": solution}),
        "prefixed.zip": b"{" + packed({"tiny.ipynb": wrong}),
        "script.html.ipynb": with_output(wrong, "<script>alert(1)</script>"),
        "link.zip": linked("/etc/passwd"),
        "overlapping.zip": overlapping(b" " * 10_000_000, 5_000),
        "pickle.ipynb": b"cos\nsystem\n(S'touch /tmp/left-by-a-pickle'\ntR.",
        "submission_metadata.yml": b"a: &a [x, x]\n"
        + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(5_000)),
        "blank-lines.ipynb": with_prose(solution, "(" + "\n" * 30_000),
        "brackets.ipynb": with_prose(solution, "(" * 99_000),
        "two-headers.ipynb": with_output(solution, "iVBORw0KGgoAAAANSUhEUgAA6mAAAOpgCAIAAAA=" * 2),
        "deep.ipynb": b'{"cells": ' + b"[" * 200_000,
        "many-values.ipynb": b'{"cells": [' + b'"",' * 2_000_000 + b'""]}',
        "many-cells.ipynb": notebook(*[{"cell_type": "code", "source": "x = 1"}] * 100_000),
        "bomb.zip": packed({"tiny.ipynb": b" " * 300_000_000}),
        "nested.zip": packed({"a.zip": packed({"b.zip": packed({"c.zip": packed({"tiny.ipynb": b"{}"})})})}),
        "many-files.zip": packed({f"{number}.ipynb": b"{" for number in range(20_001)}),
        "names.zip": packed({"../../../etc/passwd": b"x", "/tiny.ipynb": b"{}", "a\\..\\b.ipynb": b"{}"}),
        "script.py": b"# %%\n" + b"-" * 400_000 + b"\n" + b"# In[" + b" " * 400_000,
        "text.ipynb": b"\xff\xfe" + b"\0" * 1_000_000,
        "signature.ipynb": b"PK\x05\x06" * 100_000,
    }


def with_cell(data: bytes, name: str, text: str) -> bytes:
    raw = json.loads(data)
    cell = {"cell_type": "code", "id": name, "metadata": {}, "source": text, "outputs": []}
    raw["cells"].insert(0, cell)
    return json.dumps(raw).encode()


def comparable(result: Result) -> object:
    checks = [(check.id, check.outcome, check.message, check.hint) for check in result.checks]
    return result.student, result.earned, checks, result.repairs, result.flags


@pytest.mark.hostile
def test_honest_results_are_the_same_next_to_files_that_break_their_reader(
    tiny_plan: GradingPlan, tmp_path: Path
) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    for name, answers in HONEST.items():
        (folder / f"{name}.ipynb").write_bytes(make_submission(tiny_plan, answers, {}))
    hostile = hostile_files(make_submission(tiny_plan, {}, {}), make_submission(tiny_plan, HONEST["bob"], {}))
    results: list[list[Result]] = []
    with start_numpy_engine(tiny_plan, workers=2) as engine:
        for files in ({}, hostile):
            for name, data in files.items():
                (folder / name).write_bytes(data)
            intake = take_in([folder], tiny_plan.assignment, source=tiny_plan.source)
            results.append([])
            engine.grade(intake.submissions, results[-1].append, out=out)
    alone, together = ({result.student: result for result in graded} for graded in results)
    assert [comparable(together[name]) for name in HONEST] == [comparable(alone[name]) for name in HONEST]
    assert len(together) == len(HONEST) + len(hostile) - 1  # the metadata is nobody's
    assert not [result.student for result in together.values() if result.ungraded_checks]
    # What only bloats the file around right answers costs nothing.
    assert {together[name].earned for name in ("blank-lines", "brackets", "two-headers")} == {14}
    # And what only claims to be right earns nothing.
    claims = (
        "points",
        "own-checks",
        "own-kit",
        "results",
        "\u0430da",
        "ada_",
        "_ada",
        "polyglot",
        "prefixed",
    )
    assert {name: together[name].earned for name in claims} == dict.fromkeys(claims, 6)
    assert not Path("/tmp/left-by-a-pickle").exists()
    graded = tuple(together.values())
    marks = final_marks(graded, (), tiny_plan.assignment)
    write_reports(Run(out, tiny_plan.assignment, graded, marks), prepare(tiny_plan.assignment).source)
    assert all((out / name / "feedback.html").is_file() for name in HONEST)
    assert len(list(out.glob("*/feedback.html"))) == len(together)
