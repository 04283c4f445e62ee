"""Whose a file is, by where it is: one rule for folders and archives, packed or not.

(a) Files of a release, of platforms and systems, and of other assignments are nobody's.
(b) Folders around everything are dropped, but not the last one above a file that is named like the
    assignment, for then the folder is what names the person.
(c) A folder that is named like the assignment, like a platform's own, or as a date says nothing.
(d) A folder is a person if the class list or a platform's name says so, or a file directly in it.
(e) Folders in a folder are people if the class list or a platform says so, or if in half of the
    folders there are several with different filled notebooks (sections of a class).
(f) Else a folder with several folders is one row, and staff read that it may hold several people.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from autograder.errors import StaffError
from autograder.submission.archives import FileEntry
from autograder.submission.names import (
    NamePatterns,
    PlatformName,
    Submitter,
    believed,
    folder_order,
    split_marks,
    stem,
    words,
)
from autograder.submission.peek import Peek
from autograder.text import ANY_FILE, ANY_FOLDER

Whose = Callable[[str], str]
"""Returns which person on the class list a name is, as a key; empty if nobody or several."""

Look = Callable[[FileEntry], Peek]


def unlisted(_name: str) -> str:
    """Return that a name is nobody's on the class list, for there is none."""
    return ""


_MIN_TITLE_CHARS = 3


class FileKind(StrEnum):
    """What a file is by its path, which is only a claim."""

    NOTEBOOK = "notebook"
    SCRIPT = "script"
    UNCLEAR = "unclear"
    """It may be a notebook by another name."""

    DOCUMENT = "document"
    """Submitted by mistake: its student gets a result that says so."""

    FOLDER = "folder"
    """An empty one."""

    DATA = "data"
    """A table or the like, which is a submission only if it has a person's name."""

    RELEASE = "release"
    """In every release: not a student's work."""


MAIN_KINDS = (FileKind.NOTEBOOK, FileKind.SCRIPT)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be somebody's work."""

    entry: FileEntry
    whole_path: tuple[str, ...]
    """Below what was named on the command line; archives are folders without their ending."""

    path: tuple[str, ...]
    """That without folders that say nothing."""

    kind: FileKind


@dataclass(slots=True)
class Person:
    """A person or a group, and the files that are theirs."""

    submitter: Submitter
    key: object
    """Equal for two finds of one person."""

    files: list[FoundFile]
    attempts: dict[FileEntry, PlatformName] = field(default_factory=dict)
    """What the platform wrote into the name of each file, or of a folder around it."""

    flags: list[str] = field(default_factory=list)


class Layout:
    """Finds the people in one folder or archive."""

    def __init__(
        self, container: str, patterns: NamePatterns, whose: Whose, look: Look, *, is_archive: bool
    ) -> None:
        """Prepare for one folder or archive, which is called ``container``."""
        self.container = container
        self.is_archive = is_archive
        self.patterns = patterns
        self.whose = whose
        self.look = look
        self.people: list[Person] = []
        self.nobodys: list[FoundFile] = []
        """Files above the people, such as a table of the whole class."""

    def arrange(self, files: Sequence[FoundFile]) -> None:
        """Find the people.

        Raises:
            StaffError: for most folders it cannot be told whether they hold one person or several.
        """
        rest = []
        for file in files:
            if own := self.patterns.parse_own(file.whole_path):
                self._add(own, [file])
            else:
                rest.append(file)
        main = [file for file in rest if file.kind in MAIN_KINDS] or rest
        depth = self._common_depth(main, rest)
        around = main[0].path[:depth] if main else ()
        inner = []
        for file in rest:
            if len(file.path) > depth and file.path[:depth] == around:
                inner.append(file)
            else:
                self.nobodys.append(file)
        if inner and self._is_one_person(inner, depth):
            # A folder that somebody names is a class's, and an archive may be its student's.
            names = (self.container, *around) if self.is_archive else (*around, self.container)
            telling = [name for name in names if not self._says_nothing(name)]
            self._add_named([*telling, self.container][0], inner)
        elif inner:
            self._split(inner, depth)

    def _is_of_assignment(self, name: str) -> bool:
        """Return True if a file is named like the assignment, or as nobody names a file for a class."""
        plain = words(split_marks(stem(name))[0])
        if ANY_FILE.fullmatch(plain):
            return True
        for title in self.patterns.titles:
            if len(plain) >= _MIN_TITLE_CHARS and title.startswith(plain):
                return True
        return False

    def _is_known(self, name: str, *, is_folder: bool) -> bool:
        """Return True if the class list or a platform's name says that this is a person."""
        parsed = self.patterns.parse(name, is_folder=is_folder)
        is_named = parsed.submitter is not None and not parsed.is_shared
        return is_named or bool(self._listed(name if is_folder else stem(name), name))

    def _listed(self, *names: str) -> str:
        """Return the first name, perhaps without marks of copies, that means a person on the class list."""
        if self.whose is unlisted:
            return ""
        for name in names:
            for spelling in (name, split_marks(name)[0]):
                if self.whose(spelling):
                    return spelling
        return ""

    def _common_depth(self, main: Sequence[FoundFile], files: Sequence[FoundFile]) -> int:
        """Return how many folders are around everything, by rule (b)."""
        depth = 0
        while main:
            names = set()
            for file in files:
                if len(file.path) > depth + 1 and file.kind not in (FileKind.DATA, FileKind.RELEASE):
                    names.add(file.path[depth])
            direct = [file.path[-1] for file in main if len(file.path) == depth + 2]
            if len(names) != 1 or any(len(file.path) == depth + 1 for file in main):
                break
            (name,) = names
            titles = self.patterns.titles
            is_named = any(words(split_marks(stem(file))[0]) in titles for file in direct)
            is_named |= len(direct) == len(main) == 1 and not self._is_of_assignment(direct[0])
            # A release that was unpacked is called as the student liked, as are general words.
            inside = [file for file in files if file.path[depth : depth + 1] == (name,)]
            says_nothing = self._says_nothing(name) or self._has_release(inside, depth + 1)
            if self._is_known(name, is_folder=True) or (is_named and not says_nothing):
                break
            depth += 1
        return depth

    def _says_nothing(self, name: str) -> bool:
        """Return True if a folder has a general word or the assignment's name for its name."""
        return ANY_FOLDER.fullmatch(words(name)) is not None or self._is_of_assignment(name)

    def _has_release(self, files: Sequence[FoundFile], depth: int) -> bool:
        """Return True if modules of a release are directly at a depth."""
        return any(
            file.kind is FileKind.RELEASE and len(file.path) in (depth + 1, depth + 2) for file in files
        )

    def _is_one_person(self, files: Sequence[FoundFile], depth: int) -> bool:
        """Return True if a file directly in a folder says that all in it is one person's."""
        folders, direct, is_named = set(), [], False
        for file in files:
            name, is_folder = file.path[depth], len(file.path) > depth + 1
            if self._is_known(name, is_folder=is_folder):
                return False
            if file.kind in MAIN_KINDS and not is_folder:
                direct.append(self._is_of_assignment(name))
                is_named |= words(split_marks(stem(name))[0]) in self.patterns.titles
            elif file.kind in MAIN_KINDS and folder_order(name) is None:
                folders.add(name)
        if not direct or len(folders) > 1:
            return False
        # Next to a release, a few notebooks are one person's, and many are a class's.
        if self._has_release(files, depth) and (is_named or len(direct) < 4):
            return True
        # "lab.ipynb" and "lab (1).ipynb" may be of two people, who sent them by mail.
        return all(direct) and (is_named or len(direct) == 1)

    def _split(self, files: Sequence[FoundFile], depth: int) -> None:
        """Find the people among the files and folders at one depth."""
        units: dict[str, list[FoundFile]] = {}
        singles: list[FoundFile] = []
        for file in files:
            if len(file.path) > depth + 1:
                units.setdefault(file.path[depth], []).append(file)
            else:
                singles.append(file)
        is_shared = believed([self.patterns.parse(name, is_folder=True) for name in units])
        for file in singles:
            self._add_single(file)
        unknown: dict[str, list[FoundFile]] = {}
        for name, inside in units.items():
            if all(file.kind is FileKind.RELEASE for file in inside) and name in self.patterns.modules:
                self.nobodys += inside
                continue
            parsed = self.patterns.parse(name, is_folder=True)
            if parsed.submitter and (is_shared or not parsed.is_shared):
                self._add(parsed, inside)
            elif self._listed(name):
                self._add_named(name, inside)
            else:
                unknown[name] = inside
        self._split_unknown(unknown, len(units), depth)

    def _split_unknown(self, units: dict[str, list[FoundFile]], count: int, depth: int) -> None:
        """Decide whether folders that nobody knows are people or sections, by rules (e) and (f).

        Args:
            count: all folders next to each other, also those of people who are known.
        """
        holding, doubtful = [], {}
        for name, inside in units.items():
            if self._holds_people(inside, depth + 1):
                holding.append(name)
            elif len(folders := _folders(inside, depth + 1)) > 1:
                doubtful[name] = folders
        several = [name for name, folders in doubtful.items() if self._has_different_answers(folders)]
        sections: set[str] = set()
        # Next to people who are known, and of one folder among many, its student may have chosen the names.
        if len(units) == count and 2 * len(holding) >= count:
            sections.update(holding)
        # One folder of two says little: its student may have kept two attempts in it.
        if several and (len(several) == count or len(several) + len(sections) >= max(2, (count + 1) // 2)):
            sections.update(doubtful)
        elif 2 * (len(doubtful) - len(several)) > max(count, 2):
            name, folders = next(iter(doubtful.items()))
            raise StaffError(
                f"{self.container}: {len(doubtful)} of {count} folders contain several folders, e.g. "
                f"{name!r} contains {', '.join(sorted(folders)[:3])}; it is not clear whether the outer or "
                "the inner folders are the students'. Give a class list (--roster) with the students' names, "
                "or set submission_pattern in course_config.py: '(?P<student>[^/]+)/.*' if "
                f"{name!r} is a student, '[^/]+/(?P<student>[^/]+)/.*' if it is a section"
            )
        for name, inside in units.items():
            if name in sections:
                self._split(inside, depth + 1)
            else:
                self._add_named(name, inside)
                self.people[-1].flags += self._doubts(name, holding, several, doubtful)

    def _doubts(
        self,
        name: str,
        holding: Sequence[str],
        several: Sequence[str],
        doubtful: Mapping[str, dict[str, list[FoundFile]]],
    ) -> list[str]:
        """Return what staff should know of a folder that is one row."""
        if name in holding:
            return ["The folder contains folders or files named after other students; check whose it is."]
        if name in several:
            inside = ", ".join(sorted(doubtful[name])[:4])
            return [f"The folder may contain the work of several students: {inside}."]
        return []

    def _holds_people(self, files: Sequence[FoundFile], depth: int) -> bool:
        """Return True if the class list or a platform knows at least half of what is in a folder."""
        names: dict[str, bool] = {}
        for file in files:
            is_folder = len(file.path) > depth + 1
            if is_folder or file.kind in MAIN_KINDS:
                names[file.path[depth]] = self._is_known(file.path[depth], is_folder=is_folder)
        return any(names.values()) and 2 * sum(names.values()) >= len(names)

    def _has_different_answers(self, folders: dict[str, list[FoundFile]]) -> bool:
        digests: set[str] = set()
        for inside in folders.values():
            for file in [file for file in inside if file.kind is FileKind.NOTEBOOK][:3]:
                seen = self.look(file.entry)
                if seen.answered:
                    digests.add(seen.answers_digest)
        return len(digests) > 1

    def _add_single(self, file: FoundFile) -> None:
        """Add a file that is directly in the folder of the class."""
        name = file.path[-1]
        parsed = self.patterns.parse(name, is_folder=False)
        if parsed.submitter:
            self._add(parsed, [file])
        elif file.kind in (FileKind.DATA, FileKind.RELEASE) and not self._listed(stem(name), name):
            self.nobodys.append(file)
        else:
            called = self.patterns.without_title(stem(name))
            if words(split_marks(stem(name))[0]) in self.patterns.titles:
                called = self.container
            self._add_named(called, [file], stem(name), name)

    def _add_named(self, name: str, files: Sequence[FoundFile], *other_names: str) -> None:
        # Not the names of files in a person's folder: they could name somebody else.
        key: object = (*files[0].entry.parts, files[0].entry.file)
        listed = self._listed(name, *other_names)
        if listed:
            key = ("list", self.whose(listed))
        submitter = Submitter(name, ids={"student": listed or name})
        self.people.append(Person(submitter, key, list(files)))

    def _add(self, parsed: PlatformName, files: list[FoundFile]) -> None:
        """Add files under a platform's name; files of one person come together by it later."""
        submitter = parsed.submitter
        assert submitter is not None
        key: object = (self.container, submitter.student)
        # Names are not unique in a class; only a platform's number or a login says that two are one person.
        for kind, value in submitter.ids.items():
            key = (kind, value)
        if listed := self._listed(submitter.ids.get("student", ""), submitter.ids.get("email", "")):
            key = ("list", self.whose(listed))
        person = Person(submitter, key, files)
        for file in files:
            person.attempts[file.entry] = parsed
        self.people.append(person)


def _folders(files: Sequence[FoundFile], depth: int) -> dict[str, list[FoundFile]]:
    """Return the folders at a depth that hold notebooks and are no attempts by their names.

    There are none if a notebook is directly next to them: it says that all is one person's.
    """
    folders: dict[str, list[FoundFile]] = {}
    for file in files:
        if file.kind not in MAIN_KINDS:
            continue
        if len(file.path) == depth + 1:
            return {}
        if folder_order(file.path[depth]) is None:
            folders.setdefault(file.path[depth], []).append(file)
    return folders
