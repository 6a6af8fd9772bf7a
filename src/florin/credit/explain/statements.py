"""A statement explained: its image, what is left of it, each line, the least payment, and why it is late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from florin.credit.closing import minimum_base
from florin.credit.explain import lenders
from florin.credit.explain.borne import borne_part
from florin.credit.explain.owed import debt_part, late_charge
from florin.credit.explain.parts import NothingToExplain, Part, added, plain, ref, terms_used
from florin.credit.explain.trace import Debt, Step, Trace, posted_minor
from florin.credit.interest import grace_ends_on
from florin.credit.items import Account, Statement, missed_minor
from florin.credit.terms import Bucket
from florin.events import (
    TOLD_LINES,
    CreditBalancePaid,
    FellPastDue,
    LateCharged,
    Refunded,
    Repaid,
    StatementIssued,
    StatementLine,
)
from florin.ledger import Rule
from florin.money.amounts import round_up, yuan_text


def statement(trace: Trace, closes_on: date) -> Part:
    """What is left of a statement: its image, less what paid and refunded it, plus what was charged on it since."""
    step = issued(trace, closes_on)
    event = _event(step)
    image = added(
        "statement.image",
        [line(trace, closes_on, number) for number, one in enumerate(event.lines, 1) if one.what not in TOLD_LINES],
        event=ref(step.id, event),
        values={"on": closes_on},
    )
    parts = [image, *_since(trace, step)]
    left_minor = sum(part.amount_minor for part in parts)
    account = trace.account
    assert left_minor == _left(account, closes_on)
    values = {"on": closes_on, "due_on": event.due_on, "image_minor": event.image_minor, "left_minor": left_minor}
    what = (
        "statement.untouched"
        if left_minor == event.image_minor
        else "statement.left"
        if left_minor
        else "statement.settled"
    )
    return added(what, parts, values=values, notes=tuple(_notes(trace, step)))


def line(trace: Trace, closes_on: date, number: int) -> Part:
    """One line of a statement's image. number: from 1."""
    step = issued(trace, closes_on)
    event = _event(step)
    if not 1 <= number <= len(event.lines):
        known = [f"line={closes_on:%Y-%m}/{known}" for known in range(1, len(event.lines) + 1)]
        raise NothingToExplain(f"line={closes_on:%Y-%m}/{number}", known)
    one = event.lines[number - 1]
    if one.what in TOLD_LINES:
        values: dict[str, Any] = {"closes_on": one.statement_closes_on or closes_on}
        return Part(what=f"line.{one.what}", amount_minor=one.amount_minor, item_id=one.item_id, values=values)
    if one.what in ("interest", "penalty"):
        of_on = one.statement_closes_on or closes_on
        return borne_part(trace, one.what, of_on, one.amount_minor, step.before, closes_on, upto=step)
    return _item_line(trace, step, one)


def minimum(trace: Trace, closes_on: date) -> Part:
    """The least payment of a statement, as it was made, and what has counted toward it since."""
    step = issued(trace, closes_on)
    event = _event(step)
    terms = trace.program.terms_on(closes_on)
    base = minimum_base(step.before, event.lines, terms)
    shared_minor = round_up(base.ordinary_minor * Fraction(terms.minimum_share))
    parts = [
        Part(
            what="minimum.share",
            amount_minor=shared_minor,
            values={"base_minor": base.ordinary_minor, "share": terms.minimum_share},
            terms=terms_used(trace.program, closes_on, "minimum_share"),
            arithmetic=f"{yuan_text(base.ordinary_minor)} × {plain(terms.minimum_share)} → {yuan_text(shared_minor)}",
        ),
        *(
            Part(what=f"minimum.{what}", amount_minor=minor)
            for what, minor in _in_full(event, terms.minimum_in_full).items()
        ),
        Part(what="minimum.missed", amount_minor=base.missed_minor),
        Part(what="minimum.over_limit", amount_minor=base.over_limit_minor),
    ]
    parts = [part for part in parts if part.amount_minor]
    rest_minor = event.minimum_minor - sum(part.amount_minor for part in parts)
    if rest_minor:
        what = "minimum.raised" if rest_minor > 0 else "minimum.capped"
        names = ("minimum_floor_minor", "minimum_whole_below_minor") if rest_minor > 0 else ()
        parts.append(Part(what=what, amount_minor=rest_minor, terms=terms_used(trace.program, closes_on, *names)))
    values = {"on": closes_on, "due_on": event.due_on}
    return added("minimum", parts, values=values, event=ref(step.id, event), notes=tuple(_counted(trace, step)))


def newest(trace: Trace) -> date:
    """The close of the statement that a shopper means when she names none."""
    if not trace.statements:
        raise NothingToExplain("statement")
    return max(trace.statements)


def issued(trace: Trace, closes_on: date) -> Step:
    step = trace.statements.get(closes_on)
    if step is None:
        raise NothingToExplain(f"statement={closes_on}", [f"statement={close}" for close in trace.statements])
    return step


# ── lines ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _item_line(trace: Trace, step: Step, one: StatementLine) -> Part:
    bucket: Bucket = "fee" if one.what == "fee" else "principal"
    debt = Debt(bucket, one.item_id, one.number)
    values: dict[str, Any] = {"number": one.number, "count": one.count} if one.number else {}
    explained = debt_part(trace, debt, trace.movements({debt}, upto=step))
    parts = list(explained.parts)
    rest_minor = one.amount_minor - explained.amount_minor
    if rest_minor:
        # The image stands as it was made; history was corrected since.
        parts.append(Part(what="line.corrected", amount_minor=rest_minor))
    who_lent = tuple(lenders.lent(trace, one.item_id)) if bucket == "principal" else ()
    return added(f"line.{one.what}", parts, item_id=one.item_id, values=values, notes=who_lent)


def _in_full(event: StatementIssued, in_full: tuple[str, ...]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in event.lines:
        if one.what in in_full:
            sums[one.what] = sums.get(one.what, 0) + one.amount_minor
    return sums


# ── since it was made ─────────────────────────────────────────────────────────────────────────────────────────────


def _since(trace: Trace, step: Step) -> Iterator[Part]:
    """What changed what is left of it, event by event."""
    event = _event(step)
    at_once_minor = _left(step.after, event.closes_on) - event.image_minor
    if at_once_minor:
        what = "statement.balance_used" if at_once_minor < 0 else "statement.given_back"
        yield _change(step, what, at_once_minor)
    for later in trace.steps[trace.place(step) + 1 :]:
        minor = _left(later.after, event.closes_on) - _left(later.before, event.closes_on)
        if not minor:
            continue
        if isinstance(later.event, LateCharged):
            more = late_charge(trace, later)
            yield Part(what="moved.late_charge", amount_minor=minor, event=ref(later.id, later.event), **more)
        else:
            yield _change(later, _CHANGED.get(type(later.event).__name__, "moved.other"), minor)


_CHANGED = {
    "Repaid": "statement.repaid",
    "Refunded": "statement.refunded",
    "StatementIssued": "statement.balance_used",
    "CostCharged": "moved.cost",
}


def _change(step: Step, what: str, minor: int) -> Part:
    event = step.event
    of_minor = event.credit_minor if isinstance(event, Refunded) else getattr(event, "amount_minor", 0)
    values = {"on": event.value_on, "of_minor": of_minor, "kind": type(event).__name__}
    rules = tuple(dict.fromkeys(e.rule.name for e in step.entries if e.rule.name.startswith(("CLEAR_", "USE_"))))
    return Part(
        what=what,
        amount_minor=minor,
        values=values,
        item_id=event.payment_id,
        event=ref(step.id, event),
        rules=rules,
    )


def _left(account: Account, closes_on: date) -> int:
    found = _statement(account, closes_on)
    return 0 if found is None else found.remaining_minor


def _statement(account: Account, closes_on: date) -> Statement | None:
    return next((one for one in account.statements if one.closes_on == closes_on), None)


# ── what else belongs to the answer ───────────────────────────────────────────────────────────────────────────────


def _notes(trace: Trace, step: Step) -> Iterator[Part]:
    event = _event(step)
    if event.earlier_minor:
        yield Part(what="note.earlier", amount_minor=event.earlier_minor)
    yield minimum(trace, event.closes_on)
    yield from _elsewhere(trace, step)
    yield from _bought_earlier_paid_earlier(trace, step)


def _counted(trace: Trace, step: Step) -> Iterator[Part]:
    """Payments and refunds that counted toward the minimum, those that came too late, and whether it is late."""
    event = _event(step)
    first = _statement(step.after, event.closes_on)
    in_time_on = event.due_on if first is None else grace_ends_on(first, trace.program)
    counted_minor = 0
    for before, after, one in _while_there(trace, step):
        minor = after - before
        counted_minor += minor
        if minor:
            what = "minimum.counted" if one.event.value_on <= in_time_on else "minimum.counted_late"
            values = {"on": one.event.value_on, "due_on": in_time_on, "kind": type(one.event).__name__}
            yield Part(what=what, amount_minor=minor, values=values, event=ref(one.id, one.event))
    for one in trace.steps[trace.place(step) :]:
        if isinstance(one.event, FellPastDue) and one.event.closes_on == event.closes_on:
            values = {"on": one.event.value_on, "due_on": event.due_on}
            yield Part(
                what="minimum.fell_past_due",
                amount_minor=one.event.missed_minor,
                values=values,
                event=ref(one.id, one.event),
                terms=terms_used(trace.program, event.closes_on, "grace_days", "minimum_tolerance_minor"),
            )
    left_minor = missed_minor(trace.account, event.closes_on)
    what = "minimum.left" if left_minor else "minimum.met"
    yield Part(what=what, amount_minor=left_minor, values={"due_on": event.due_on})


def _while_there(trace: Trace, step: Step) -> Iterator[tuple[int, int, Step]]:
    """(counted before, counted after, step) while the statement is on the account; paying it off counts what it took."""
    closes_on = _event(step).closes_on
    for one in trace.steps[trace.place(step) :]:
        here = None if one is step else _statement(one.before, closes_on)
        there = _statement(one.after, closes_on)
        if here is None and one is not step:
            return
        counted = 0 if here is None else here.counted_minor
        if there is not None:
            yield counted, there.counted_minor, one
        elif here is not None:
            yield counted, counted + _toward(one, here), one


def _toward(step: Step, statement: Statement) -> int:
    """What the step that settled it brought."""
    amount_minor = getattr(step.event, "amount_minor", 0) or getattr(step.event, "credit_minor", 0)
    return int(min(amount_minor, _owed_through(step.before, statement)))


def _owed_through(account: Account, statement: Statement) -> int:
    return sum(one.remaining_minor for one in account.statements if one.closes_on <= statement.closes_on)


def _elsewhere(trace: Trace, step: Step) -> Iterator[Part]:
    """Refunds of what this statement lists that had to go somewhere else: it was paid already, or not billed here."""
    event = _event(step)
    items = {one.item_id for one in event.lines if one.item_id}
    for later in trace.steps[trace.place(step) + 1 :]:
        refunded = later.event
        if not isinstance(refunded, Refunded) or refunded.before_receipt or refunded.payment_id not in items:
            continue
        here_minor = _left(later.before, event.closes_on) - _left(later.after, event.closes_on)
        if here_minor < refunded.credit_minor:
            values = {
                "on": refunded.value_on,
                "of_minor": refunded.credit_minor,
                "to_wallet_minor": _paid_out(trace, later),
            }
            yield Part(
                what="note.refund_elsewhere",
                amount_minor=refunded.credit_minor - here_minor,
                values=values,
                item_id=refunded.payment_id,
                event=ref(later.id, refunded),
                terms=terms_used(
                    trace.program, refunded.value_on, "refund_excess_to_other_debt", "credit_balance_to_wallet"
                ),
            )


def _paid_out(trace: Trace, step: Step) -> int:
    """What went to the wallet at once."""
    place = trace.place(step) + 1
    if place < len(trace.steps) and isinstance(trace.steps[place].event, CreditBalancePaid):
        return posted_minor(trace.steps[place], Rule.PAY_CREDIT_BALANCE)
    return 0


def _bought_earlier_paid_earlier(trace: Trace, step: Step) -> Iterator[Part]:
    """Repayments in the statement's own cycle: what they cleared is not on it, or is on an older one."""
    event = _event(step)
    for earlier in trace.steps[: trace.place(step)]:
        if isinstance(earlier.event, Repaid) and event.opens_on <= earlier.event.value_on < event.closes_on:
            values = {"on": earlier.event.value_on}
            amount_minor = earlier.event.amount_minor
            yield Part(
                what="note.paid_before", amount_minor=amount_minor, values=values, event=ref(earlier.id, earlier.event)
            )


def _event(step: Step) -> StatementIssued:
    assert isinstance(step.event, StatementIssued)
    return step.event
