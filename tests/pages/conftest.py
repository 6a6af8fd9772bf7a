"""A tea house on a database of the test's own, with people who sign in and what they read."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

import django
import psycopg
import pytest

from conftest import FreshDatabase
from pages_world import PASSWORD, PIN, PagesWorld, pages_joined

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "florin.pages.settings")
django.setup()


@pytest.fixture
def shop(fresh_database: FreshDatabase) -> Iterator[PagesWorld]:
    with PagesWorld(fresh_database.engine) as world, pages_joined(fresh_database, world.engine):
        world.make_logins()
        yield world


class Browser:
    """One person's browser: keeps cookies, follows nothing by itself, and reads pages as text."""

    def __init__(self, *, language: str = "en", checks_forms: bool = False) -> None:
        from django.test import Client

        self.client = Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE=language, enforce_csrf_checks=checks_forms)

    def get(self, path: str, **headers: Any) -> Any:
        return self.client.get(path, **headers)

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, fields)

    def sign_in(self, logon: str, password: str = PASSWORD, **fields: Any) -> Any:
        return self.post("/sign-in", logon=logon, password=password, **fields)

    def send_form(self, path: str, *, pin: str = PIN, key: str = "", **fields: Any) -> Any:
        """Open the page, take the form's key, send it filled in."""
        return self.post(path, key=key or self.form_key(path), pin=pin, **fields)

    def form_key(self, path: str) -> str:
        found = re.search(r'name="key" value="([^"]+)"', self.get(path).content.decode())
        assert found, f"no form on {path}"
        return found[1]

    def read(self, path: str) -> str:
        return text_of(self.get(path))


@pytest.fixture
def browser() -> Callable[..., Browser]:
    """`browser("alice")`: signed in; `browser("")`: nobody is."""

    def open_browser(logon: str = "", **options: Any) -> Browser:
        opened = Browser(**options)
        if logon:
            assert opened.sign_in(logon).status_code == 302
        return opened

    return open_browser


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(response: Any) -> str:
    """What a person reads on the page, in one line."""
    parser = _Text()
    parser.feed(response.content.decode())
    return " ".join(" ".join(parser.parts).split())


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """`with queries() as asked:` collects every statement that the pages' role sends."""
    asked: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        if self.connection.info.user == "florin_pages":
            asked.append(str(query))
        return execute(self, query, *args, **kwargs)

    @contextmanager
    def collect() -> Iterator[list[str]]:
        asked.clear()
        with monkeypatch.context() as patched:
            patched.setattr(psycopg.Cursor, "execute", counted)
            yield asked

    return collect
