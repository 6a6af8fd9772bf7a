"""Who lends, and whom to ask: stands on every statement, as the law wants it."""

from __future__ import annotations

import msgspec


class Lender(msgspec.Struct, frozen=True, kw_only=True):
    """name: of the legal entity that lends. hotline: where a person asks or complains. Empty ones are not printed."""

    name: str = ""
    hotline: str = ""
