"""The published solution as a web page, judged by axe-core in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Page, sync_playwright

from tests.report.test_browser import CHROMIUM, LEVELS, QUIET

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "solutions" / "lab_4_4_rnn" / "lab_4_4_rnn.ipynb"
RULES = [*LEVELS, "best-practice"]
"""Best practice holds the order of headings and tables whose columns have no names."""

NOT_OURS = [
    [".jp-InputPrompt"],  # numbers of cells: gray in JupyterLab's theme, which nbconvert ships
    [".jp-OutputPrompt"],
    [".highlight span"],  # colors of code, by the same theme
]
"""Parts of the page whose colors nbconvert's template decides, not the notebook."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module", params=["light", "dark"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The solution as ``jupyter nbconvert --to html`` writes it, in each of its two themes."""
    path = tmp_path_factory.mktemp("solution") / "solution.html"
    html, _ = HTMLExporter(template_name="lab", theme=request.param).from_filename(str(NOTEBOOK))
    path.write_text(html, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        # The template loads MathJax from the network, which a test does not use.
        page.route("https://**", lambda route: route.abort())
        page.goto(path.as_uri())
        yield page
        browser.close()


def violations(page: Page, *, exclude: list[list[str]]) -> dict[str, list[str]]:
    """Return the broken rules with the elements that break them."""
    from axe_playwright_python.sync_playwright import Axe

    context = {"include": [["main"]], "exclude": exclude}
    actual = Axe().run(page, context=context, options={"runOnly": {"type": "tag", "values": RULES}})
    assert len(actual.response["passes"]) > 15
    return {
        item["id"]: [node["html"][:200] for node in item["nodes"]] for item in actual.response["violations"]
    }


def test_the_solution_breaks_no_rule_of_level_a_or_aa(page: Page) -> None:
    assert violations(page, exclude=NOT_OURS) == {}


def test_what_is_left_out_is_left_out_for_its_colors_alone(page: Page) -> None:
    assert list(violations(page, exclude=[])) == ["color-contrast"]


def test_every_figure_of_the_solution_has_a_text(page: Page) -> None:
    texts = [image.get_attribute("alt") or "" for image in page.locator("main img").all()]
    assert len(texts) >= 10
    assert [text for text in texts if len(text) <= 60] == []
    assert len(set(texts)) == len(texts)


def test_axe_would_find_content_that_is_hard_to_read(page: Page) -> None:
    page.evaluate(
        """() => document.querySelector('main').insertAdjacentHTML('beforeend',
        '<h6>x</h6><img src="x"><table><tr><th></th></tr><tr><td>1</td></tr></table><a href="#">  </a>'
        + '<p style="color: #bbb; background: #fff">pale</p>')"""
    )
    found = set(violations(page, exclude=NOT_OURS))
    assert found >= {"color-contrast", "image-alt", "heading-order", "empty-table-header", "link-name"}
