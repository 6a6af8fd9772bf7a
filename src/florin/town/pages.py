"""The pages' process of a demonstration: a sandbox's, with the street's entrance."""

from __future__ import annotations

from typing import Any

from florin.app.serving import serve_wsgi
from florin.app.settings import Settings
from florin.app.supervisor import watch_parent
from florin.sandbox import pages


def main() -> None:
    watch_parent()
    serve_wsgi("florin.town.pages:application", Settings.from_environment().pages_at)


def __getattr__(name: str) -> Any:
    """Made when the server asks for it, in the process that serves."""
    if name != "application":
        raise AttributeError(name)
    from django.conf import settings

    settings.ROOT_URLCONF = "florin.town.urls"
    return pages.application


if __name__ == "__main__":
    main()
