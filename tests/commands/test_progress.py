"""What is told while a run goes on, on a terminal and elsewhere."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from autograder.engine import progress
from tests.support.sample_results import ANA, result_for


def console(*, terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120, highlight=False)


def said(shown: Console) -> str:
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue()


def test_lines_come_in_the_order_of_the_names_whoever_is_first() -> None:
    plain = console()
    with progress.show_progress(plain, "Grading") as messages:
        messages.on_start(2, ["ana", "ben", "cem"], ("run.jsonl: line 7 is damaged",))
        for name in ("cem", "ben", "ana"):
            messages.on_graded(result_for(name))
    ana, total = f"{ANA.earned:g}", f"{ANA.points:g}"
    assert said(plain).splitlines() == [
        "run.jsonl: line 7 is damaged",
        "2 of 5 are already graded",
        *(f"{name}: {ana} of {total}" for name in ("ana", "ben", "cem")),
    ]


def test_rate_and_time_left_are_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0, 40.0, 50.0, 80.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    plain = console()
    with progress.show_progress(plain, "Grading") as messages:
        messages.on_start(0, [f"s{number}" for number in range(100)], ())
        for number in range(4):
            messages.on_graded(result_for(f"s{number}"))
    lines = [line for line in said(plain).splitlines() if "minute" in line]
    assert lines == [
        "2 of 100, 3 a minute, about 33 min left",
        "4 of 100, 3 a minute, about 32 min left",
    ]


def test_a_name_that_looks_like_markup_stays_what_it_is() -> None:
    plain = console()
    with progress.show_progress(plain, "Grading") as messages:
        messages.on_start(0, ["[red]x[/red]"], ())
        messages.on_graded(replace(ANA, student="[red]x[/red]"))
    assert "[red]x[/red]:" in said(plain)


def test_a_terminal_shows_a_bar_with_rate_and_time_left() -> None:
    shown = console(terminal=True)
    with progress.show_progress(shown, "Grading tiny") as messages:
        messages.on_start(3, ["ana", "ben"], ())
        messages.on_graded(result_for("ana"))
        messages.on_graded(result_for("ben"))
    assert "5/5" in said(shown)
    assert "/min" in said(shown)
    assert "left" in said(shown)
