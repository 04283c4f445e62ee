"""Names of files, folders and people, and class lists, taken apart as trusted processes do."""

import tempfile
import tomllib
from pathlib import Path

from autograder.course import load_course
from autograder.engine.journal import folder_name
from autograder.errors import StaffError
from autograder.lateness import parse_datetime
from autograder.report import roster
from autograder.submission import names
from autograder.submission.discover import take_in
from autograder.text import identifier, multi_line, one_line
from tests.support.fuzz import TINY_COURSE

DATA = tomllib.loads(Path(names.__file__).with_name("platforms.toml").read_text(encoding="utf-8"))
FORMULA_SIGNS = tuple("=+-@＝＋－＠")


class Naming:
    """The patterns of the tiny assignment, and a class list."""

    def __init__(self) -> None:
        self.assignment = load_course(TINY_COURSE).assignment("tiny")
        self.examples = tuple(str(entry["example"]) for entry in DATA["pattern"])
        self._patterns = names.NamePatterns(self.assignment)
        self._find = roster.finder((roster.Student("ada", "7", "Ada Lovelace"), roster.Student("ben")))

    def read_name(self, text: str) -> None:
        """Read a name in every way that a name is read."""
        for is_folder in (False, True):
            self._patterns.parse(text, is_folder=is_folder)
        self._patterns.without_title(text)
        self._patterns.is_level(text)
        names.split_marks(text)
        names.folder_order(text)
        names.is_date(text)
        names.stem(text)
        names.words(text)
        names.joined_parts(text)
        parse_datetime(text)
        self._find(text)
        unique = names.unique_names([text, text, "x"], ["1", "2", "3"])
        assert len({names.normalized(name) for name in unique}) == 3
        # A folder is made for a name that was made safe, or for one that the system gave: it has no half of
        # a surrogate pair.
        plain = text.replace("\0", "").encode("utf-8", errors="replace").decode()
        for name in (*unique, folder_name(plain)):
            assert name == Path(name).name
            assert name not in ("", ".", "..")
        assert one_line(text, 80).isprintable()
        assert len(multi_line(text, 80, 3)) < 120
        assert identifier(text).isidentifier()
        safe = roster.escape_formula(text)
        assert not safe.lstrip(" ").startswith(FORMULA_SIGNS)

    def read_list(self, data: bytes) -> None:
        """Read a class list; what was read can be written and read again."""
        try:
            students = roster.parse(data, "class.csv")
        except StaffError as error:
            assert "class.csv" in str(error)
            return
        assert roster.parse(roster.dump(students), "again.csv") == students
        find = roster.finder(students)
        for student in students:
            find(student.label)

    def read_tree(self, texts: list[str]) -> None:
        """Find out who submitted what in a folder of empty files with some names."""
        with tempfile.TemporaryDirectory() as place:
            for text in texts:
                parts = [
                    part[:40] for part in text.replace("\0", "").split("/") if part not in ("", ".", "..")
                ]
                path = Path(place, *parts[:3]) if parts else Path(place, "x")
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(b"")
                except (OSError, UnicodeEncodeError):
                    continue  # a file is a folder for another name, or the name is no text
            try:
                intake = take_in([Path(place)], self.assignment)
            except StaffError:
                return
            assert len({names.normalized(one.student) for one in intake.submissions}) == len(
                intake.submissions
            )
