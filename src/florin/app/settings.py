"""Settings of a serving process: read from the environment, once, and never from anywhere else.

The supervisor sets them for its children (`for_children`); whoever runs a child under a supervisor of his own sets them
himself. The owner's address of the database is not among them: what serves may not migrate.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from florin.app.listening import Address
from florin.documents import Lender
from florin.store import ENGINE, PAGES, DataFolder, default_data_dir, dsn_of
from florin.store.roles import Addresses

DEFAULT_API = "127.0.0.1:8001"
DEFAULT_PAGES = "127.0.0.1:8000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """engine_url, pages_url: the database for the two serving roles. public_url: the pages, as people's browsers reach them.

    api_url: the wires, as shops reach them. api_at, pages_at: where to listen. lender: who lends, as statements name it.
    """

    engine_url: str
    pages_url: str
    public_url: str
    api_url: str
    api_at: tuple[Address, ...]
    pages_at: Address
    lender: Lender

    @classmethod
    def from_environment(cls) -> Self:
        folder = DataFolder(default_data_dir())
        api_at = tuple(Address.parse(text) for text in os.environ.get("FLORIN_API", DEFAULT_API).split(","))
        pages_at = Address.parse(os.environ.get("FLORIN_PAGES", DEFAULT_PAGES))
        return cls(
            engine_url=os.environ.get("FLORIN_ENGINE_URL") or dsn_of(folder, role=ENGINE),
            pages_url=os.environ.get("FLORIN_PAGES_URL") or dsn_of(folder, role=PAGES),
            public_url=os.environ.get("FLORIN_PUBLIC_URL", pages_at.url).rstrip("/"),
            api_url=os.environ.get("FLORIN_API_PUBLIC_URL", api_at[0].url).rstrip("/"),
            api_at=api_at,
            pages_at=pages_at,
            lender=Lender(name=os.environ.get("FLORIN_LENDER", ""), hotline=os.environ.get("FLORIN_HOTLINE", "")),
        )


def for_children(
    *, data_dir: Path, addresses: Addresses, api_at: Sequence[Address], pages_at: Address, public_url: str, api_url: str
) -> dict[str, str]:
    """The environment from which a child reads these settings, and the data folder for its keys."""
    return {
        "FLORIN_DATA": str(data_dir),
        "FLORIN_DATABASE_URL": "",
        "FLORIN_ENGINE_URL": addresses.engine,
        "FLORIN_PAGES_URL": addresses.pages,
        "FLORIN_API": ",".join(str(address) for address in api_at),
        "FLORIN_PAGES": str(pages_at),
        "FLORIN_PUBLIC_URL": public_url,
        "FLORIN_API_PUBLIC_URL": api_url,
        "DJANGO_SETTINGS_MODULE": "florin.pages.settings",
    }
