"""Who submitted what: one submission per person, from any of the forms in which classes submit.

A file is one person's; what is in a folder or an archive belongs to whom ``layout`` finds there. Every
file gets one label, and the labels add up to the files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.authoring import read_source
from autograder.course import Assignment
from autograder.errors import StaffError, StudentError
from autograder.lateness import parse_datetime
from autograder.notebook import Source, parse_questions
from autograder.sandbox import reader
from autograder.submission.archives import FileEntry
from autograder.submission.arrivals import FROM_SYSTEM, OTHER_ASSIGNMENT, Choice, Label, choose, sort_arrivals
from autograder.submission.layout import FileKind, FoundFile, Layout, Person, Whose, unlisted
from autograder.submission.match import released
from autograder.submission.names import (
    GRADESCOPE_METADATA,
    NBGRADER_TIMESTAMP,
    SIDECARS,
    NamePatterns,
    Submitter,
    normalized,
    safe_name,
    stem,
    unique_names,
    words,
)
from autograder.submission.peek import MAX_METADATA_BYTES, Peek
from autograder.submission.read import MAX_FILE_BYTES, SUBMIT_NOTEBOOK_HINT


@dataclass(frozen=True, slots=True)
class LabeledFile:
    """One file that arrived."""

    path: str
    label: Label
    reason: str = ""
    """Why, in a few words, the same for all files of a kind."""

    student: str = ""
    """Whose it is, as the run calls the person; empty if it is nobody's."""


@dataclass(frozen=True, slots=True)
class StudentSubmission:
    """What one student submitted."""

    student: str
    """The name of the file or folder, fit for a path, and unique."""

    path: str
    """Where it was found, relative to the path that was named."""

    entry: FileEntry
    submitter: Submitter
    problem: str = ""
    """Why it cannot be read, as a sentence for the student."""

    repairs: tuple[str, ...] = ()
    """What was decided in finding it, one sentence each."""

    flags: tuple[str, ...] = ()
    """What staff should look at, one sentence each."""

    @property
    def data(self) -> bytes | None:
        """Read the file, each time again, for a class may submit gigabytes; None if there is a problem.

        Raises:
            StudentError: it is a damaged part of an archive that was not looked into before.
            StaffError: it can no longer be read.
        """
        if self.problem:
            return None
        try:
            return self.entry.read()
        except StudentError as error:
            if self.entry.members:
                raise
            raise StaffError(f"{self.entry.file}: changed since it was found: {error}") from error


@dataclass(frozen=True, slots=True)
class Intake:
    """Everything that arrived."""

    submissions: tuple[StudentSubmission, ...]
    """One per person, in order of their names."""

    files: tuple[LabeledFile, ...]
    remarks: tuple[str, ...] = ()
    """What staff should know of the class as a whole, one sentence each."""


def find_submissions(paths: Sequence[Path], assignment: Assignment) -> list[StudentSubmission]:
    """Return one submission per student, in order of their names.

    Raises:
        StaffError: a path does not exist, or contains no submission.
    """
    return list(take_in(paths, assignment).submissions)


def take_in(
    paths: Sequence[Path],
    assignment: Assignment,
    *,
    source: Source | None = None,
    whose: Whose = unlisted,
    thorough: bool = False,
) -> Intake:
    """Find out who submitted what.

    Args:
        source: the compiled source; by default the notebook of the assignment as it is.
        whose: finds a person on the class list by a name.
        thorough: whether to look into every file that counts, not only where there are several.

    Raises:
        StaffError: a path does not exist or contains no submission, or for most folders it cannot be
            told who they are.
    """
    finder = _Finder(assignment, source, whose, thorough=thorough)
    for path in dict.fromkeys(paths):
        finder.add(path)
    return finder.intake()


def find_submission(folder: Path, student: str, assignment: Assignment) -> StudentSubmission:
    """Return the submission of the one student to whom everything in a folder belongs."""
    nothing = FileEntry(("nothing",), folder, problem=f"Nothing was submitted; {SUBMIT_NOTEBOOK_HINT}.")
    finder = _Finder(assignment, None, unlisted, thorough=True)
    arrivals = sort_arrivals(folder, assignment, finder.patterns)
    files = arrivals.files or [FoundFile(nothing, nothing.parts, nothing.parts, FileKind.DOCUMENT)]
    finder.people.append(Person(Submitter(student), student, files))
    return finder.intake().submissions[0]


class _Finder:
    """Finds the people below several paths, and what became of every file."""

    def __init__(
        self, assignment: Assignment, source: Source | None, whose: Whose, *, thorough: bool
    ) -> None:
        self.assignment = assignment
        self.source = source
        self.patterns = NamePatterns(assignment)
        self.whose = whose
        self.thorough = thorough
        self.people: list[Person] = []
        self.labels: dict[FileEntry, tuple[Label, str]] = {}
        self.owners: dict[FileEntry, str] = {}
        self._seen: dict[FileEntry, Peek] = {}

    def look(self, entry: FileEntry) -> Peek:
        """Have the reader look into a file; it looks into every file at most once."""
        if self.source is None:
            cells = read_source(self.assignment.notebook.read_bytes(), "").cells
            self.source, _ = parse_questions(cells, "")
        if entry not in self._seen:
            max_bytes = MAX_METADATA_BYTES if entry.name == GRADESCOPE_METADATA else MAX_FILE_BYTES
            try:
                self._seen[entry] = reader.read(
                    "autograder.submission.peek:peek_file",
                    entry.read(max_bytes),
                    Peek,
                    shared=released(self.source),
                    name=entry.name,
                    assignment=self.assignment.name,
                    title=self.assignment.title,
                )
            except StudentError as error:
                self._seen[entry] = Peek(str(error), is_readable=False)
            except reader.DefectError:
                # A defect of ours is not held against the file; grading will name it.
                self._seen[entry] = Peek()
        return self._seen[entry]

    def add(self, path: Path) -> None:
        """Find the people below one path.

        Raises:
            StaffError: it does not exist, or contains no submission.
        """
        hint = "give the path of a notebook, an archive or a folder of them"
        if not path.exists():
            raise StaffError(f"{path}: does not exist; {hint}")
        absolute = path.absolute()
        # The assignment's name is nobody's: what is called like it gets the name of the folder around it.
        names = [absolute.name if absolute.is_dir() else stem(absolute.name)]
        names += [parent.name for parent in absolute.parents if parent.name]
        container = next((name for name in names if words(name) not in self.patterns.titles), names[0])
        arrivals = sort_arrivals(path.resolve(), self.assignment, self.patterns)
        if not arrivals.files:
            raise StaffError(f"{path}: contains no submission; {hint}")
        is_archive = not path.is_dir()
        layout = Layout(container, self.patterns, self.whose, self.look, is_archive=is_archive)
        layout.arrange(arrivals.files)
        self.labels |= arrivals.labels
        for file in layout.nobodys:
            self.labels[file.entry] = _label_of_rest(file)
        self.people += self._with_gradescope(layout)

    def _with_gradescope(self, layout: Layout) -> list[Person]:
        """Return the people, with whom Gradescope's metadata names in place of a folder of its."""
        # Only next to the folders does the platform write it; further down, a student may have packed one.
        submitters: dict[str, tuple[Submitter, ...]] = {}
        for file in layout.nobodys:
            if file.entry.name == GRADESCOPE_METADATA:
                submitters |= self.look(file.entry).submitters
        people = []
        for person in layout.people:
            named = submitters.get(person.submitter.student, ())
            for number, submitter in enumerate(named):
                # Two members of a group may have one name; an e-mail address or a number tells them apart.
                key = (submitter.student, number, *submitter.ids.items())
                people.append(replace(person, submitter=submitter, key=key))
            if not named:
                people.append(person)
        return people

    def intake(self) -> Intake:
        """Return what was found."""
        people = _join(self.people)
        choices = self._choices(people)

        def sort_key(place: int) -> tuple[object, ...]:
            name, entry = safe_name(people[place].submitter.student), choices[place].file.entry
            return normalized(name), name, entry.parts, str(entry.file)

        order = sorted(range(len(people)), key=sort_key)
        students, identities = [], []
        for person in (people[place] for place in order):
            # What tells a person from others of the same name, wherever the class is unpacked.
            first = min(person.files, key=lambda file: (file.whole_path, str(file.entry.file)))
            parts = (person.submitter.student, *person.submitter.members, *first.whole_path)
            students.append(person.submitter.student)
            identities.append("\0".join(parts))
        names = unique_names(students, identities)
        submissions, clashes = [], []
        for name, place in zip(names, order, strict=True):
            person, choice = people[place], choices[place]
            if name != safe_name(person.submitter.student):
                clashes.append(f"{person.submitter.student} is {name}")
            submissions.append(self._submission(name, person, choice))
            self._label(name, person, choice)
        remarks = []
        if clashes:
            remarks.append(f"Equal names were made unique: {', '.join(clashes[:5])}.")
        files = []
        for entry, (label, reason) in self.labels.items():
            files.append(LabeledFile(entry.display_path(200), label, reason, self.owners.get(entry, "")))
        files.sort(key=lambda file: file.path)
        return Intake(tuple(submissions), tuple(files), tuple(remarks))

    def _choices(self, people: Sequence[Person]) -> list[Choice]:
        """Return which file of each person counts."""
        # A student's own archive may be damaged inside. The archive of a class is not, and has many files.
        owners: dict[object, set[int]] = {}
        for number, person in enumerate(people):
            for file in person.files:
                owners.setdefault(_archive_of(file), set()).add(number)
        choices = []
        for person in people:
            thorough = self.thorough or len(people) == 1
            for file in person.files:
                archive = _archive_of(file)
                thorough |= bool(archive[1]) and len(owners[archive]) == 1
            choices.append(choose(person, self.patterns, self.look, thorough=thorough))
        return choices

    def _submission(self, name: str, person: Person, choice: Choice) -> StudentSubmission:
        parsed = person.attempts.get(choice.file.entry)
        submitter = person.submitter
        if parsed is not None and parsed.late:
            submitter = replace(submitter, late_mark=True)
        for file in person.files:
            if stamp := self._nbgrader_time(file, person):
                submitter = replace(submitter, submitted_at=stamp)
        entry = choice.file.entry
        path = entry.display_path(200).rstrip("/")
        flags = (*person.flags, *choice.flags)
        return StudentSubmission(name, path, entry, submitter, choice.problem, choice.repairs, flags)

    def _nbgrader_time(self, file: FoundFile, person: Person) -> str:
        """Return the time in a file that nbgrader wrote; empty for one that a student packed.

        Like nbgrader, a time without a zone is taken as UTC.
        """
        parts = file.entry.parts
        is_nbgraders = parts[-1] == NBGRADER_TIMESTAMP and parts[-2:-1] == (self.assignment.name,)
        if not is_nbgraders or parts[-3:-2] != (person.submitter.student,):
            return ""
        text = self.look(file.entry).timestamp
        at = parse_datetime(text) or parse_datetime(f"{text} UTC")
        return at.isoformat() if at else ""

    def _label(self, name: str, person: Person, choice: Choice) -> None:
        """Give each file of a person its label."""
        others = {candidate.file.entry: candidate.seen for candidate in choice.others}
        for file in person.files:
            entry, label = file.entry, _label_of_rest(file)
            if entry == choice.file.entry:
                label = (Label.GRADED, "")
                if choice.problem:
                    is_foreign = choice.seen is not None and choice.seen.is_readable
                    label = (
                        (Label.IGNORED, OTHER_ASSIGNMENT)
                        if is_foreign
                        else (Label.UNREADABLE, choice.problem)
                    )
            elif entry in others:
                seen = others[entry]
                label = (Label.EARLIER, "another file counts")
                if seen.problem:
                    label = (
                        (Label.IGNORED, OTHER_ASSIGNMENT)
                        if seen.is_readable
                        else (Label.UNREADABLE, seen.problem)
                    )
            if file.kind is not FileKind.FOLDER:
                self.labels[entry] = label
                self.owners[entry] = name


def _archive_of(file: FoundFile) -> tuple[Path, tuple[str, ...]]:
    """Return the innermost archive of a file below what was named on the command line."""
    parts = file.entry.parts[:-1]
    while parts and not parts[-1].lower().endswith(".zip"):
        parts = parts[:-1]
    return file.entry.file, parts


def _join(people: Sequence[Person]) -> list[Person]:
    """Return people with all their files, which may have been found in several places."""
    joined: dict[object, Person] = {}
    for person in people:
        if earlier := joined.get(person.key):
            earlier.files += person.files
            earlier.attempts |= person.attempts
            earlier.flags += person.flags
        else:
            joined[person.key] = replace(
                person, files=list(person.files), attempts=dict(person.attempts), flags=list(person.flags)
            )
    return list(joined.values())


def _label_of_rest(file: FoundFile) -> tuple[Label, str]:
    """Return the label of a file that is no candidate."""
    if file.kind is FileKind.RELEASE:
        return Label.RELEASE, ""
    if file.entry.name.lower() in SIDECARS:
        return Label.IGNORED, FROM_SYSTEM
    return Label.IGNORED, "not a notebook"
