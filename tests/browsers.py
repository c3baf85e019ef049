"""A real Chromium: the system's own, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

#: Names under which distributions have it.
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: As root in a container it has no sandbox of its own, and it asks nobody for anything.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
DESK, PHONE = (1440, 900), (390, 844)
#: Where the last run's screenshots lie, to be looked at.
SHOTS = Path("page-out")
#: Longest wait for something to show, in milliseconds: the machine may be busy with other tests.
PATIENCE = 20_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; on a host without one the test is skipped, and in CI it fails."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        words = "there is no chromium; install your distribution's"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*FLAGS])
        yield browser
        browser.close()


class Visitor:
    """Somebody at the page, and all that the page must never do while they are."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.address = address
        #: Errors of scripts and of the content security policy.
        self.complaints: list[str] = []
        #: Hosts that were asked.
        self.hosts: set[str] = set()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda asked: self.hosts.add(asked.url.split("/")[2]))

    def _hear(self, message) -> None:
        # What a route answers is told by the page itself; Chromium notes each such answer too.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def go(self, path: str) -> Page:
        """Open a path of the page."""
        self.page.goto(self.address + path.lstrip("/"))
        return self.page

    def shoot(self, name: str) -> None:
        """Keep a screenshot."""
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", caret="initial")

    def faults(self) -> list[tuple[str, list[str]]]:
        """What keeps somebody from using the view: axe's serious and critical findings."""
        # It measures with inline styles, which the policy blocks and tells of.
        self.page.remove_listener("console", self._hear)
        found = Axe().run(self.page).response["violations"]
        grave = [one for one in found if one["impact"] in {"serious", "critical"}]
        return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in grave]
