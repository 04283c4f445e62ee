"""What is wrong with a source, and where; all of it is reported at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing for the instructor to put right."""

    location: str
    """File, cell and line, e.g. ``source/lab/lab.ipynb#pad-reviews:2``."""

    found: str
    fix: str

    def __str__(self) -> str:
        return f"{self.location}: found {self.found}; {self.fix}"
