"""A real JupyterLab, used in Chromium as a student uses it: menus, keys and what is on the page."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTH, HEIGHT = 1280, 900

START_TIMEOUT_S = 120
RUN_TIMEOUT_MS = 300_000
"""How long all cells of a notebook may take; the first trainings take a minute or two."""

SETTINGS = {
    # Cells out of sight stay in the page, so that a test can read them.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}

BROKEN_WORDS = """element => {
    const broken = [];
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        for (const word of walker.currentNode.data.matchAll(/[\\p{L}\\p{N}_]+/gu)) {
            const range = document.createRange();
            range.setStart(walker.currentNode, word.index);
            range.setEnd(walker.currentNode, word.index + word[0].length);
            const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
            if (lines.size > 1) broken.push(word[0]);
        }
    }
    return broken;
}"""
"""Returns the words of an element that begin on one line and end on another."""


@contextlib.contextmanager
def served(root: Path, work_dir: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run JupyterLab on a folder with nobody's settings; yield its address.

    Args:
        work_dir: a folder for settings and the log.
        environment: additional variables of the server and its kernels.
    """
    for name, values in SETTINGS.items():
        path = work_dir / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "ServerApp.root_dir": root,
        "IdentityProvider.token": "",
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    variables = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(work_dir / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(work_dir / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(work_dir / "workspaces"),
        "IPYTHONDIR": str(work_dir / "ipython"),
        **environment,
    }
    with (work_dir / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=root, env=variables, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_it_answers(f"{url}/api/status", server)
            yield url
        finally:
            server.terminate()
            server.wait(30)


def _wait_until_it_answers(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        assert server.poll() is None and time.monotonic() < deadline
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=20):
            return
        time.sleep(0.3)


@dataclass(frozen=True, slots=True)
class OpenNotebook:
    """A notebook that is open in JupyterLab."""

    page: Page
    path: Path
    ids: tuple[str, ...]
    """The ids of its cells, in order."""

    pictures: Path
    """A folder for screenshots."""

    def cell(self, cell_id: str) -> Locator:
        """Return a cell on the page."""
        return self.page.locator(".jp-Notebook > * .jp-Cell, .jp-Notebook > .jp-Cell").nth(
            self.ids.index(cell_id)
        )

    def outputs(self, cell_id: str) -> Locator:
        """Return the part of a cell that shows what it printed and drew."""
        return self.cell(cell_id).locator(".jp-Cell-outputWrapper")

    def text(self, cell_id: str) -> str:
        """Return what a cell shows below its code, with single spaces."""
        return " ".join(self.outputs(cell_id).inner_text().split())

    def broken_words(self, cell_id: str) -> list[str]:
        """Return the words in a cell's output that do not stay on one line."""
        broken: list[str] = self.outputs(cell_id).evaluate(BROKEN_WORDS)
        return broken

    def prompts(self) -> list[str]:
        """Return what stands before the code cells that are not folded, e.g. ``[3]:``."""
        cells = self.page.locator(".jp-Notebook .jp-CodeCell:not(:has(.jp-Placeholder))")
        return cells.locator(".jp-InputPrompt").all_inner_texts()

    def unrun_cells(self) -> list[str]:
        """Return what stands before the code cells that did not run, e.g. ``[ ]:``."""
        return [prompt for prompt in self.prompts() if not re.fullmatch(r"\[\d+\]:", prompt)]

    def choose(self, menu: str, *items: str) -> None:
        """Choose from the menu bar, in submenus if several items are given."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
        for item in items:
            self.page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).last.click()

    def run_all(self) -> None:
        """Run all cells and wait until the last has finished."""
        self.choose("Run", "Run All Cells")
        self._wait_until_all_ran()

    def restart_and_run_all(self) -> None:
        """Restart the kernel, run all cells and wait until the last has finished."""
        self.choose("Kernel", "Restart Kernel and Run All Cells…")
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        self._wait_until_all_ran()

    def _wait_until_all_ran(self) -> None:
        self.page.wait_for_function(
            """() => {
                const prompts = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')];
                const status = document.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status;
                const waiting = prompts.some(prompt => prompt.textContent.includes('*'));
                return status === 'idle' && !waiting && /\\d/.test(prompts.at(-1).textContent);
            }""",
            timeout=RUN_TIMEOUT_MS,
        )

    def type_answer(self, cell_id: str, lines: list[str], *, replaced: str, runs: int) -> None:
        """Type lines in place of the end of a cell, then press Shift+Enter several times.

        Args:
            replaced: how the cell ends before, e.g. ``...``.
            runs: how many cells are run, this one first.
        """
        editor = self.cell(cell_id).locator(".cm-content")
        editor.click()
        keyboard = self.page.keyboard
        keyboard.press("Control+End")
        for _ in replaced:
            keyboard.press("Backspace")
        for number, line in enumerate(lines):
            if number:
                keyboard.press("Enter")  # the editor indents the new line
            keyboard.type(line)
        for _ in range(runs):
            keyboard.press("Shift+Enter")
        expect(self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible()

    def shut_down(self) -> None:
        """End the kernel, whose memory the next notebook needs."""
        with self.page.expect_response(lambda answer: answer.request.method == "DELETE" and answer.ok):
            self.choose("Kernel", "Shut Down Kernel")

    def save(self) -> None:
        """Save and wait until the server has written the file."""
        with self.page.expect_response(
            lambda answer: answer.request.method == "PUT" and self.path.name in answer.url and answer.ok
        ):
            self.choose("File", "Save Notebook")

    def saved(self) -> dict[str, Any]:
        """Return the saved file's cells by their ids."""
        return {cell["id"]: cell for cell in json.loads(self.path.read_text())["cells"]}

    def picture(self, name: str, cell_id: str | None = None) -> None:
        """Take a screenshot of what is in sight, scrolled to a cell if one is given."""
        if cell_id:
            self.cell(cell_id).evaluate("cell => cell.scrollIntoView({block: 'start'})")
        self.page.screenshot(path=self.pictures / f"{name}.png")


def open_notebook(page: Page, url: str, root: Path, path: Path, pictures: Path) -> OpenNotebook:
    """Open a notebook in JupyterLab and wait for its kernel."""
    page.set_default_timeout(60_000)
    page.goto(f"{url}/lab/tree/{path.relative_to(root).as_posix()}?reset")
    ids = tuple(cell["id"] for cell in json.loads(path.read_text())["cells"])
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(len(ids))
    return OpenNotebook(page, path, ids, pictures)
