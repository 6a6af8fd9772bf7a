"""A merchant's stores with a door, and the tills in them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.fields import Id, Name, Note
from florin.wires.rest.shapes.base import Taken

_CODE_FIX = {"fix": "Send 1 to 32 letters, digits, dots, underscores and dashes."}
Code = Annotated[str, Meta(pattern=r"^[0-9A-Za-z._-]{1,32}$", extra=_CODE_FIX)]


class NewStore(Taken, frozen=True, kw_only=True):
    """code: the merchant's own number, `store_id` on wires; the same again changes name and address, and opens it again."""

    code: Code
    name: Name
    name_zh: Note = ""
    address: Note = ""


class NewTerminal(Taken, frozen=True, kw_only=True):
    """code: the merchant's own number, `terminal_id` on wires. app_id: the app that its printed code sells for."""

    code: Code
    app_id: Id


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    """A till. counter_url: what its printed code says."""

    id: str
    code: str
    app_id: str
    state: Literal["open", "closed"]
    counter_url: str


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """A store with its tills."""

    merchant_id: str
    code: str
    name: str
    name_zh: str
    address: str
    state: Literal["open", "closed"]
    terminals: tuple[Terminal, ...]


class Stores(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Store, ...]
