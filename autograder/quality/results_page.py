"""The pages of ``docs/results/``: what a command found, as Markdown from a template."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.course import Assignment, load_course
from autograder.files import replace_file


def write_page(assignment: Assignment, name: str, **values: Any) -> Path:
    """Write ``docs/results/<name>.md`` from its template and return the path.

    Of a course with several assignments, the pages of the first are there and those of the others in
    folders of their own.

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
    folder = assignment.root / "docs" / "results"
    if assignment.name != next(iter(load_course(assignment.root).assignments)):
        folder /= assignment.name
    path = folder / f"{name}.md"
    replace_file(path, templates.get_template(f"{name}.md.j2").render(values).encode(), public=True)
    return path
