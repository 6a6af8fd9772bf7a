"""Charge-off: debt so old that it is booked as a loss, and owed all the same.

By the clock after so many days past due, or by the owner's command. What is charged off leaves statements, purchases and
plans, and with them the clock's reach, and becomes a claim: one list of amounts beside the account's items, outside the
balance sheet. Three modes, a term:

whole_line   all that is owed, what no statement has billed included; installments to come are due at once
past_due     the statements whose minimum is unmet; all else goes on as before
principal    as `whole_line`, but interest and penalties are waived, and so are fees of installments to come

The interest that had accrued until then is claimed too, without ever becoming income, unless it is waived. Afterwards a
claim bears nothing, or (`charge_off_interest = "memo"`) interest on its principal, claimed when money arrives. What
arrives clears claims first, by the waterfall of their age, and is recovery: income of that day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import ClassVar, NamedTuple

import msgspec
from msgspec.structs import replace

from florin.credit.allocation import cure
from florin.credit.decline import refuse_code
from florin.credit.interest import (
    accrued,
    borne_over,
    exact_interest,
    rounded,
    unbilled_interest_minor,
    unposted_minor,
    unposted_penalty_minor,
)
from florin.credit.items import Account, Claim, Plan, Statement, WrittenOff, days_past_due
from florin.credit.line import Line
from florin.credit.terms import Bucket, ChargeOffMode, Program
from florin.events import ChargedOff, ChargedOffByOwner
from florin.events.refusals import Refusal
from florin.ledger import Entry, Rule
from florin.money.at import At

Entries = tuple[Entry, ...]

_CLAIMS: dict[Bucket, Rule] = {
    "cost": Rule.CLAIM_COST,
    "penalty": Rule.CLAIM_PENALTY,
    "interest": Rule.CLAIM_INTEREST,
    "fee": Rule.CLAIM_FEE,
    "principal": Rule.CLAIM_PRINCIPAL,
}
_RECOVERS: dict[Bucket, Rule] = {
    "cost": Rule.CLEAR_CLAIM_COST,
    "penalty": Rule.CLEAR_CLAIM_PENALTY,
    "interest": Rule.CLEAR_CLAIM_INTEREST,
    "fee": Rule.CLEAR_CLAIM_FEE,
    "principal": Rule.CLEAR_CLAIM_PRINCIPAL,
}


class ChargeOff(msgspec.Struct, frozen=True, kw_only=True):
    """Charge a line off now, before the clock would. mode: the terms' when it is None. reason: for the record, in words. code:
    why, of `adverse.REASONS`; the customer reads it.
    """

    needs_advance: ClassVar[bool] = True

    line_id: int
    reason: str
    mode: ChargeOffMode | None = None
    code: str = "past-due"


class NothingToChargeOff(Refusal, frozen=True, kw_only=True):
    en = "There is nothing to charge off ({mode}): {owed_minor} is owed, {past_due_minor} of it past due."
    zh = "没有可核销的欠款（{mode}）：共欠 {owed_minor}，其中逾期 {past_due_minor}。"

    mode: str
    owed_minor: int
    past_due_minor: int
    line_id: int


class Recovered(NamedTuple):
    """An account after money cleared claims: the entries, and what was left over."""

    account: Account
    entries: Entries
    rest_minor: int


def decide(
    line: Line, account: Account, command: ChargeOff, at: At, *, program: Program
) -> tuple[ChargedOffByOwner] | Refusal:
    """The account must have been advanced to `at.on`."""
    if refusal := refuse_code(command.code):
        return refusal
    terms = program.terms_on(at.on)
    mode = command.mode or terms.charge_off_mode
    past_due_minor = sum(statement.remaining_minor for statement in account.statements if statement.past_due)
    on_books_minor = account.owed_minor - account.claimed_minor
    if (past_due_minor if mode == "past_due" else on_books_minor) == 0:
        return NothingToChargeOff(
            mode=mode, owed_minor=account.owed_minor, past_due_minor=past_due_minor, line_id=command.line_id
        )
    return (
        ChargedOffByOwner(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            mode=mode,
            bears_interest=mode != "principal" and terms.charge_off_interest == "memo",
            reason=command.reason,
            code=command.code,
        ),
    )


def charged_off_by_clock(account: Account, on: date, program: Program) -> ChargedOff:
    """The event of the day on which the clock charges the line off."""
    since_on = account.past_due_on()
    assert since_on is not None
    terms = program.terms_on(since_on)
    return ChargedOff(
        value_on=on,
        line_id=account.line_id,
        mode=terms.charge_off_mode,
        bears_interest=terms.charge_off_interest == "memo",
        days_past_due=days_past_due(account, on),
    )


def after_charge_off(
    account: Account, event: ChargedOff | ChargedOffByOwner, program: Program
) -> tuple[Account, Entries]:
    """Move what the mode takes to the claims. A history corrected since may show that the clock's own was not deserved:
    then nothing happens.
    """
    if isinstance(event, ChargedOff) and days_past_due(account, event.value_on) < event.days_past_due:
        return account, ()
    account = accrued(account, event.value_on, program)
    taken = tuple(s for s in account.statements if s.past_due or event.mode != "past_due")
    parts = [
        *(part for statement in taken for part in _of_statement(account, statement, event, program)),
        *([] if event.mode == "past_due" else _of_unbilled(account, event, program)),
    ]
    before = account.written_off
    claims = (*(before.claims if before else ()), *(part.claim for part in parts if part.claim is not None))
    written_off = WrittenOff(
        on=before.on if before else event.value_on,
        since_on=before.since_on if before else account.past_due_on() or event.value_on,
        claims=tuple(claim for claim in claims if claim.amount_minor > 0),
        bears_interest=event.bears_interest,
        accruals=before.accruals if before else (),
        posted_minor=before.posted_minor if before else 0,
        accrued_through_on=event.value_on,
        sold=before.sold if before else None,
    )
    if before is not None:
        written_off = replace(written_off, accruals=_borne(account, before, event.value_on, program).accruals)
    after = replace(
        account,
        statements=tuple(s for s in account.statements if s not in taken),
        written_off=written_off,
    )
    if event.mode != "past_due":
        after = replace(after, purchases=(), plans=(), accruals=(), accruals_posted_minor=0, hardship_on=None)
    after, cured = cure(after, program)
    return after, (*_summed(entry for part in parts for entry in part.entries), *cured)


def recover(account: Account, amount_minor: int, on: date, program: Program, *, item_id: int = 0) -> Recovered:
    """Clear claims with money that arrived on a day, as far as it reaches, by the waterfall in force for their age.

    item_id: only the principal of that purchase, for its refund.
    """
    if account.written_off is None or not account.written_off.claims or amount_minor == 0:
        return Recovered(account, (), amount_minor)
    account, claimed = claimed_interest(account, on, program)
    written_off = account.written_off
    assert written_off is not None
    regime = program.terms_on(on).waterfall_at(max(0, (on - written_off.since_on).days))
    rank = {bucket: position for position, bucket in enumerate(regime.order)}
    order: Callable[[Claim], tuple[int | date, ...]]
    if regime.by == "bucket":
        order = lambda claim: (rank[claim.bucket], _closes_on(claim))  # noqa: E731
    else:
        order = lambda claim: (_closes_on(claim), rank[claim.bucket])  # noqa: E731
    left: dict[int, int] = {}
    entries: list[Entry] = []
    for position in sorted(range(len(written_off.claims)), key=lambda index: order(written_off.claims[index])):
        claim = written_off.claims[position]
        if item_id and (claim.item_id, claim.bucket) != (item_id, "principal"):
            continue
        part_minor = min(claim.amount_minor, amount_minor)
        amount_minor -= part_minor
        left[position] = claim.amount_minor - part_minor
        entries.append(Entry(_RECOVERS[claim.bucket], part_minor, claim.item_id))
    claims = tuple(
        replace(claim, amount_minor=left.get(position, claim.amount_minor))
        for position, claim in enumerate(written_off.claims)
        if left.get(position, claim.amount_minor) > 0
    )
    after = replace(account, written_off=replace(written_off, claims=claims))
    return Recovered(after, (*claimed, *_summed(entries)), amount_minor)


def claim_interest_minor(account: Account, on: date, program: Program) -> int:
    """The interest that claims have borne through `on` and that is not claimed yet."""
    written_off = account.written_off
    if written_off is None:
        return 0
    borne = exact_interest(_borne(account, written_off, on, program).accruals, program)
    return max(0, rounded(borne, program.terms_on(on)) - written_off.posted_minor)


def claimed_interest(account: Account, on: date, program: Program) -> tuple[Account, Entries]:
    """The account whose claims have taken the interest that they have borne through `on`."""
    minor = claim_interest_minor(account, on, program)
    written_off = account.written_off
    assert written_off is not None
    written_off = _borne(account, written_off, on, program)
    if minor:
        written_off = replace(
            written_off,
            claims=(*written_off.claims, Claim.of("interest", minor, 0, on)),
            posted_minor=written_off.posted_minor + minor,
        )
    entries = (Entry(Rule.CLAIM_INTEREST, minor),) if minor else ()
    return replace(account, written_off=written_off), entries


# ── what is taken ─────────────────────────────────────────────────────────────────────────────────────────────────


class _Part(NamedTuple):
    """One amount that leaves the books: the entries, and the claim that it becomes (None when it is waived)."""

    entries: tuple[Entry, ...]
    claim: Claim | None


def _of_statement(
    account: Account, statement: Statement, event: ChargedOff | ChargedOffByOwner, program: Program
) -> Iterator[_Part]:
    closes_on, waived, stopped = statement.closes_on, event.mode == "principal", account.accrual_stopped
    principal_rule = Rule.WRITE_OFF_PAST_DUE if statement.past_due else Rule.WRITE_OFF_BILLED
    for item in statement.items:
        yield _part(principal_rule, Claim.of("principal", item.principal_minor, item.item_id, closes_on))
        yield _part(Rule.WRITE_OFF_FEE, Claim.of("fee", item.fee_minor, item.item_id, closes_on))
    yield _part(Rule.WRITE_OFF_COST, Claim.of("cost", statement.cost_minor, 0, closes_on))
    interest = Claim.of("interest", statement.interest_minor, 0, closes_on)
    penalty = Claim.of("penalty", statement.penalty_minor, 0, closes_on)
    if stopped:
        yield _off_memo(Rule.ACCRUE_INTEREST_MEMO, interest, waived=waived)
        yield _off_memo(Rule.CHARGE_PENALTY_MEMO, penalty, waived=waived)
    elif waived:
        yield _Part((Entry(Rule.WAIVE_INTEREST, interest.amount_minor),), None)
        yield _Part((Entry(Rule.WAIVE_PENALTY, penalty.amount_minor),), None)
    else:
        yield _part(Rule.WRITE_OFF_INTEREST, interest)
        yield _part(Rule.WRITE_OFF_PENALTY, penalty)
    if not waived:
        unposted = Claim.of("interest", max(0, unposted_minor(statement, program)), 0, closes_on)
        yield _part(Rule.CLAIM_INTEREST, unposted)
        unposted = Claim.of("penalty", max(0, unposted_penalty_minor(statement, program)), 0, closes_on)
        yield _part(Rule.CLAIM_PENALTY, unposted)


def _of_unbilled(account: Account, event: ChargedOff | ChargedOffByOwner, program: Program) -> Iterator[_Part]:
    for purchase in account.purchases:
        yield _part(Rule.WRITE_OFF_UNBILLED, Claim.of("principal", purchase.unbilled_minor, purchase.item_id))
    for plan in account.plans:
        yield _part(Rule.WRITE_OFF_UNBILLED, Claim.of("principal", plan.principal_minor, plan.item_id))
        yield _fee_to_come(plan, waived=event.mode == "principal")
    if event.mode != "principal":
        borne_minor = unbilled_interest_minor(account, event.value_on, program)
        yield _part(Rule.CLAIM_INTEREST, Claim.of("interest", borne_minor))


def _fee_to_come(plan: Plan, *, waived: bool) -> _Part:
    """What is paid or billed already is income now: nothing is left to earn it by. What is not billed never was."""
    to_earn_minor = plan.deferred_fee_minor - plan.fee_minor
    earned = Entry(Rule.EARN_FEE, abs(to_earn_minor), plan.item_id, reversed=to_earn_minor < 0)
    if waived:
        off = Entry(Rule.CHARGE_SHOPPER_FEE, plan.fee_minor, plan.item_id, reversed=True)
        return _Part((earned, off), None)
    off = Entry(Rule.WRITE_OFF_FEE_UNBILLED, plan.fee_minor, plan.item_id)
    return _Part((earned, off), Claim.of("fee", plan.fee_minor, plan.item_id))


def _part(rule: Rule, claim: Claim) -> _Part:
    return _Part((Entry(rule, claim.amount_minor, claim.item_id),), claim)


def _off_memo(rule: Rule, claim: Claim, *, waived: bool) -> _Part:
    """What non-accrual has taken off the books already: from one memo to the other, or nowhere."""
    off = Entry(rule, claim.amount_minor, reversed=True)
    if waived:
        return _Part((off,), None)
    return _Part((off, Entry(_CLAIMS[claim.bucket], claim.amount_minor)), claim)


# ── what claims bear ──────────────────────────────────────────────────────────────────────────────────────────────


def _borne(account: Account, written_off: WrittenOff, on: date, program: Program) -> WrittenOff:
    """The claims with interest on their principal brought to the beginning of `on`, nothing claimed."""
    if not written_off.bears_interest or on <= written_off.accrued_through_on:
        return written_off
    base_minor = sum(claim.amount_minor for claim in written_off.claims if claim.bucket == "principal")
    accruals = borne_over(written_off.accruals, base_minor, written_off.on, written_off.accrued_through_on, on, program)
    return replace(written_off, accruals=accruals, accrued_through_on=on)


def _closes_on(claim: Claim) -> date:
    """Where a claim stands by age: what no statement had billed comes last."""
    return claim.closes_on or date.max


def _summed(entries: Iterable[Entry]) -> Entries:
    sums: dict[tuple[Rule, int, bool], int] = {}
    for entry in entries:
        key = entry.rule, entry.subject_id, entry.reversed
        sums[key] = sums.get(key, 0) + entry.amount_minor
    return tuple(Entry(rule, minor, item_id, reversed) for (rule, item_id, reversed), minor in sums.items() if minor)
