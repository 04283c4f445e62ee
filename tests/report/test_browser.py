"""The pages in a real browser: accessibility by axe-core, what runs, and what is asked for."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from autograder.engine.journal import folder_name
from autograder.report import pages, similarity
from tests.support import sample_class
from tools.measure_similarity import REFERENCES, class_with_copies

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WAYS = [
    ("light", "screen", 1200),
    ("dark", "screen", 1200),
    ("light", "screen", 360),
    ("light", "print", 800),
]
STUDENTS = ["right", "wrong", "ungraded", "blank", "unusual", sample_class.SCRIPT[:40]]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a small class with a hostile student, and the report of a large one."""
    folder = tmp_path_factory.mktemp("pages")
    pages.write_reports(sample_class.small_class(folder), sample_class.source())
    answers = class_with_copies()
    large = pages.report(
        sample_class.random_class(24),
        title="Lab",
        headings={question.name: question.title for question in sample_class.source().questions},
        similar_pairs=similarity.similar_pairs(answers, REFERENCES),
        answers=answers,
    )
    (folder / "large.html").write_bytes(large)
    return folder


def places(out: Path) -> list[Path]:
    students = [out / folder_name(student) / pages.FEEDBACK for student in STUDENTS]
    return [*students, out / pages.REPORT, out / "large.html"]


@pytest.mark.parametrize(("scheme", "medium", "width"), WAYS)
def test_no_page_breaks_a_rule_of_level_a_or_aa(
    browser: Browser, out: Path, scheme: str, medium: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for place in places(out):
        page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
        page.emulate_media(media=medium)
        page.goto(place.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        actual = Axe().run(page, options={"runOnly": {"type": "tag", "values": LEVELS}})
        messages = [(item["id"], item["nodes"][0]["html"][:200]) for item in actual.response["violations"]]
        assert messages == [], place
        assert len(actual.response["passes"]) > 5
        if medium == "screen":
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        page.close()


def test_axe_would_find_a_page_that_is_hard_to_read(browser: Browser) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page()
    page.set_content(
        "<html><body><p style='color: #bbb; background: #fff'>pale</p><img src='x'></body></html>"
    )
    actual = {item["id"] for item in Axe().run(page).response["violations"]}
    page.close()
    assert {"color-contrast", "image-alt", "html-has-lang"} <= actual


def test_nothing_of_a_student_runs_or_asks_for_anything(browser: Browser, out: Path) -> None:
    for place in places(out):
        page = browser.new_page()
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
        page.on("dialog", lambda dialog, errors=errors: errors.append(dialog.message))
        page.goto(place.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.wait_for_timeout(200)
        assert [url for url in asked if not url.startswith("data:image/")] == [place.as_uri()]
        assert (errors, page.title() == "owned") == ([], False)
        assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)"), place
        page.close()


def test_a_hostile_page_has_the_elements_of_a_harmless_one_and_shows_the_attack(
    browser: Browser, out: Path
) -> None:
    page = browser.new_page()
    page.goto((out / folder_name(sample_class.SCRIPT[:40]) / pages.FEEDBACK).as_uri())
    names = set(page.evaluate("[...document.body.querySelectorAll('*')].map(one => one.localName)"))
    assert not names & {"script", "iframe", "object", "embed", "form", "style", "link"}
    tied = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap(one => [...one.attributes])"
        ".filter(one => one.name.startsWith('on') || /javascript:/i.test(one.value)).length"
    )
    assert tied == 0
    assert "<script>document.title='owned'</script>" in page.inner_text("main")
    page.close()


def test_a_table_is_sorted_by_keyboard_and_says_how(browser: Browser, out: Path) -> None:
    page = browser.new_page()
    page.goto((out / "large.html").as_uri())
    button = page.get_by_role("button", name="total")
    button.focus()
    for key, output in (("Enter", "descending"), ("Space", "ascending")):
        page.keyboard.press(key)
        assert page.locator("th", has=button).get_attribute("aria-sort") == output
        shown = totals(page)
        assert shown == sorted(shown, reverse=output == "descending")
    assert len(set(shown)) > 10
    assert page.locator("th[aria-sort]").count() == 1
    page.get_by_role("button", name="student").click()
    names = page.locator("table.sortable tbody th").all_inner_texts()
    assert names == sorted(names)
    page.close()


def test_the_first_stop_of_the_keyboard_leads_to_the_content(browser: Browser, out: Path) -> None:
    page = browser.new_page()
    page.goto((out / "right" / pages.FEEDBACK).as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    box = page.locator(".skip").bounding_box()
    assert box and box["x"] >= 0
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.endswith("#content"))
    page.close()


def totals(page: Page) -> list[float]:
    texts = page.locator("table.sortable tbody tr td strong").all_inner_texts()
    return [float(text) for text in texts]
