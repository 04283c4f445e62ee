"""Write what ``docs/teaching.md`` says in figures: minutes for each step, mistakes to expect, pictures.

    python -m tools.teaching_page

The rest of the page is written by hand. The tool replaces what stands between ``<!-- NAME: begin -->``
and ``<!-- NAME: end -->``, and takes the pictures from the outputs of the published solution.
"""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder import known_answers
from autograder.build.compile import prepare
from autograder.build.release_parts import PreparedSource
from autograder.course import load_course
from autograder.files import replace_file
from autograder.known_answers import KnownAnswer
from tools.class_time import LAB, ROOT, core_ids, count, read_solution

PAGE = ROOT / "docs" / "teaching.md"
PICTURES = {
    "unrolled": "results/slide-unrolled.png",
    "cells": "results/slide-gates.png",
    "figure-c": "comparison.png",
}
"""By the id of the cell that draws it, the file in ``docs/``: two slides, and the README's picture."""

MISTAKES_PER_QUESTION = 3
"""Those that most known answers hold; ``course validate`` lists all of them."""


def minutes_by_step(prepared: PreparedSource) -> Iterator[tuple[str, float]]:
    """Yield each section of the part for class and its minutes, counted by ``class_time`` without waiting."""
    executed = read_solution(prepared)
    core = core_ids(prepared)
    sections: dict[str, list[str]] = {}
    heading = ""
    for cell in prepared.source.cells:
        first_line = cell.text.partition("\n")[0]
        if first_line.startswith(("# ", "## ")) and cell.cell_type == "markdown":
            heading = first_line.lstrip("# ")
        if cell.id in core:
            sections.setdefault(heading, []).append(cell.id)
    for name, ids in sections.items():
        yield name, sum(count(prepared, executed, 0.0, ids).minutes().values())


def time_table(prepared: PreparedSource) -> str:
    """Return the minutes of each step as a table, with the questions that stand in it."""
    rows = ["| section | minutes |", "|---|---:|"]
    rows += [f"| {name} | {minutes:.0f} |" for name, minutes in minutes_by_step(prepared)]
    return "\n".join(rows)


def mistakes_table(prepared: PreparedSource) -> str:
    """Return for each question the beliefs that most known answers hold, and what is true instead."""
    answers = known_answers.load(prepared.assignment)
    rows = ["| question | students believe | say instead | costs |", "|---|---|---|---:|"]
    for question in prepared.source.questions:
        points = {check.cell.id: check.points for check in question.checks}
        by_belief: dict[str, list[KnownAnswer]] = {}
        for answer in answers:
            if answer.question == question.name and answer.has_misconception:
                by_belief.setdefault(answer.misconception, []).append(answer)
        beliefs = []
        for belief, examples in by_belief.items():
            idioms = [answer for answer in answers if belief in answer.true_beliefs]
            costs = max(sum(points[check] for check in example.failing_checks) for example in examples)
            beliefs.append((len(examples) + len(idioms), costs, belief, examples[0].truth))
        beliefs.sort(key=lambda entry: (-entry[0], -entry[1]))
        for _, costs, belief, truth in beliefs[:MISTAKES_PER_QUESTION]:
            rows.append(
                f"| {question.name.upper()} | {belief} | {truth} | {costs:g} of {question.points:g} |"
            )
    return "\n".join(rows)


def page_with(text: str, tables: Mapping[str, str]) -> str:
    """Return the page with each table between its marks.

    Raises:
        ValueError: the page lacks a mark.
    """
    for name, table in tables.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        _, is_closed, after = rest.partition(end)
        if not is_closed:
            raise ValueError(f"{PAGE.name}: no marks for {name}; add {begin.strip()} and {end.strip()}")
        text = f"{before}{begin}{table}\n{end}{after}"
    return text


def pictures(prepared: PreparedSource) -> Iterator[tuple[Path, bytes]]:
    """Yield the path and the PNG of each picture, as the published solution shows it."""
    for cell in read_solution(prepared).cells:
        if name := PICTURES.get(cell.id):
            (picture,) = [output["data"]["image/png"] for output in cell.outputs if "data" in output]
            yield PAGE.parent / name, base64.b64decode(picture)


def main() -> None:
    """Rewrite the page and the pictures."""
    prepared = prepare(load_course(ROOT).assignment(LAB))
    tables = {"minutes": time_table(prepared), "mistakes": mistakes_table(prepared)}
    text = page_with(PAGE.read_text(encoding="utf-8"), tables)
    replace_file(PAGE, text.encode(), public=True)
    for path, picture in pictures(prepared):
        replace_file(path, picture, public=True)
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
