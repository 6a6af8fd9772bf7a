"""What a wire adds to a page. Pages and wires do not know each other; `florin.app` joins them here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from florin.documents import Lender
from florin.payments.merchant import App
from florin.payments.trade import Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Where an app's programs call us. public_key: ours, to check our answers with. documents: where its API is described.

    names: what else its protocol wants set, by the protocol's own words.
    """

    address: str = ""
    public_key: str = ""
    documents: str = ""
    names: tuple[tuple[str, str], ...] = ()


GatewayOf = Callable[[App], Gateway]
ReturnUrl = Callable[[Trade], str]
Fits = Callable[[int, str], bool]
AddressOf = Callable[[int], str]


def _plain(trade: Trade) -> str:
    return trade.detail.return_url


def _none_fits(trade_id: int, token: str) -> bool:
    return False


def _unknown(app: App) -> Gateway:
    return Gateway()


_return_url: ReturnUrl = _plain
_gateway_of: GatewayOf = _unknown
_fits: Fits = _none_fits
_fits_counter: Fits = _none_fits
_page_of: AddressOf = str
_counter_of: AddressOf = str
_lender = Lender()


def sign_returns_with(build: ReturnUrl) -> None:
    """build: gives the address, with the wire's signed query, to which a shopper returns; empty for none."""
    global _return_url
    _return_url = build


def name_lender(lender: Lender) -> None:
    """lender: who lends, as statements name it."""
    global _lender
    _lender = lender


def lender() -> Lender:
    return _lender


def tell_addresses_by(fits: Fits) -> None:
    """fits: whether a trade's address may end in this token. Until it is known, no address leads to a trade."""
    global _fits
    _fits = fits


def tell_counters_by(*, fits: Fits, page_of: AddressOf, counter_of: AddressOf) -> None:
    """fits: whether a till's address may end in this token. page_of: a trade's page; counter_of: what a till's code says."""
    global _fits_counter, _page_of, _counter_of
    _fits_counter, _page_of, _counter_of = fits, page_of, counter_of


def is_counter(terminal_id: int, token: str) -> bool:
    """Whether this till's code was printed by us."""
    return _fits_counter(terminal_id, token)


def page_of_trade(trade_id: int) -> str:
    """The cashier's page of a trade."""
    return _page_of(trade_id)


def counter_of_terminal(terminal_id: int) -> str:
    """What the printed code of a till says."""
    return _counter_of(terminal_id)


def is_address(trade_id: int, token: str) -> bool:
    """Whether we gave this address to somebody: a stranger knows the numbers of trades, never their tokens."""
    return _fits(trade_id, token)


def tell_gateways_with(gateway_of: GatewayOf) -> None:
    """gateway_of: what an app's integrator needs of its wire."""
    global _gateway_of
    _gateway_of = gateway_of


def gateway_of(app: App) -> Gateway:
    return _gateway_of(app)


def return_url(trade: Trade) -> str:
    """Where the shopper goes back to after paying; empty when the shop named no place that a link may lead to."""
    return web_address(_return_url(trade))


def quit_url(trade: Trade) -> str:
    """Where she goes back to without paying."""
    return web_address(trade.detail.quit_url)


def web_address(url: str) -> str:
    """The address if it is one of the web: a link to `javascript:` would be the shop's program on our page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""
