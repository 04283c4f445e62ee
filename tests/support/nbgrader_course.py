"""A small class of the tiny assignment, with marks made by hand, and nbgrader's course for it."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.build import flavors
from autograder.build.compile import prepare
from autograder.build.flavors import run_tool
from autograder.build.release_parts import PreparedSource
from autograder.checks import Outcome
from autograder.course import Assignment, load_course
from autograder.engine.journal import store_submission
from autograder.engine.results import CheckResult, Result
from autograder.files import replace_trees
from autograder.quality import sample
from autograder.report.load_run import Run
from tests.support.sample_results import PROVENANCE

TINY_COURSE = Path(__file__).parents[1] / "tiny_assignment"
PDF_MESSAGE = "The file is a PDF, not a notebook; submit the notebook file (.ipynb)."
PNG_BASE64 = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ALERT = "<script>window.stolen = 1</script><img src=x onerror='window.stolen = 1'>"
WRITTEN_ANSWER = (
    f"Means share values. {ALERT} $\\href{{javascript:alert(1)}}{{x}}$ [x](javascript:alert(1)) ``` a"
)
OUTPUTS = [
    {"output_type": "display_data", "metadata": {}, "data": {"text/html": ALERT, "text/plain": "a table"}},
    {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": "window.stolen = 1"}},
    {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": f"<svg>{ALERT}</svg>"}},
    {"output_type": "display_data", "metadata": {}, "data": {"image/png": [PNG_BASE64, "\n"]}},
    {"output_type": "display_data", "metadata": {}, "data": {"image/png": f"x' onerror='{ALERT}"}},
    {"output_type": "stream", "name": "stdout", "text": ["printed\n", ALERT]},
    {
        "output_type": "error",
        "ename": ALERT,
        "evalue": ALERT,
        "traceback": ["\x1b[31mline 1\x1b[0m", "line 2"],
    },
    {"output_type": "update_display_data", "data": 7},
    "no output",
]


@dataclass(frozen=True, slots=True)
class NbgraderCourse:
    """A course folder with nbgrader's tree, and who handed in what."""

    root: Path
    assignment: Assignment
    prepared: PreparedSource

    @property
    def course_directory(self) -> Path:
        return flavors.course_folder(self.root)

    @property
    def release(self) -> bytes:
        return (self.course_directory / "release" / "tiny" / "tiny.ipynb").read_bytes()

    def result(self, student: str, outcomes: Mapping[str, Outcome] | Outcome, data: bytes | None) -> Result:
        """Return a result; checks that are not named passed."""
        given = {} if isinstance(outcomes, Outcome) else outcomes
        rest = outcomes if isinstance(outcomes, Outcome) else Outcome.PASSED
        checks = tuple(
            CheckResult(
                check.cell.id, question.name, check.title, check.hidden, check.points,
                outcome := given.get(check.cell.id, rest),
                message=PDF_MESSAGE
                if data is None
                else f"{check.cell.id} is off" * (outcome is not Outcome.PASSED),
                hint="Look again." * (outcome is not Outcome.PASSED),
            )
            for question in self.prepared.source.questions
            for check in question.checks
        )  # fmt: skip
        digest = hashlib.sha256(PDF_MESSAGE.encode() if data is None else data).hexdigest()
        if data is not None:
            store_submission(self.root / "out", student, data)
        provenance = replace(PROVENANCE, submission_sha256=digest)
        return Result(student, "x.ipynb", "tiny", checks, provenance, manual={"q3": 3})

    def run(self, *results: Result) -> Run:
        return Run(self.root / "out", self.assignment, results)

    def solved_notebook(self, **answers: str) -> bytes:
        """Return the solution with other texts; ``q1_answer`` is the cell ``q1-answer``."""
        texts = {name.replace("_", "-"): text for name, text in answers.items()}
        return sample.fill_answers(self.release, {**sample.solution_answers(self.prepared.source), **texts})

    def sample_results(self) -> dict[str, Result]:
        """Return one right, one wrong and hostile, one blank, one that we could not grade, one unreadable."""
        wrong = {"q1-hidden-values": Outcome.FAILED, "q2-mean": Outcome.ERRORED}
        hostile = json.loads(self.solved_notebook(q3_answer=WRITTEN_ANSWER))
        for cell in hostile["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = OUTPUTS
        return {
            "ana": self.result("ana", Outcome.PASSED, self.solved_notebook()),
            "ben": self.result("ben", wrong, json.dumps(hostile).encode()),
            "cy": self.result("cy", Outcome.BLOCKED, self.release),
            "dee": self.result(
                "dee", {"q2-hidden-equal": Outcome.UNGRADED}, self.solved_notebook(q3_answer="Mine.")
            ),
            "eve": self.result("eve", Outcome.BLOCKED, None),
        }

    def run_nbgrader(self, *arguments: str) -> None:
        """Run a command of nbgrader as a user would."""
        environment = {"JUPYTER_CONFIG_DIR": str(self.root / ".jupyter"), "HOME": os.environ["HOME"]}
        run_tool("nbgrader", *arguments, folder=self.root, environment=environment)


def open_course(root: Path) -> NbgraderCourse:
    """Return a course whose tree is there."""
    assignment = load_course(root).assignment("tiny")
    return NbgraderCourse(root, assignment, prepare(assignment))


def create_course(root: Path, work_folder: Path) -> NbgraderCourse:
    """Copy the tiny course and make nbgrader's tree, as the build does, without otter's release."""
    shutil.copytree(TINY_COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    course = load_course(root)
    here = open_course(root)
    flavor = flavors.build_nbgrader(course, here.prepared, work_folder)
    replace_trees(flavors.course_trees(here.assignment, flavor))
    flavors.update_course(course, here.assignment, flavor)
    return here
