"""The pages' process of a sandbox: the pages as ever, with an engine that can be told to decline."""

from __future__ import annotations

from typing import Any

from florin.app.pages import make_application
from florin.app.serving import serve_wsgi
from florin.app.settings import Settings
from florin.app.supervisor import watch_parent


def main() -> None:
    watch_parent()
    serve_wsgi("florin.sandbox.pages:application", Settings.from_environment().pages_at)


def __getattr__(name: str) -> Any:
    """Made when the server asks for it, in the process that serves."""
    if name != "application":
        raise AttributeError(name)
    from florin.pages.engine import use_engine
    from florin.sandbox.faults import DecliningEngine, SandboxFaults

    application = make_application()
    dsn = Settings.from_environment().engine_url
    use_engine(DecliningEngine(dsn, SandboxFaults(dsn), name="pages"))
    return application


if __name__ == "__main__":
    main()
