"""Links to bills: good until their time is over, and for what they name, because their key is an HMAC of both."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlencode

from florin.wires.keys import MasterKey

PATH: Final = "/gateway.do/bill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a bill is of: an app's sales (`trade`) or its merchant's funds (`signcustomer`) of the days [from_on, before_on)."""

    app_id: int
    from_on: date
    before_on: date
    bill_type: str = "trade"


class BillLinks:
    """The links of one installation. api_url: the wires, as shops reach them."""

    def __init__(self, api_url: str, master: MasterKey) -> None:
        self._api_url = api_url
        self._key = master.derive("bill links")

    def link(self, period: Period, until: datetime) -> str:
        named = {
            "type": period.bill_type,
            "app": str(period.app_id),
            "from": period.from_on.isoformat(),
            "before": period.before_on.isoformat(),
            "until": str(int(until.timestamp())),
        }
        return f"{self._api_url}{PATH}?{urlencode({**named, 'key': self._mac(named)})}"

    def read(self, query: Callable[[str], str], at: datetime) -> Period | None:
        """What a link names; None for one that we did not make, or whose time is over. query: a parameter's text."""
        named = {name: query(name) for name in ("type", "app", "from", "before", "until")}
        if not hmac.compare_digest(self._mac(named).encode(), query("key").encode("utf-8", "replace")):
            return None
        if int(named["until"]) < at.timestamp():
            return None
        from_on, before_on = (date.fromisoformat(named[name]) for name in ("from", "before"))
        return Period(app_id=int(named["app"]), from_on=from_on, before_on=before_on, bill_type=named["type"])

    def _mac(self, named: dict[str, str]) -> str:
        text = "\n".join(f"{name}={value}" for name, value in sorted(named.items()))
        return hmac.digest(self._key, text.encode("utf-8", "replace"), "sha256").hex()
