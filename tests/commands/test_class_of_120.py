"""A class of 120 as it comes, hostile and damaged files among honest ones: nobody's result moves."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import pytest

from autograder.engine import journal
from autograder.engine.plan import GradingPlan
from autograder.report import load_run
from autograder.sandbox.syscalls import set_child_subreaper
from tests.commands.test_grade_class import WRONG, course, grade, rows  # noqa: F401  a fixture
from tests.engine.test_hostile_files import comparable, hostile_files
from tests.submission.test_find import packed, written
from tests.support.grading import is_running, make_submission

FUNCTION = "def moving_average(values, width):\n    "
ATTACKS = {
    "ends-itself": "import os\nos._exit(0)",
    "kills-all": "import os\nos.kill(-1, 9)",
    "kills-parent": "import os\nos.kill(os.getppid(), 9)",
    "hangs": "while True:\n        pass",
    "sleeps": "import time\n    time.sleep(600)",
    "memory": "return b'x' * 50_000_000_000",
    "forks": "import os\n    while True:\n        os.fork()",
    "threads": "import threading, time\n    while 1: threading.Thread(target=time.sleep, args=[99]).start()",
    "fills": "open('full', 'wb').write(b'x' * 10_000_000_000)",
    "speaks": "print('x' * 80 + '\\n', end='')\n    return moving_average(values, width)",
    "closes": "import os\n    os.closerange(0, 9_999)",
    "forges": "import os\n    [os.write(number, b'\\0\\0\\0\\2{}') for number in range(3, 20)]",
    "overwrites": "import pathlib\n    [path.write_bytes(b'') for path in pathlib.Path('/').rglob('run*')]",
    "leaves": "import pathlib\n    pathlib.Path('/tmp/left-behind').write_text('x')",
    "connects": "import socket\n    socket.create_connection(('127.0.0.1', 22), 1)",
    "lies": "return type('Lies', (list,), {'__eq__': lambda *_: True})()",
    "exits": "raise SystemExit",
    "huge": "return 10**5_000",
    "crashes": "import ctypes\n    ctypes.string_at(0)",
    "asks": "return input('what? ')",
}
DAMAGED = {
    "empty": b"",
    "pdf": b"%PDF-1.7\n",
    "bits": bytes(range(256)) * 40,
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n",
    "half": b'{"cells": [{"cell_type": "code", "sou',
    "list": b"[]",
    "page": b"<html>Sign in to continue</html>",
    "link": b"https://colab.research.google.com/drive/1AbC",
    "workbook": b"PK\3\4[Content_Types].xml",
    "archive": b"Rar!\x1a\x07\0",
    "picture": b"\x89PNG\r\n\x1a\n",
    "wide": '{"cells": []}'.encode("utf-16"),
    "nothing": b"null",
    "zeros": b"\0" * 100,
    "conflict": b'<<<<<<< HEAD\n{"cells": []}\n=======\n{"cells": [1]}\n>>>>>>> fix\n',
    "letter": b"{\\rtf1 Dear all}",
    "version 3": b'{"worksheets": [], "nbformat": 3, "nbformat_minor": 0, "metadata": {}}',
    "code": b"print('hello')\n",
}


LIMITS = '"grading": {"limits": {"cell_s": 3, "call_s": 3, "total_s": 30, "memory_bytes": 500_000_000}},'


def honest_trees(plan: GradingPlan) -> dict[str, dict[str, bytes]]:
    """Return five downloads with eight students each, by the names of their folders."""
    blank = {"q1-answer": FUNCTION + "...", "q2-answer": "..."}
    kinds = [make_submission(plan, answers, {}) for answers in ({}, WRONG, blank)]
    names = {
        "canvas": "student{0}_100{0}_700{0}_tiny.ipynb",
        "moodle": "Person {0}_200{0}_assignsubmission_file_/tiny.ipynb",
        "nbgrader": "submitted/login{0}/tiny/tiny.ipynb",
        "sections": "section{1}/member{0}/tiny.ipynb",
        "folders": "plain{0}/tiny.ipynb",
    }
    trees: dict[str, dict[str, bytes]] = {tree: {} for tree in names}
    for tree, name in names.items():
        for number in range(8):
            kind = kinds[number % (2 if tree == "sections" else 3)]  # sections are told by their answers
            trees[tree][name.format(number, number // 4)] = kind
    return trees


def other_trees(plan: GradingPlan) -> dict[str, dict[str, bytes]]:
    """Return what stands among these students, in the same downloads and in others."""
    solution = make_submission(plan, {}, {})
    blank = make_submission(plan, {"q1-answer": FUNCTION + "...", "q2-answer": "..."}, {})
    asking = make_submission(plan, {"q1-answer": f"n = input()\n{WRONG['q1-answer']}"}, {})
    attacks = {
        f"call-{name}/tiny.ipynb": make_submission(plan, {"q1-answer": FUNCTION + code}, {})
        for name, code in ATTACKS.items()
    }
    cells = {
        f"cell-{name}/tiny.ipynb": make_submission(
            plan, {}, {"q2-answer": f"{FUNCTION}{code}\nmoving_average([1], 1)"}
        )
        for name, code in ATTACKS.items()
    }
    hostile = hostile_files(solution, make_submission(plan, WRONG, {}))
    files = {f"file-{Path(name).stem}/{name}": data for name, data in hostile.items()}
    return {
        "canvas": {
            "late_LATE_3001_9001_tiny.ipynb": solution,
            "twice_3002_9002_tiny.ipynb": blank,
            "twice_3002_9003_tiny-1.ipynb": solution,
            "zipped_3003_9004_tiny.zip": packed({"home/tiny.ipynb": solution}),
            "text_3004_text.html": b"<p>I could not open it</p>",
        },
        "moodle": {
            "Only Text_2100_assignsubmission_onlinetext_/onlinetext.html": b"<p>see mail</p>",
            "Øst Chloé_2101_assignsubmission_file_/tiny.ipynb": solution,
        },
        "folders": {
            "marks.csv": b"student,mark\n",
            "desktop.ini": b"[.ShellClassInfo]",
            "copies/tiny.ipynb": blank,
            "copies/tiny (1).ipynb": solution,
            "script/answers.py": b"def moving_average(values, width):\n    return values\n",
            "asking/tiny.ipynb": asking,
            "kit/tinykit.py": b"",
            "kit/tiny.ipynb": solution,
            **{f"broken-{name}/tiny.ipynb": data for name, data in DAMAGED.items()},
        },
        "attacks": attacks,
        "cells": cells,
        "files": files,
    }


def write_downloads(folder: Path, *classes: Mapping[str, Mapping[str, bytes]]) -> list[Path]:
    """Write downloads, that of Moodle as an archive; return what to name to ``course grade``."""
    trees: dict[str, dict[str, bytes]] = {}
    for downloads in classes:
        for tree, files in downloads.items():
            trees.setdefault(tree, {}).update(files)
    archive = packed(trees.pop("moodle"))
    paths = [written(folder / tree, files) for tree, files in trees.items()]
    return [*paths, written(folder, {"moodle.zip": archive}) / "moodle.zip"]


def files_below(paths: Sequence[Path]) -> int:
    count = 0
    for path in paths:
        if path.is_file():
            with zipfile.ZipFile(path) as archive:
                count += 1 + len(archive.namelist())
        else:
            count += sum(not below.is_dir() or below.is_symlink() for below in path.rglob("*"))
    return count


@pytest.mark.hostile
def test_in_a_class_of_everything_honest_results_are_those_alone(
    course: Path,  # noqa: F811
    tiny_plan: GradingPlan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_child_subreaper()  # whatever loses its parent becomes a child of this process
    temporary = tmp_path / "temporary"
    temporary.mkdir(mode=0o777)
    monkeypatch.setenv("TMPDIR", str(temporary))
    config = course / "course_config.py"
    config.write_text(config.read_text().replace('"build_cell', f'{LIMITS}\n            "build_cell'))
    honest, others = honest_trees(tiny_plan), other_trees(tiny_plan)
    results = []
    for name, downloads in (("alone", [honest]), ("together", [honest, others])):
        paths = write_downloads(tmp_path / name, *downloads)
        if name == "together":
            (tmp_path / name / "folders" / "nothing").mkdir()
            (tmp_path / name / "folders" / "linked").symlink_to(tmp_path / name / "folders" / "plain0")
        out = course / f"out-{name}"
        before, in_course = set(psutil.Process().children(recursive=True)), set(course.iterdir())
        done = grade(course, *paths, "--out", out, "--workers", "2")
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert not set(filter(is_running, psutil.Process().children(recursive=True))) - before
        assert set(course.iterdir()) - in_course == {out}
        assert list(temporary.iterdir()) == []
        assert not Path("/tmp/left-behind").exists()
        arrived = load_run.load_account(out)
        assert arrived is not None
        assert len([file for file in arrived.files if ".zip/" not in file.path]) == files_below(paths)
        results.append({result.student: result for result in journal.read(out).results})
        assert set(rows(out)) == set(results[-1])
        for student in results[-1]:
            assert (out / journal.folder_name(student) / "feedback.html").is_file()
        assert (out / "report.html").is_file()
    alone, together = results
    assert len(alone) == 40
    assert len(together) >= 120
    assert {name: comparable(together[name]) for name in alone} == {
        name: comparable(result) for name, result in alone.items()
    }
    assert not [name for name, result in together.items() if result.ungraded_checks]
    assert max(result.earned for name, result in together.items() if name.startswith("call-")) < 14
