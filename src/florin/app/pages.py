"""The pages' process: Django under WSGI, joined to the wires that its way back to a shop needs.

`application` is what the server's own process imports; `main` is what the supervisor starts.
"""

from __future__ import annotations

from typing import Any

from florin.app.renderers import cashier_addresses
from florin.app.serving import serve_wsgi
from florin.app.settings import Settings
from florin.app.supervisor import watch_parent
from florin.wires.alipay.gateway import way_back_link


def main() -> None:
    watch_parent()
    serve_wsgi("florin.app.pages:application", Settings.from_environment().pages_at)


def make_application() -> Any:
    """Django's application, with addresses told by their tokens and returns signed by the wire that the order came by."""
    watch_parent()
    from florin.pages.hooks import sign_returns_with, tell_addresses_by
    from florin.pages.wsgi import (
        application as pages,  # here, because Django reads the environment when it is imported
    )

    settings = Settings.from_environment()
    tell_addresses_by(cashier_addresses(settings).fits)
    sign_returns_with(lambda trade: way_back_link(trade, settings.api_url))
    return pages


def __getattr__(name: str) -> Any:
    """Made when the server asks for it, so that this module can be imported without starting Django."""
    if name == "application":
        return make_application()
    raise AttributeError(name)


if __name__ == "__main__":
    main()
