"""Run the benchmark: ``python -m tools.benchmark``, or ``make bench``."""

from pathlib import Path

import click
from rich.console import Console

from autograder.course import find_root, load_course
from autograder.errors import CourseError, StaffError
from tools.benchmark.run_benchmark import bench


@click.command()
@click.argument("assignment", required=False)
@click.option("--submissions", default=4, show_default=True, type=click.IntRange(1), help="For every grader.")
@click.option(
    "--sizes",
    default="10,100,1000",
    show_default=True,
    help="Class sizes for the scaling benchmark (may be empty).",
)
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1), help="Number of parallel workers."
)
def main(assignment: str | None, submissions: int, sizes: str, workers: int) -> None:
    """Time our grader, otter and nbgrader on the same submissions, and ours on classes of several sizes.

    Takes about an hour and three quarters; each figure is printed as soon as it is measured.
    """
    console = Console(highlight=False)
    try:
        course = load_course(find_root(Path.cwd()))
        chosen = [course.assignment(assignment)] if assignment else course.assignments.values()
        for each in chosen:
            path = bench(each, console, submissions=submissions, sizes=_parse_sizes(sizes), workers=workers)
            console.print(f"{each.name}: docs/results/{path.name}")
    except CourseError as error:
        raise click.ClickException(str(error)) from error


def _parse_sizes(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise StaffError(f"--sizes {text}: write numbers with commas between, e.g. 10,100")
    return [int(word) for word in words]


if __name__ == "__main__":
    main()
