"""Notebooks, scripts and archives taken apart by the functions that the reader runs."""

import io
from dataclasses import asdict

from autograder.course import load_course
from autograder.errors import StudentError
from autograder.submission import archives, match, peek
from tests.support.fuzz import TINY_COURSE
from tests.support.grading import make_submission
from tests.support.plans import compile_plan

MAX_SENTENCE_CHARS = 600


class Reading:
    """The tiny assignment as the reader knows it."""

    def __init__(self) -> None:
        self.assignment = load_course(TINY_COURSE).assignment("tiny")
        self._plan = compile_plan(self.assignment)
        self.solution = make_submission(self._plan, {}, {})
        _, payload = match.released(self._plan.source)
        self._source = match.load_source(payload)

    def read_notebook(self, data: bytes) -> None:
        """Match a file, and look into it as discovery does."""
        try:
            matched = match.match_file(
                io.BytesIO(data), self._source, assignment="tiny", title="Smoothing", with_outputs=True
            )
        except StudentError as error:
            _check_sentence(error)
        else:
            assert [step.kind for step in matched.steps].count("checks") == 2
        peek.peek("tiny.ipynb", data, self._source, "tiny", "Smoothing")
        peek.peek("submission_metadata.yml", data[:5_000], self._source, "tiny", "Smoothing")

    def read_archive(self, data: bytes) -> None:
        """List an archive and unpack what is in it, two archives deep."""
        self._unpack_all(data, [], depth=2)

    def _unpack_all(self, data: bytes, above: list[archives.Member], depth: int) -> None:
        inside = [asdict(member) for member in above]
        try:
            listed = archives.list_members(io.BytesIO(data), None, members=inside)
        except StudentError as error:
            _check_sentence(error)
            return
        for member in listed[:20]:
            assert not {"", "..", "/"} & set(member.parts[:-1]), member.parts
            path = [*inside, asdict(member.place)]
            try:
                content = archives.unpack(io.BytesIO(data), None, members=path, max_bytes=10**6)
            except StudentError as error:
                _check_sentence(error)
                continue
            assert len(content) <= 10**6 + 1
            if depth and content.startswith(b"PK"):
                self._unpack_all(data, [*above, member.place], depth - 1)

    def read_in_confinement(self, data: bytes) -> None:
        """Match a file in the process that reads submissions."""
        try:
            match.match_submission(data, self._plan.source, self.assignment)
        except StudentError as error:
            _check_sentence(error)


def _check_sentence(error: StudentError) -> None:
    assert len(str(error)) < MAX_SENTENCE_CHARS
