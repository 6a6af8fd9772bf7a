"""Cashier addresses: where an order is paid, with a part in it that nobody can work out from the order's number.

Numbers of trades can be counted through, and an order that waits for nobody in particular shows its shop, subject and
amount to whoever opens it. So an address ends in a token: 96 bits of an HMAC of the trade's number, under a key derived
from the master key. Nothing is stored; every process with the same master key file makes the same address, also after a
restart or a restore, and tells a right one without asking the database.
"""

from __future__ import annotations

import base64
import hmac
from typing import Final

from florin.wires.keys.master import MasterKey

SIGN_IN_PATH: Final = "/oauth2/publicAppAuthorize.htm"
_PURPOSE = "cashier addresses"
_TOKEN_BYTES = 12


class CashierAddresses:
    """The addresses of one installation. public_url: the pages, as people's browsers reach them."""

    def __init__(self, public_url: str, master: MasterKey) -> None:
        self._public_url = public_url
        self._key = master.derive(_PURPOSE)

    def page(self, trade_id: int) -> str:
        """The cashier's page of this trade."""
        return f"{self._public_url}/pay/{trade_id}/{self.token(trade_id)}"

    def code(self, trade_id: int) -> str:
        """What the trade's QR code says: an address that leads to the page, and is short."""
        return f"{self._public_url}/q/{trade_id}/{self.token(trade_id)}"

    def counter(self, terminal_id: int) -> str:
        """What a till's printed code says: where a shopper types an amount and asks to pay it there."""
        return f"{self._public_url}/s/{terminal_id}/{self.counter_token(terminal_id)}"

    def sign_in(self, query: str) -> str:
        """Where a shopper lets an app know who she is. query: as it came, percent-encoded."""
        return f"{self._public_url}{SIGN_IN_PATH}?{query}"

    def token(self, trade_id: int) -> str:
        """16 letters of URL-safe base64, one spelling each."""
        return self._token(str(trade_id))

    def counter_token(self, terminal_id: int) -> str:
        """As `token`, of a till: another text, so that neither fits in the other's place."""
        return self._token(f"terminal {terminal_id}")

    def _token(self, named: str) -> str:
        code = hmac.digest(self._key, named.encode(), "sha256")
        return base64.urlsafe_b64encode(code[:_TOKEN_BYTES]).decode("ascii")

    def fits_counter(self, terminal_id: int, token: str) -> bool:
        """As `fits`, of a till."""
        return hmac.compare_digest(self.counter_token(terminal_id).encode(), token.encode("utf-8", "replace"))

    def fits(self, trade_id: int, token: str) -> bool:
        """Whether this is the trade's token, found out in the same time for every wrong one."""
        return hmac.compare_digest(self.token(trade_id).encode(), token.encode("utf-8", "replace"))
