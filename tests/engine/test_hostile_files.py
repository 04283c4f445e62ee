"""Files that are made to break their reader stand next to honest ones: nobody's result changes."""

import io
import json
import zipfile
from collections.abc import Mapping
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


def packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def hostile_files(solution: bytes) -> dict[str, bytes]:
    return {
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
    hostile = hostile_files(make_submission(tiny_plan, {}, {}))
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
    assert len(together) == len(HONEST) + len(hostile)
    assert not [result.student for result in together.values() if result.ungraded_checks]
    # What only bloats the file around right answers costs nothing.
    assert {together[name].earned for name in ("blank-lines", "brackets", "two-headers")} == {14}
    graded = tuple(together.values())
    marks = final_marks(graded, (), tiny_plan.assignment)
    write_reports(Run(out, tiny_plan.assignment, graded, marks), prepare(tiny_plan.assignment).source)
    assert all((out / name / "feedback.html").is_file() for name in HONEST)
    assert len(list(out.glob("*/feedback.html"))) == len(together)
