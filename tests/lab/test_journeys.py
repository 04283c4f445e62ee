"""What a student sees of each release in a real JupyterLab: untouched, with mistakes, solved.

Screenshots of the key places are written to ``var/journeys/``, and the trainings are kept there.
"""

import functools
import json
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from autograder.build.compile import prepare
from autograder.files import load_notebook
from autograder.notebook import Check, Question, Source
from autograder.quality import sample
from tests.support.jupyterlab import CHROMIUM, FLAGS, HEIGHT, WIDTH, OpenNotebook, open_notebook, served
from tests.support.lab_grading import ASSIGNMENT, FLAVORS, ROOT, load_known_answers

from .conftest import Lab

pytestmark = [
    pytest.mark.journeys,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]

PICTURES = ROOT / "var" / "journeys"
NAME = ASSIGNMENT.notebook.name

TYPED = "q7_no_bias"
"""Typed into its cell in the browser; all other wrong answers are in the file."""

WRONG = {
    answer.question: answer
    for answer in load_known_answers()
    if answer.name in ("q1_offset_0", "q3_flatten", "q4_no_tanh", "q5_no_mask", TYPED)
}
MISSING = "not answered yet. Write the part that is marked TODO and return its value."
FIGURE = ".jp-RenderedHTML img"

LOOK_AT = """figure => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    canvas.getContext('2d').drawImage(figure, 0, 0);
    const corner = [...canvas.getContext('2d').getImageData(0, 0, 1, 1).data];
    const room = figure.closest('.jp-OutputArea-output').clientWidth;
    const white = corner.every(value => value === 255);
    return [figure.alt, figure.clientWidth, figure.naturalWidth, room, white];
}"""
"""Returns the text of a figure, its width on the page and in the file, the width that is there,
and whether its paper is white and lets nothing of the page through."""


@functools.cache
def source() -> Source:
    """Return the source notebook as releases are made from it."""
    return prepare(ASSIGNMENT).source


def visible_checks(question: Question) -> list[Check]:
    return [check for check in question.checks if not check.hidden]


def check_cells(flavor: str, question: Question) -> dict[str, list[Check]]:
    """Return the visible checks of a question by the cell of a release that runs them."""
    if flavor == "otter":
        return {f"{question.name}-check": visible_checks(question)}
    return {check.cell.id: [check] for check in visible_checks(question)}


def answers(state: str) -> dict[str, str]:
    """Return the texts of the answer cells by cell id."""
    if state == "blank":
        return {}
    if state == "solved":
        return sample.solution_answers(source())
    codes = {name: answer.code.strip() for name, answer in WRONG.items() if answer.name != TYPED}
    texts = sample.answers_with(source(), codes)
    del texts["q7-answer"]
    return texts


def typed_lines() -> list[str]:
    """Return the body of the answer that is typed, without the indentation that the editor adds."""
    return [line.strip() for line in WRONG["q7"].code.strip().splitlines()[1:]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of each release for each state of the answers."""
    root = tmp_path_factory.mktemp("students")
    for flavor in FLAVORS:
        for state in ("blank", "wrong", "solved"):
            folder = root / flavor / state
            shutil.copytree(ROOT / "release" / ASSIGNMENT.name / flavor, folder)
            notebook = folder / NAME
            notebook.write_bytes(sample.fill_answers(notebook.read_bytes(), answers(state)))
    return root


@pytest.fixture(scope="module")
def url(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    PICTURES.mkdir(parents=True, exist_ok=True)
    environment = {"RNNLAB_CACHE": str(PICTURES / "trainings"), "RNNLAB_REVIEWS": "embedded"}
    with served(root, tmp_path_factory.mktemp("server"), environment) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def student(request: pytest.FixtureRequest, browser: Browser, url: str, root: Path) -> Iterator[OpenNotebook]:
    """The notebook after Run All, and after an answer was typed where one is missing."""
    flavor, state = request.param
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    notebook = open_notebook(page, url, root, root / flavor / state / NAME, PICTURES)
    notebook.picture(f"{flavor}-{state}-first")
    notebook.run_all()
    if state == "wrong":
        runs = 1 + len(check_cells(flavor, source().questions[6]))
        notebook.type_answer("q7-answer", typed_lines(), replaced="...", runs=runs)
    yield notebook
    notebook.shut_down()
    page.close()


def in_state(state: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "student", [(flavor, state) for flavor in FLAVORS], indirect=True, ids=FLAVORS
    )


def flavor_of(student: OpenNotebook) -> str:
    return student.path.parent.parent.name


def code_cells(student: OpenNotebook) -> list[str]:
    return [cell.id for cell in load_notebook(student.path.read_bytes()).cells if cell.cell_type == "code"]


@in_state("blank")
def test_every_check_of_an_untouched_notebook_says_what_is_missing(student: OpenNotebook) -> None:
    flavor = flavor_of(student)
    for question in source().questions:
        for cell, checks in check_cells(flavor, question).items():
            text = student.text(cell)
            assert text.count(MISSING) == len(checks), cell
            assert all(check.title in text for check in checks), cell
            assert "Traceback" not in text
    student.picture(f"{flavor}-blank-check", "q1")


@in_state("blank")
def test_no_cell_of_an_untouched_notebook_stops_the_others(student: OpenNotebook) -> None:
    assert student.unrun_cells() == []
    checks = {check.cell.id for check in source().checks()}
    for cell in set(code_cells(student)) - checks:
        assert (
            student.outputs(cell).locator("[data-mime-type$=stderr], [data-mime-type$=error]").count() == 0
        ), cell


@in_state("blank")
def test_a_cell_names_a_missing_answer_once(student: OpenNotebook) -> None:
    named: Counter[str] = Counter()
    for cell in code_cells(student):
        lines = re.findall(r"Q\d+ is not answered yet", student.text(cell))
        assert len(lines) == len(set(lines)), cell
        named.update(lines)
    # Nothing but its check needs Q7.
    assert set(named) == {f"Q{number} is not answered yet" for number in (1, 2, 3, 4, 5, 6, 8, 9, 10)}
    student.picture(f"{flavor_of(student)}-blank-missing", "train-dense")


@in_state("blank")
def test_no_hint_is_in_sight_before_a_check_has_run(student: OpenNotebook) -> None:
    flavor = flavor_of(student)
    for question in source().questions:
        for cell in check_cells(flavor, question):
            shown = student.cell(cell).locator(".jp-Cell-inputWrapper").inner_text()
            assert "hint" not in shown and "expected" not in shown, cell
    if flavor == "nbgrader":
        first = student.cell("q1-words")
        first.locator(".jp-InputPlaceholder, .jp-Placeholder").first.click()
        assert "hint" in first.locator(".jp-Cell-inputWrapper").inner_text()


@in_state("wrong")
def test_a_wrong_answer_is_told_the_sentences_of_its_checks(student: OpenNotebook, lab: Lab) -> None:
    flavor = flavor_of(student)
    for name, answer in WRONG.items():
        for cell, checks in check_cells(flavor, lab.question(name)).items():
            findings = lab.findings(name, answer.code, only=[check.cell.id for check in checks])
            sentences = Counter(why.sentence for why in findings.values() if why)
            text = student.text(cell)
            assert {sentence: text.count(sentence) for sentence in sentences} == sentences, cell
            assert text.count("passed") == sum(1 for why in findings.values() if not why), cell
            assert "Traceback" not in text and "hint=" not in text
        failing = {check.cell.id for check in visible_checks(lab.question(name))} & {*answer.failing_checks}
        assert failing
        student.picture(f"{flavor}-{answer.name}", f"{name}-answer")


@in_state("wrong")
def test_no_word_of_a_message_is_broken_at_the_end_of_a_line(student: OpenNotebook) -> None:
    for question in source().questions:
        for cell in check_cells(flavor_of(student), question):
            assert student.broken_words(cell) == [], cell


@in_state("wrong")
def test_an_answer_typed_in_the_browser_is_in_the_saved_file(student: OpenNotebook) -> None:
    student.save()
    text = "".join(student.saved()["q7-answer"]["source"])
    assert [line.strip() for line in text.splitlines()[-2:]] == typed_lines()
    assert text.startswith("def rnn_params(kind, input_dim, units):")


@in_state("solved")
def test_every_visible_check_of_the_solution_passes_and_is_called_the_visible_part(
    student: OpenNotebook,
) -> None:
    flavor = flavor_of(student)
    for question in source().questions:
        hidden = [check for check in question.checks if check.hidden]
        for cell, checks in check_cells(flavor, question).items():
            if flavor == "nbgrader":
                assert student.text(cell) == f"passed: {checks[0].title}"
            else:
                points = sum(check.points for check in hidden)
                share = f"hidden checks bring the other {points:g} of {question.points:g} points."
                assert f"{question.name} passed!" in student.text(cell)
                assert student.text(cell).count(share) == 1
        if flavor == "nbgrader":
            for check in hidden:
                text = student.cell(check.cell.id).inner_text()
                assert f"# A hidden check, {check.points:g} point" in text
    student.picture(f"{flavor}-solved-check", "q6-answer")


@in_state("solved")
def test_figures_are_images_with_a_text_that_fit_the_page_and_can_be_read(student: OpenNotebook) -> None:
    flavor = flavor_of(student)
    solution = json.loads((ROOT / "solutions" / ASSIGNMENT.name / NAME).read_text())
    drawn = {
        cell["id"]: sum("image/png" in output.get("data", {}) for output in cell["outputs"])
        for cell in solution["cells"]
        if cell["cell_type"] == "code"
    }
    assert sum(drawn.values()) >= 10
    for cell, count in drawn.items():
        if count:
            figures = student.outputs(cell).locator(FIGURE)
            assert figures.count() == count, cell
            for figure in figures.all():
                alt, shown, full, room, white = figure.evaluate(LOOK_AT)
                assert len(alt) > 60 and full > 0, cell
                assert min(full, room - 40) <= shown <= room, cell
                # A figure of n inches has letters of n points: at this width they are 9 pixels high.
                assert shown >= 650, cell
                assert white, cell
            student.picture(f"{flavor}-solved-{cell}", cell)


@in_state("solved")
def test_figures_keep_their_white_paper_on_a_dark_page(student: OpenNotebook) -> None:
    student.choose("Settings", "Theme", "JupyterLab Dark")
    dark = "document.body.dataset.jpThemeLight === 'false'"
    student.page.wait_for_function(dark)
    for figure in student.page.locator(FIGURE).all():
        assert figure.evaluate(LOOK_AT)[-1]
    for cell in ("cells", "figure-c", "q6-answer"):
        student.picture(f"{flavor_of(student)}-solved-dark-{cell}", cell)
    student.choose("Settings", "Theme", "JupyterLab Light")
    student.page.wait_for_function(f"!({dark})")


@in_state("solved")
def test_a_notebook_that_was_restarted_and_saved_is_handed_in(student: OpenNotebook) -> None:
    flavor = flavor_of(student)
    student.restart_and_run_all()
    assert student.unrun_cells() == []
    student.save()
    before = set(student.path.parent.glob("*.zip"))
    handed_in = student.path.read_bytes()
    if flavor == "otter":
        student.cell("export").locator(".cm-content").click()
        student.page.keyboard.press("Shift+Enter")
        number = f"[{len(student.prompts()) + 1}]:"  # Run All gave the cell the number before
        prompt = student.cell("export").locator(".jp-InputPrompt")
        expect(prompt).to_have_text(number, timeout=60_000)
        (made,) = set(student.path.parent.glob("*.zip")) - before
        with zipfile.ZipFile(made) as archive:
            handed_in = archive.read(NAME)
        assert handed_in == student.path.read_bytes()
        assert made.name in student.outputs("export").inner_html()
    student.picture(f"{flavor}-solved-end", student.ids[-2])
    cells = {cell.id: cell for cell in load_notebook(handed_in).cells}
    for cell_id, text in sample.solution_answers(source()).items():
        assert cells[cell_id].source == text
    released = load_notebook(sample.read_release(ASSIGNMENT, flavor)).cells
    assert [cell.id for cell in released] == list(cells)
    ran = [cell.execution_count for cell in cells.values() if cell.cell_type == "code"]
    assert ran == list(range(1, len(ran) + 1))
