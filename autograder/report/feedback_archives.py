"""Feedback pages in an archive that a platform takes back; it holds what students may read, nothing else.

Canvas ("Re-Upload Submissions") reads the user's and the attachment's number from the name of
each file, as they are in the names of the downloaded files, and shows the page as a comment; the file of
a group it gives to all members. (Canvas LMS, ``app/models/abstract_assignment.rb``,
``infer_comment_context_from_filename``.)

Moodle ("Upload multiple feedback files in a zip") reads the participant's number from the name of each
folder, ``Full name_number_assignsubmission_file_``, whose first part has no underscore. The number of a
group, as in the names of its downloaded files, means all members.
(Moodle, ``mod/assign/feedback/file/importziplib.php`` and ``mod/assign/classes/downloader.php``.)
"""

from collections.abc import Callable
from pathlib import PurePosixPath

from autograder.engine.journal import folder_name
from autograder.errors import StaffError
from autograder.files import make_zip
from autograder.report.load_run import Run
from autograder.report.marks import Mark
from autograder.report.pages import FEEDBACK
from autograder.submission.names import NamePatterns, safe_name

PlaceOf = Callable[[Run, Mark], str]
"""Returns the place of a student's page in an archive; nothing if the platform's name is unknown."""


def dump(run: Run, place_of: PlaceOf) -> bytes:
    """Return an archive of the feedback pages that are in a run's folder.

    Raises:
        StaffError: nobody's name on the platform is known, or a page is missing.
    """
    pages = {}
    for place, student in _students_by_place(run, place_of).items():
        path = run.out / folder_name(student) / FEEDBACK
        try:
            pages[place] = path.read_bytes()
        except OSError as error:
            raise StaffError(f"{path}: cannot be read ({error.strerror}); run `course report`") from error
    if not pages:
        raise StaffError(
            f"{run.out}: no student's name on the platform is known; grade the platform's download as "
            "it is or, for Moodle, add a class list with the column moodle_id (--roster)"
        )
    return make_zip(pages, compress=True)


def omitted(run: Run, place_of: PlaceOf) -> list[str]:
    """Return the students whose page is not in the archive, as their name on the platform is not known."""
    included = set(_students_by_place(run, place_of).values())
    return [result.student for result in run.results if result.student not in included]


def _students_by_place(run: Run, place_of: PlaceOf) -> dict[str, str]:
    """Return whose page belongs where; without the places that several submissions claim."""
    students: dict[str, set[str]] = {}
    for mark in run.marks:
        if mark.result and (place := place_of(run, mark)):
            students.setdefault(place, set()).add(mark.result.student)
    return {place: claims.pop() for place, claims in students.items() if len(claims) == 1}


def canvas_place(run: Run, mark: Mark) -> str:
    """Return the name of a page for Canvas, e.g. ``lovelaceada_1011_77001_feedback.html``."""
    if mark.result is None:
        return ""
    patterns = NamePatterns(run.assignment)
    for part in PurePosixPath(mark.result.submission).parts:
        parsed = patterns.parse(part, is_folder=False)
        if parsed.submitter is None:
            continue
        who, upload = parsed.submitter.name, parsed.upload[1]
        number = parsed.submitter.ids.get("canvas", "")
        if number != mark.result.ids.get("canvas", ""):
            continue  # a folder around the class
        # Canvas takes the first numbers of a name: there is none in front of these two.
        letters = "".join(filter(str.isalpha, who.encode("ascii", errors="ignore").decode()))
        prefix = f"{letters or 'student'}_{number}"
        if parsed.submitter.student.startswith("anon_"):
            prefix = number = parsed.submitter.student
        if upload and f"{number}_{upload}_" in part:  # not in a quiz, which Canvas does not take back
            return f"{prefix}_{upload}_{FEEDBACK}"
    return ""


def moodle_place(_: Run, mark: Mark) -> str:
    """Return the path of a page for Moodle, in the folder of its participant or group."""
    name, number = mark.name, mark.row.moodle_id
    if mark.result and "moodle" in mark.result.ids:
        name, number = mark.result.name, mark.result.ids["moodle"]
    if not number:
        return ""
    return f"{safe_name(name or mark.label).replace('_', ' ')}_{number}_assignsubmission_file_/{FEEDBACK}"
