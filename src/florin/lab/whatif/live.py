"""A live book as the lab takes it: the lines of a business date, what is owed on each, and how its people have lived so far.

Whoever loads it writes nothing; an account is the fold of a line's events, brought to the business date in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np

from florin.credit.items import Account
from florin.credit.line import Line, LineState
from florin.credit.terms import Program
from florin.events import Place
from florin.lab.arrays import Flags, Index, Minor, Real, Small, Whole
from florin.lab.book import unfit
from florin.lab.book.tables import ProgramNotVectorized, Tables
from florin.market import Acceptance

# How far back a line's habits are read.
HISTORY_DAYS = 365
# What must fit, whatever the terms allow: ten million yuan on a line.
_AMOUNT_MINOR_MAX = 10**9

_accounts = msgspec.msgpack.Encoder()
_account = msgspec.msgpack.Decoder(Account)


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """Where people buy: a merchant's market, kind of goods and channel, and what he pays a lender of a sale on credit."""

    place: Place
    credit_fee_ppm: int = 0


@dataclass(frozen=True, kw_only=True)
class History:
    """How the people of some lines have lived, by line. months: that were seen, one at least. bills: issued in them; carried:
    of these, not paid in full when the next was; missed: whose minimum was unmet. repaid_minor: in all.

    starts: (lines + 1,) where each line's purchases begin, of which amount, shop, count (of installments) and free (the
    merchant pays their fee) are given one by one.
    """

    months: Real
    bills: Whole
    carried: Whole
    missed: Whole
    repaid_minor: Minor
    starts: Index
    amount_minor: Minor
    shop: Small
    count: Small
    free: Flags

    @property
    def purchases(self) -> Index:
        """How many each line has made."""
        return np.diff(self.starts)

    def of(self, lines: Index) -> History:
        """That of some lines, in this order."""
        often = self.purchases[lines]
        starts = np.concatenate([[0], np.cumsum(often)])
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], often)
        rows = np.repeat(self.starts[:-1][lines], often) + within
        of_lines = {
            name: getattr(self, name)[lines] for name in ("months", "bills", "carried", "missed", "repaid_minor")
        }
        of_rows = {name: getattr(self, name)[rows] for name in ("amount_minor", "shop", "count", "free")}
        return History(**of_lines, **of_rows, starts=starts)


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """The lines of one program, in the order of their ids. accounts: packed, advanced to the business date."""

    program: Program
    lines: tuple[Line, ...]
    accounts: tuple[bytes, ...]
    history: History

    @property
    def count(self) -> int:
        return len(self.lines)

    def of(self, lines: Index) -> Portfolio:
        """Some of its lines, in this order."""
        return Portfolio(
            program=self.program,
            lines=tuple(self.lines[line] for line in lines),
            accounts=tuple(self.accounts[line] for line in lines),
            history=self.history.of(lines),
        )

    def unpacked(self) -> list[Account]:
        return [_account.decode(account) for account in self.accounts]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that the lab has no arithmetic for, and what is owed on them."""

    program: str
    why: str
    lines: int
    owed_minor: int


@dataclass(frozen=True, kw_only=True)
class LiveBook:
    """All lines of a house that can be lived on. acceptance: as the house has stated it. left_out: those that cannot."""

    on: date
    portfolios: tuple[Portfolio, ...]
    acceptance: Acceptance
    shops: tuple[Shop, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def count(self) -> int:
        return sum(portfolio.count for portfolio in self.portfolios)

    @property
    def idle(self) -> int:
        """Lines of which nothing was bought within `HISTORY_DAYS`, without those that are charged off."""
        return sum(
            not bought and line.state is not LineState.CHARGED_OFF
            for portfolio in self.portfolios
            for line, bought in zip(portfolio.lines, portfolio.history.purchases.tolist(), strict=True)
        )

    @property
    def charged_off(self) -> list[Line]:
        """Lines of which nothing more comes: the lab has no collector."""
        return [
            line for portfolio in self.portfolios for line in portfolio.lines if line.state is LineState.CHARGED_OFF
        ]

    @property
    def owed_minor(self) -> int:
        """Principal, in whatever stage."""
        return sum(line.principal_minor for portfolio in self.portfolios for line in portfolio.lines)

    def digest(self) -> str:
        """Of everything that goes in, as hexadecimal: equal digests are equal books."""
        digest = hashlib.sha256(str(self.on).encode())
        encode = msgspec.json.Encoder().encode
        for ecosystem in self.acceptance.ecosystems.values():
            digest.update(encode(ecosystem))
        digest.update(encode(self.shops))
        for portfolio in self.portfolios:
            digest.update(encode(portfolio.program))
            digest.update(encode(portfolio.lines))
            for account in portfolio.accounts:
                digest.update(account)
            for name in History.__dataclass_fields__:
                digest.update(np.ascontiguousarray(getattr(portfolio.history, name)).tobytes())
        return digest.hexdigest()[:16]


def pack(account: Account) -> bytes:
    """An account as a portfolio keeps it: small, and quick to hand to another process."""
    return _accounts.encode(account)


def why_unfit(line: Line, account: Account, on: date, program: Program) -> str | None:
    """Why a line cannot be lived on; None when it can. The account must have been advanced to `on`."""
    return unfit(account, on, program)


def program_unfit(program: Program, on: date) -> str | None:
    """What of a program's terms the lab has no arithmetic for."""
    try:
        tables = Tables(program, on.toordinal() - 1)
    except ProgramNotVectorized as error:
        return error.what
    most_minor = min(max(version.terms.limit_minor_max for version in program.versions), _AMOUNT_MINOR_MAX)
    if tables.most_minor() < most_minor:
        return f"amounts of {most_minor} fen do not fit with rates this fine: round the rates"
    return None


def left_out(found: Iterable[tuple[str, str, int]]) -> tuple[LeftOut, ...]:
    """(program, why, owed) of each line, summed up by program and reason."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for program, why, owed_minor in found:
        lines, so_far = sums.get((program, why), (0, 0))
        sums[program, why] = lines + 1, so_far + owed_minor
    return tuple(
        LeftOut(program=program, why=why, lines=lines, owed_minor=owed_minor)
        for (program, why), (lines, owed_minor) in sorted(sums.items())
    )
