"""Programs of a test's own, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from florin.credit import program as programs
from florin.credit.program import add_program, load_program
from florin.engine import reference


@contextmanager
def own_programs(**changes_by_name: dict[str, Any]) -> Iterator[None]:
    """Huabei under other names, with other terms, as long as this lasts."""
    huabei = load_program("huabei")
    version = huabei.versions[0]
    for name, changes in changes_by_name.items():
        own = replace(version, terms=replace(version.terms, **changes))
        add_program(replace(huabei, name=name, versions=(own,)))
    _forget()
    yield
    programs._ADDED.clear()
    _forget()


def _forget() -> None:
    reference._terms.cache_clear()
    reference._first_bill_on.cache_clear()
    reference._group_of.cache_clear()
