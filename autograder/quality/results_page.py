"""The pages of ``docs/results/``: what a command found, as Markdown from a template."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.course import Assignment
from autograder.files import replace_file

_MIN_CHANCE = 1e-6


def write_page(assignment: Assignment, name: str, **values: Any) -> Path:
    """Write ``docs/results/<name>.md`` from its template and return the path.

    Args:
        assignment: its course's folder gets the page.
        name: of the template and the page, e.g. ``compare``.
        **values: what the template shows.
    """
    # Markdown for the authors of a course, from their own texts: nothing is escaped.
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {"digits": _format_number, "chance": _format_chance}
    path = assignment.root / "docs" / "results" / f"{name}.md"
    replace_file(path, templates.get_template(f"{name}.md.j2").render(values).encode(), public=True)
    return path


def _format_number(value: float | None, digits: str) -> str:
    return "" if value is None else format(value, digits)


def _format_chance(value: float | None) -> str:
    if value is not None and value < _MIN_CHANCE:
        return f"< {_MIN_CHANCE:g}"
    return "" if value is None else f"≤ {value:.2g}"
