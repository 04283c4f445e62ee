"""The documentation as Markdown and as a site: complete, without warnings, with links that lead somewhere."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_NO_TEXT = re.compile(r"```.*?```|`[^`\n]*`|<!-- - .*? -->", re.DOTALL)
"""Code, and entries of the index whose page is yet to come."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def links(path: Path) -> list[str]:
    return _LINK.findall(_NO_TEXT.sub("", path.read_text(encoding="utf-8")))


def anchors(path: Path) -> set[str]:
    """Return what a code host lets a link name: headings as slugs, and anchors in HTML."""
    text = path.read_text(encoding="utf-8")
    found = set(re.findall(r'<a id="([\w-]+)">', text))
    for heading in re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(words.strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_every_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for link in links(path):
        if link.startswith("http"):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_every_link_to_the_web_is_written_correctly(path: Path) -> None:
    """Whether it answers is not asked: tests run without a network."""
    for link in links(path):
        if link.startswith("http"):
            parts = urlsplit(link)
            assert parts.scheme == "https"
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc), link


def test_the_index_lists_every_page_once() -> None:
    listed = [link for link in links(DOCS / "index.md") if link.endswith(".md")]
    pages = {path.relative_to(DOCS).as_posix() for path in PAGES} - {"index.md"}
    assert sorted(set(listed)) == sorted(listed)
    assert set(listed) == pages


@pytest.mark.parametrize("page", ["students", "instructors", "operators"])
def test_the_readme_leads_to_the_first_pages(page: str) -> None:
    assert f"docs/start/{page}.md" in links(ROOT / "README.md")


def test_the_rates_of_the_comparison_are_those_of_the_benchmark() -> None:
    text = (DOCS / "compared.md").read_text(encoding="utf-8")
    measured = (DOCS / "results" / "benchmark.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| submissions a minute \| (.+) \|$", text, re.MULTILINE)
    rates = [cell for cell in row.split(" | ") if cell != "not measured"]
    assert len(rates) == 3
    assert [rate for rate in rates if f"| {rate} |" not in measured] == []
    cold = re.search(r"^\| course grade, cold \| 4 \|.* ([\d.]+) \| ([\d.]+) \|$", measured, re.MULTILINE)
    assert cold
    factors = re.findall(r"([\d.]+) times as fast", text)
    assert factors == [f"{float(factor):.1f}" for factor in cold.groups()]


def test_the_cost_of_a_cluster_follows_from_the_benchmark() -> None:
    text = (DOCS / "cluster.md").read_text(encoding="utf-8").split("## What 100,000 submissions cost")[1]
    measured = (DOCS / "results" / "benchmark.md").read_text(encoding="utf-8")
    (rate,) = re.findall(r"^\| first \| [\d,]+ \| 2 \| ([\d.]+) \|", measured, re.MULTILINE)
    (pages_s,) = re.findall(r"^\| later \| 1,000 \| 2 \|.* ([\d.]+) \| 0 \|$", measured, re.MULTILINE)
    (start_s,) = re.findall(r"^\| 2 \| ([\d.]+) \| [\d,]+ MiB \|", measured, re.MULTILINE)
    core_hours = 100_000 * 2 / (60 * float(rate))
    assert f"{rate} submissions a minute" in text
    assert f"{start_s} s until two workers are ready" in text
    assert f"({rate} × 60) = {core_hours:.1f}" in text
    assert f"{core_hours:.1f} core-hours cost {0.05 * core_hours:.2f}" in text
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", text, re.MULTILINE)
    assert len(rows) == 3
    for cores, hours, starting in rows:
        assert float(hours) == pytest.approx(core_hours / int(cores), rel=0.03)
        assert float(starting) == pytest.approx(float(start_s) * int(cores) / 3_600, abs=0.005)
    assert f"{pages_s} s for 1,000, so {float(pages_s) * 100 / 3_600:.1f} hours for 100,000" in text
    assert f"more than about {60_000 / float(pages_s) / (float(rate) / 2):.0f} cores" in text


@dataclass
class Html(HTMLParser):
    """What a page of the site loads, links to and can be linked to."""

    loaded: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self.ids |= {values[key] for key in ("id", "name") if key in values}
        if tag == "a" and "href" in values:
            self.linked.append(values["href"])
        elif tag != "a":
            self.loaded += [values[key] for key in ("src", "href", "data") if key in values]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built site; a warning is an error."""
    out = tmp_path_factory.mktemp("site")
    options = ["-b", "html", "-n", "-W", "--keep-going", "-q", "-d", str(out / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *options, str(DOCS), str(out / "html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return out / "html"


def parsed(site: Path) -> Iterator[tuple[Path, Html]]:
    for path in sorted(site.rglob("*.html")):
        page = Html()
        page.feed(path.read_text(encoding="utf-8"))
        yield path, page


@pytest.mark.slow
def test_the_site_has_every_page_and_loads_nothing_from_elsewhere(site: Path) -> None:
    for path in PAGES:
        assert (site / path.relative_to(DOCS)).with_suffix(".html").is_file()
    for path, page in parsed(site):
        for address in page.loaded:
            assert urlsplit(address).scheme in ("", "data"), (path.name, address)
            assert not address.startswith("//"), (path.name, address)
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", text), path.name


@pytest.mark.slow
def test_every_link_of_the_site_leads_to_a_page_and_an_anchor(site: Path) -> None:
    ids = {path: page.ids for path, page in parsed(site)}
    for path, page in parsed(site):
        for link in page.linked:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), (path.name, link)
            if parts.fragment and target in ids:
                assert unquote(parts.fragment) in ids[target], (path.name, link)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield running
        running.close()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_every_page_on_a_phone(site: Path, browser: Browser, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path.name
        violations = Axe().run(page, options={"runOnly": LEVELS}).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == [], path.name
    context.close()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_the_search_works_from_files(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((site / "search.html").as_uri() + "?q=submission_pattern")
    page.wait_for_selector("#search-results li a")
    assert "reference/configuration.html" in page.inner_html("#search-results")
    page.close()
