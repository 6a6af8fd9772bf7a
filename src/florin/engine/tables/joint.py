"""Funding agreements, their caps, and joint loans: to rows and back, and what a batch changed on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection

from florin.credit.funding import FundingAgreement
from florin.credit.items import Account, Funded
from florin.credit.joint import principal_by_item
from florin.engine.ids import lane_of
from florin.engine.tables.arrays import numbers
from florin.engine.tables.event import Recorded
from florin.engine.tables.table import Table, bigint, day, integer, json, smallint, text
from florin.events import Captured, Escrowed, LoanFunding, Received
from florin.ledger import Rule

FUNDING_AGREEMENT = Table(
    "funding_agreement",
    [smallint("lane"), bigint("id"), text("partner"), json("programs"), integer("share_ppm"), integer("servicing_ppm"),
     bigint("cap_minor"), day("from_on"), day("until_on"), text("state")],
    changing=("state",),
)  # fmt: skip
FUNDING_CAP = Table("funding_cap", [smallint("lane"), bigint("id"), bigint("cap_minor")])
JOINT_LOAN = Table(
    "joint_loan",
    [smallint("lane"), integer("share_ppm"), day("lent_on"), bigint("id"), bigint("line_id"), bigint("agreement_id"),
     bigint("lent_minor"), bigint("owed_minor"), bigint("partner_minor"), bigint("charged_off_minor")],
    changing=("owed_minor", "partner_minor", "charged_off_minor"),
)  # fmt: skip

_OWED_AND_PARTNERS = {Rule.FUND_LOAN: 1, Rule.SHARE_PRINCIPAL: -1, Rule.SHARE_RECOVERY: -1, Rule.SELL_SHARE: -1}

# In the order of ids, so that two batches that lend under the same agreements cannot deadlock.
_TAKE = """
    WITH taken AS (
        SELECT c.lane, c.id, u.change, u.lent
          FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS u(lane, id, change, lent)
               JOIN funding_cap c USING (lane, id)
      ORDER BY c.lane, c.id
           FOR UPDATE OF c)
    UPDATE funding_cap c SET outstanding_minor = c.outstanding_minor + t.change, lent_minor = t.lent
      FROM taken t WHERE c.lane = t.lane AND c.id = t.id
"""
_LEFT = "SELECT id, cap_minor - outstanding_minor FROM funding_cap ORDER BY id LIMIT 10000"


def agreement_row(agreement: FundingAgreement) -> tuple[Any, ...]:
    return (
        agreement.lane, agreement.id, agreement.partner, msgspec.json.encode(agreement.programs).decode(),
        agreement.share_ppm, agreement.servicing_ppm, agreement.cap_minor, agreement.from_on, agreement.until_on,
        agreement.state,
    )  # fmt: skip


def agreement_of(row: tuple[Any, ...]) -> FundingAgreement:
    lane, identifier, partner, programs, share, servicing, cap, from_on, until_on, state = row
    return FundingAgreement(
        id=identifier, lane=lane, partner=partner, programs=tuple(programs), share_ppm=share, servicing_ppm=servicing,
        cap_minor=cap, from_on=from_on, until_on=until_on, state=state,
    )  # fmt: skip


def caps_left(connection: Connection) -> dict[int, int]:
    """What each agreement's cap leaves, as it is now: looked at without a lock, and kept by `funding_lends_within_its_cap`."""
    return dict(connection.execute(_LEFT, prepare=True).fetchall())


class JointChanges(NamedTuple):
    """drawn: new rows of joint loans. changed: rows of those that were there, key and what changes. caps: by agreement, (how
    the partner's part changed, what was lent).
    """

    drawn: list[tuple[Any, ...]]
    changed: list[tuple[Any, ...]]
    caps: dict[int, tuple[int, int]]


def joint_changes(
    recorded: Iterable[Recorded], before: Mapping[int, Account], after: Mapping[int, Account]
) -> JointChanges:
    """What a batch did to joint loans. before, after: accounts of its lines, where it has loaded them."""
    loans = {loan.item_id: loan for account in (*before.values(), *after.values()) for loan in account.funded}
    rows = {row[3]: row for line_id in after for row in _rows(before.get(line_id), after[line_id])}
    agreements = {loan.item_id: loan.agreement_id for loan in loans.values()}
    drawn = []
    parts: Counter[int] = Counter()
    lent: Counter[int] = Counter()
    for one in recorded:
        event = one.event
        funding: LoanFunding | None = getattr(event, "funding", None)
        if funding is not None:
            agreements[event.payment_id] = funding.agreement_id
        if funding is not None and isinstance(event, Captured | Received | Escrowed):
            lent[funding.agreement_id] += funding.partner_minor
            drawn.append(_drawn_row(event, funding, rows.pop(event.payment_id, None)))
        for entry in one.entries:
            if sign := _OWED_AND_PARTNERS.get(entry.rule):
                item_id = entry.subject_id or event.payment_id
                parts[item_id] += (-sign if entry.reversed else sign) * entry.amount_minor
    changes: Counter[int] = Counter()
    for item_id, minor in parts.items():
        if minor:
            changes[agreements[item_id]] += minor
    caps = {agreement_id: (changes[agreement_id], lent[agreement_id]) for agreement_id in sorted({*changes, *lent})}
    return JointChanges(drawn, list(rows.values()), caps)


def store_joint(connection: Connection, changes: JointChanges) -> None:
    """The rows of joint loans, and last the caps: their rows are held no longer than the commit takes."""
    JOINT_LOAN.insert(connection, changes.drawn)
    JOINT_LOAN.update(connection, changes.changed)
    if changes.caps:
        taken = [(lane_of(agreement_id), agreement_id, *moved) for agreement_id, moved in changes.caps.items()]
        connection.execute(_TAKE, _columns(taken), prepare=True)


def _columns(rows: Sequence[tuple[int, ...]]) -> list[str]:
    return [numbers(column) for column in zip(*rows, strict=True)]


def _rows(before: Account | None, after: Account) -> list[tuple[Any, ...]]:
    """Loans of a line that are not as they were; of those that are forgotten nothing is left."""
    if not after.funded and not (before and before.funded):
        return []
    was = _states(before) if before else {}
    now = _states(after)
    return [
        (lane_of(item_id), None, None, item_id, None, None, None, *now.get(item_id, (0, 0, 0)))
        for item_id in sorted({*was, *now})
        if was.get(item_id) != now.get(item_id)
    ]


def _states(account: Account) -> dict[int, tuple[int, int, int]]:
    """By item: what is owed of it, wherever; the partner's part of that; and how much of the part is charged off."""
    owed, claimed = principal_by_item(account)
    return {
        loan.item_id: (
            owed[loan.item_id] + claimed[loan.item_id] + loan.escrow_minor,
            _partner_minor(loan),
            loan.charged_off_minor,
        )
        for loan in account.funded
    }


def _partner_minor(loan: Funded) -> int:
    return loan.partner_minor + loan.charged_off_minor


def _drawn_row(
    event: Captured | Received | Escrowed, funding: LoanFunding, folded: tuple[Any, ...] | None
) -> tuple[Any, ...]:
    """folded: the row's end, when the account of this batch knows it better."""
    state = folded[7:] if folded else (event.credit_minor, funding.partner_minor, 0)
    return (
        lane_of(event.payment_id), funding.share_ppm, event.value_on, event.payment_id, event.line_id,
        funding.agreement_id, event.credit_minor, *state,
    )  # fmt: skip
