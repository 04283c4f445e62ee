"""Which of one person's files counts, and why; what is in them decides first.

In this order: a file that can be read and is of this assignment; an answered one before a blank one;
the platform's later attempt; a notebook before a script; a name like the assignment's; the later
upload; a later mark of a copy, version or date behind that name; more answers; the later change; the
shorter path.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograder.submission.layout import MAIN_KINDS, FileKind, FoundFile, Look, Person
from autograder.submission.names import folder_order, split_marks, stem, words
from autograder.submission.peek import Peek
from autograder.submission.platform_names import NamePatterns, PlatformName
from autograder.submission.read import SUBMIT_NOTEBOOK_HINT

_MAX_LOOKS = 20
"""Files of one person that are looked into."""

_MAX_LISTED = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several files of a person."""

    file: FoundFile
    seen: Peek
    parsed: PlatformName
    """What the platform wrote into its name, or into that of a folder around it."""

    is_named: bool
    """Whether it is named like the assignment."""

    order: tuple[tuple[int, ...], ...]
    """Marks of copies, versions and dates in its name and in the folders around it."""

    @property
    def rank(self) -> tuple[object, ...]:
        """Return what is larger for a better file."""
        return (
            self.seen.is_readable,
            not self.seen.problem,
            self.seen.answered > 0,
            self.parsed.attempt,
            self.file.kind is FileKind.NOTEBOOK,
            self.is_named,
            self.parsed.upload,
            self.order,
            self.seen.answered,
            self.file.entry.modified_at,
            -len(self.file.entry.parts),
            -len(self.file.entry.name),
            [-ord(char) for char in self.file.entry.display_path(400)],
        )

    def is_before(self, other: "Candidate") -> bool:
        """Return True if the platform says that this is an earlier attempt than another one."""
        is_same_file = self.parsed.file.casefold() == other.parsed.file.casefold()
        is_earlier_upload = is_same_file and self.parsed.upload < other.parsed.upload
        return self.parsed.attempt < other.parsed.attempt or is_earlier_upload


@dataclass(frozen=True, slots=True)
class Choice:
    """The file that counts for a person."""

    file: FoundFile
    seen: Peek | None
    """None if nothing but its name was looked at."""

    others: tuple[Candidate, ...] = ()
    """The files that it was preferred to, best first."""

    problem: str = ""
    repairs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def choose(person: Person, patterns: NamePatterns, look: Look, *, thorough: bool) -> Choice:
    """Return which of a person's files counts.

    Args:
        thorough: whether to look into the file also if there is no other one.
    """
    candidates = [file for file in person.files if file.kind in MAIN_KINDS and not _is_receipt(person, file)]
    for kind in (FileKind.UNCLEAR, FileKind.DOCUMENT):
        if not candidates:
            candidates = [
                file for file in person.files if file.kind is kind and not _is_receipt(person, file)
            ]
    if not candidates:
        return _nothing(person)
    if len(candidates) == 1 and candidates[0].kind in MAIN_KINDS and not thorough:
        problem = candidates[0].entry.problem
        return Choice(candidates[0], None, problem=problem)
    # Somebody may submit thousands of files; those that are named best are looked into.
    unseen = [_candidate(person, file, Peek(), patterns) for file in candidates]
    unseen.sort(key=lambda candidate: candidate.rank, reverse=True)
    seen = [replace(candidate, seen=look(candidate.file.entry)) for candidate in unseen[:_MAX_LOOKS]]
    best, *others = sorted(seen, key=lambda candidate: candidate.rank, reverse=True)
    others += unseen[_MAX_LOOKS:]
    if not others:
        return Choice(best.file, best.seen, problem=best.seen.problem)
    return Choice(
        best.file,
        best.seen,
        tuple(others),
        best.seen.problem,
        tuple(_repairs(best, others)),
        _flags(best, others),
    )


def _nothing(person: Person) -> Choice:
    """Return what is said to a person who submitted no notebook."""
    order = [
        FileKind.DOCUMENT,
        FileKind.DATA,
        FileKind.UNCLEAR,
        *MAIN_KINDS,
        FileKind.RELEASE,
        FileKind.FOLDER,
    ]
    file = min(person.files, key=lambda file: (order.index(file.kind), file.entry.parts))
    problem = f"No notebook was submitted; {SUBMIT_NOTEBOOK_HINT}."
    if file.kind is FileKind.FOLDER:
        problem = f"No notebook was submitted: the folder is empty; {SUBMIT_NOTEBOOK_HINT}."
    if _is_receipt(person, file):
        problem = f"A text or a link was submitted instead of a file; {SUBMIT_NOTEBOOK_HINT}."
    return Choice(file, None, problem=file.entry.problem or problem)


def _is_receipt(person: Person, file: FoundFile) -> bool:
    parsed = person.attempts.get(file.entry)
    return parsed is not None and parsed.is_receipt


def _candidate(person: Person, file: FoundFile, seen: Peek, patterns: NamePatterns) -> Candidate:
    name = file.entry.parts[-1]
    parsed = person.attempts.get(file.entry) or PlatformName(name)
    if patterns.parse(name, is_folder=False).submitter:
        name = parsed.file  # the platform's part of the name says nothing about copies
    base, mark = split_marks(stem(name))
    plain = words(base)
    is_named = any(plain.startswith(title) for title in patterns.titles)
    order = [folder_order(part) or (0, 0) for part in file.entry.parts[:-1]]
    # Elsewhere a number may be anything; behind the assignment's name it is a version.
    order.append(mark if is_named else (0, 0))
    return Candidate(file, seen, parsed, is_named, (max(order), min(order)))


def _repairs(best: Candidate, others: Sequence[Candidate]) -> list[str]:
    """Return which file was graded of several, for the student."""
    listed = []
    for other in others[:_MAX_LISTED]:
        reason = ""
        if not other.seen.is_readable:
            reason = " (cannot be read)"
        elif other.seen.problem:
            reason = " (of another assignment)"
        elif not other.seen.answered and best.seen.answered:
            reason = " (nothing is answered in it)"
        elif other.is_before(best) or other.order < best.order:
            reason = " (an earlier attempt)"
        elif other.seen.answers_digest == best.seen.answers_digest:
            reason = " (has the same answers)"
        listed.append(f"{other.file.entry.display_path()}{reason}")
    more = f" and {len(others) - _MAX_LISTED} more" if len(others) > _MAX_LISTED else ""
    graded = f"{best.file.entry.display_path()} was graded, not {', '.join(listed)}{more}"
    return [f"{len(others) + 1} files were submitted; {graded}."]


def _flags(best: Candidate, others: Sequence[Candidate]) -> tuple[str, ...]:
    """Return a sentence for staff if a file was passed over that has other answers."""
    passed = []
    for other in others:
        has_answers = other.seen.answered and not other.seen.problem
        if (
            has_answers
            and not other.is_before(best)
            and other.seen.answers_digest != best.seen.answers_digest
        ):
            passed.append(other.file.entry.display_path())
    if not passed:
        return ()
    chosen = best.file.entry.display_path()
    return (f"Another file with answers was passed over: {chosen} counts, not {', '.join(passed[:3])}.",)
