"""A real Chromium and a real server: the pages as a shopper meets them.

The server runs in this process, on a loopback port of its own, with the test's engine; the browser is Debian's, driven by
playwright. Without one the tests are skipped, and under CI they fail.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from conftest import FreshDatabase
from pages_world import PASSWORD, PIN, PagesWorld, pages_joined

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "florin.pages.settings")
django.setup()

PHONE = {"width": 390, "height": 844}
# No sandbox: a container's root has none. The rest keeps the browser from calling anybody.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """For one module: playwright keeps an event loop in this thread, which other modules' tests must not find there.

    Django would refuse to make logins beside it; nothing here runs in that loop, so it may.
    """
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def shop(browser: Browser, fresh_database: FreshDatabase) -> Iterator[PagesWorld]:
    with PagesWorld(fresh_database.engine) as world, pages_joined(fresh_database, world.engine):
        world.make_logins()
        yield world


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(shop: PagesWorld) -> Iterator[str]:
    """Where the pages are served, as in http://127.0.0.1:40123."""
    from django.core.handlers.wsgi import WSGIHandler

    server = make_server("127.0.0.1", 0, WSGIHandler(), _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


class Shopper:
    """One person with one phone. `complaints`: what the browser's console said, blocked content above all."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self, logon: str) -> None:
        self.open("/sign-in")
        self.page.fill("#logon", logon)
        self.page.fill("#password", PASSWORD)
        self.click("form.sheet button")

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def choose(self, way: str) -> None:
        self.page.check(f"input[value='{way}']")

    def pay(self, pin: str = PIN) -> None:
        self.page.fill("#pin", pin)
        self.click(".till-bar button")

    def click(self, what: str) -> None:
        """Click what leads to another page, and wait for it."""
        with self.page.expect_navigation():
            self.page.click(what)

    @property
    def reads(self) -> str:
        return " ".join(self.page.inner_text("body").split())

    def another_tab(self) -> Shopper:
        return Shopper(self.page.context.new_page(), self.address)


@pytest.fixture
def shopper(browser: Browser, address: str) -> Iterator[Callable[..., Shopper]]:
    """`shopper("alice")`: signed in on a phone; `language="zh-CN"`, `scripts=False`."""
    contexts = []

    def arrive(logon: str = "", *, language: str = "en-US", scripts: bool = True) -> Shopper:
        context = browser.new_context(
            viewport=PHONE, is_mobile=True, has_touch=True, locale=language, java_script_enabled=scripts
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        person = Shopper(context.new_page(), address)
        if logon:
            person.sign_in(logon)
        return person

    yield arrive
    for context in contexts:
        context.close()
