"""Counters: a merchant's stores with a door, and the tills in them whose printed code asks for a sale."""

from __future__ import annotations

import msgspec

from florin.events.refusals import Refusal


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    """One till of a store. code, store_code: the merchant's own numbers, as wires carry them (`terminal_id`, `store_id`).

    app_id: the app in whose name its printed code sells, and which is told. is_open: neither the till nor its store is closed.
    """

    id: int
    merchant_id: int
    app_id: int
    code: str
    store_code: str
    store: str
    store_zh: str
    is_open: bool


class TerminalClosed(Refusal, frozen=True, kw_only=True):
    en = "This counter's code is no longer in use. Ask at the counter for another; you have not been charged."
    zh = "该收款码已停用，请向店员索取新的收款码，未扣款。"

    terminal_id: int


def refuse_terminal(terminal: Terminal | None, terminal_id: int) -> Refusal | None:
    """No sale by the code of a till that is closed, or in a store that is."""
    return None if terminal is not None and terminal.is_open else TerminalClosed(terminal_id=terminal_id)
