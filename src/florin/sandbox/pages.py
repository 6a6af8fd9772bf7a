"""The pages' process of a sandbox: the pages as ever, with an engine that can be told to decline.

It stays through a reset, which gives it another database of the same name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from florin.app.pages import make_application
from florin.app.serving import serve_wsgi
from florin.app.settings import Settings
from florin.app.supervisor import watch_parent
from florin.engine import Engine
from florin.sandbox.beginning import beginning
from florin.sandbox.faults import DecliningEngine, SandboxFaults
from florin.store import default_data_dir


def main() -> None:
    watch_parent()
    serve_wsgi("florin.sandbox.pages:application", Settings.from_environment().pages_at)


class PagesAnew:
    """WSGI: pages with an engine and connections of each beginning; they answer 503 while the sandbox is being reset."""

    def __init__(self, pages: Callable[[Any, Any], Iterable[bytes]], make_engine: Callable[[], Engine]) -> None:
        self._pages = pages
        self._make_engine = make_engine
        self._folder = default_data_dir()
        self._turn = threading.Lock()
        self._began = ""
        self._engine: Engine | None = None

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        now = beginning(self._folder)
        if not now:
            start_response("503 Service Unavailable", [("Content-Type", "text/plain"), ("Retry-After", "1")])
            return [b"the sandbox is being reset"]
        with self._turn:
            if now != self._began:
                self._begin()
                self._began = now
        return self._pages(environ, start_response)

    def _begin(self) -> None:
        """Whatever was connected was to the database before, whose numbers are worth nothing in this one."""
        from django.db import connection

        from florin.pages.engine import use_engine

        connection.close_pool()
        before, self._engine = self._engine, self._make_engine()
        use_engine(self._engine)
        if before is not None:
            before.close()


def __getattr__(name: str) -> Any:
    """Made when the server asks for it, in the process that serves."""
    if name != "application":
        raise AttributeError(name)
    dsn = Settings.from_environment().engine_url
    return PagesAnew(make_application(), lambda: DecliningEngine(dsn, SandboxFaults(dsn), name="pages"))


if __name__ == "__main__":
    main()
