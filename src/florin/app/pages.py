"""The pages' process: Django under WSGI, joined to the wires: for addresses, the way back to a shop, and what a merchant sets.

`application` is what the server's own process imports; `main` is what the supervisor starts.
"""

from __future__ import annotations

from typing import Any

from florin.app import wechatpay
from florin.app.renderers import cashier_addresses
from florin.app.serving import serve_wsgi
from florin.app.settings import Settings
from florin.app.supervisor import watch_parent
from florin.pages.hooks import Gateway
from florin.payments.merchant import App
from florin.queries import ReadPool
from florin.wires.alipay.apps import public_key_for
from florin.wires.alipay.gateway import way_back_link


def main() -> None:
    watch_parent()
    serve_wsgi("florin.app.pages:application", Settings.from_environment().pages_at)


def make_application() -> Any:
    """Django's application, with addresses told by their tokens and returns signed by the wire that the order came by."""
    watch_parent()
    # Here, because Django reads the environment when it is imported.
    from florin.pages.hooks import (
        name_lender,
        sign_returns_with,
        tell_addresses_by,
        tell_counters_by,
        tell_gateways_with,
    )
    from florin.pages.wsgi import application as pages

    settings = Settings.from_environment()
    reads = ReadPool(
        settings.engine_url, size=1, name="pages"
    )  # the pages' own role sees no keys, not even public ones
    addresses = cashier_addresses(settings)
    tell_addresses_by(addresses.fits)
    tell_counters_by(fits=addresses.fits_counter, page_of=addresses.page, counter_of=addresses.counter)
    tell_gateways_with(lambda app: gateway_of(app, settings.api_url, reads))
    name_lender(settings.lender)
    sign_returns_with(lambda trade: way_back_link(trade, settings.api_url))
    return pages


def gateway_of(app: App, api_url: str, reads: ReadPool) -> Gateway:
    """Where this app's programs call, and the key that they check our answers with, where its wire signs them."""
    if app.wire == "wechatpay":
        public_key, names = reads.ask(wechatpay.told, app.id)
        return Gateway(address=api_url, public_key=public_key, names=names)
    if app.wire != "alipay":
        return Gateway(address=f"{api_url}/v1", documents=f"{api_url}/docs")
    return Gateway(address=f"{api_url}/gateway.do", public_key=reads.ask(public_key_for, app.id))


def __getattr__(name: str) -> Any:
    """Made when the server asks for it, so that this module can be imported without starting Django."""
    if name == "application":
        return make_application()
    raise AttributeError(name)


if __name__ == "__main__":
    main()
