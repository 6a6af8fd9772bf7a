"""What may still be spent: the limit, less what is reserved and owed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from florin.credit.explain.owed import debt_part
from florin.credit.explain.parts import Part, added, ref, terms_used
from florin.credit.explain.trace import Debt, Step, Trace, all_debts
from florin.credit.items import Account
from florin.credit.line import Line, LineState, evolve, open_line
from florin.credit.shared_limit import SharedExposure
from florin.credit.spendable import rooms_of, shared_room
from florin.credit.terms import SubLimit
from florin.events import (
    Authorized,
    Captured,
    Escrowed,
    Event,
    LimitSet,
    LineFrozen,
    LineOpened,
    LineUnfrozen,
    Received,
    Refunded,
    Repaid,
    UpliftEnded,
    UpliftGiven,
    Voided,
)

_OF_THE_LINE = (Authorized, Captured, Escrowed, LimitSet, LineFrozen, LineUnfrozen, Received, Voided)


def available(trace: Trace, line: Line | None = None, shared: SharedExposure | None = None) -> Part:
    """Limit less reserved, committed and owed principal and what has not cleared, plus what is owed to the customer; less what
    her other lines use up of a limit that they share. Beside it, what sub-limits leave of it.

    line: its row, where the day is today, for its state. shared: what it shares today, if it does.
    """
    limit = _limit(trace)
    held, committed = _reserved(trace)
    account = trace.account
    wanted = [debt for debt, _ in all_debts(account) if debt.bucket == "principal"]
    movements = trace.movements(set(wanted))
    principal = [_negative(debt_part(trace, debt, movements)) for debt in _once(wanted)]
    parts = [
        limit,
        held,
        committed,
        added("available.principal", _by_item(principal)),
        Part(what="available.credit_balance", amount_minor=account.credit_balance_minor),
        _uncleared(trace),
    ]
    parts += _shared(trace, shared, sum(part.amount_minor for part in parts))
    parts = [part for part in parts if part.amount_minor or part is limit]
    amount_minor = sum(part.amount_minor for part in parts)
    what = "available" if amount_minor >= 0 else "available.below"
    terms = terms_used(
        trace.program, trace.on, "over_limit_tolerance_minor", "blocks_while_past_due", "repayment_hold_days"
    )
    notes = (*_blocks(trace, line), *_rooms(trace, line, amount_minor))
    return added(what, parts, values={"on": trace.on}, terms=terms, notes=notes)


def _shared(trace: Trace, shared: SharedExposure | None, line_minor: int) -> list[Part]:
    """What the line alone would leave, and the limit that it shares does not."""
    room = shared_room(shared, trace.program.terms_on(trace.on))
    if room is None or room.left_minor >= line_minor:
        return []
    values = {"limit_minor": room.most_minor, "exposure_minor": room.exposure_minor}
    terms = terms_used(trace.program, trace.on, "exposure_group", "exposure_group_limit_minor")
    return [Part(what="available.shared", amount_minor=room.left_minor - line_minor, values=values, terms=terms)]


def _rooms(trace: Trace, line: Line | None, amount_minor: int) -> Iterator[Part]:
    """What may be spent where a sub-limit leaves less. Its sums are in the line's row, so of today alone."""
    if line is None:
        return
    for room in rooms_of(line, trace.program.terms_on(trace.on), trace.on, amount_minor):
        if room.left_minor < amount_minor:
            values = {"which": room.sub_limit, "most_minor": room.most_minor, "used_minor": room.outstanding_minor}
            yield Part(what="note.room", amount_minor=room.left_minor, values=values)


def used(trace: Trace) -> Part:
    """What a line uses of its limit, and of a limit that it shares with others."""
    parts = [_negative(part) for part in available(trace).parts if part.what != "available.limit"]
    titles = {"title_en": trace.program.title_en, "title_zh": trace.program.title_zh}
    return added("refusal.line_used", parts, values=titles)


def used_at(trace: Trace, sub_limit: SubLimit) -> Part:
    """What purchases that a sub-limit covers keep of it, one by one: reserved, paid into escrow, or owed."""
    places = {step.event.payment_id: place for step in trace.steps if (place := getattr(step.event, "place", None))}
    covered = {item_id for item_id, place in places.items() if sub_limit.covers(place)}
    reserved = [_negative(part) for kind in _reserved(trace) for part in kind.parts if part.item_id in covered]
    wanted = [debt for debt, _ in all_debts(trace.account) if debt.bucket == "principal" and debt.item_id in covered]
    movements = trace.movements(set(wanted))
    owed = [debt_part(trace, debt, movements) for debt in _once(wanted)]
    names = {"market": sub_limit.market, "category": sub_limit.category, "channel": sub_limit.channel}
    return added("refusal.outstanding", [*reserved, *_by_item(owed)], values=names)


def _limit(trace: Trace) -> Part:
    """The limit in force, from the opening through every change."""
    opened = trace.opened.event
    assert isinstance(opened, LineOpened)
    values: dict[str, Any] = {"on": opened.value_on}
    parts = [
        Part(what="limit.opened", amount_minor=opened.limit_minor, values=values, event=ref(trace.opened.id, opened))
    ]
    for step in trace.steps:
        uplifts_minor = _uplifts_minor(step.after) - _uplifts_minor(step.before)
        if isinstance(step.event, UpliftGiven | UpliftEnded) and uplifts_minor:
            what = "limit.uplift" if uplifts_minor > 0 else "limit.uplift_ended"
            values = {"on": step.event.value_on, "until_on": step.event.until_on}
            values |= {"reason": getattr(step.event, "reason", "")}
            parts.append(Part(what=what, amount_minor=uplifts_minor, values=values, event=ref(step.id, step.event)))
        change_minor = step.after.limit_minor - step.before.limit_minor
        if change_minor:
            what = "limit.raised" if change_minor > 0 else "limit.cut"
            said = {"on": step.event.value_on, "limit_minor": step.after.limit_minor}
            reason = getattr(step.event, "reason", "")
            parts.append(
                Part(
                    what=what,
                    amount_minor=change_minor,
                    values={**said, "reason": reason},
                    event=ref(step.id, step.event),
                )
            )
    return added("available.limit", parts)


def _uplifts_minor(account: Account) -> int:
    return account.limit_in_force_minor - account.limit_minor


def _uncleared(trace: Trace) -> Part:
    """Repayments that the bank may still take back, each with the day from which its limit is free again."""
    parts = []
    for held in trace.account.uncleared:
        made = next(
            step
            for step in trace.steps
            if isinstance(step.event, Repaid)
            and (step.event.reference, step.event.amount_minor, step.event.value_on)
            == (held.reference, held.amount_minor, held.repaid_on)
        )
        parts.append(
            Part(
                what="uncleared.repayment",
                amount_minor=-held.held_minor,
                values={"on": held.repaid_on, "clears_on": held.clears_on},
                event=ref(made.id, made.event),
            )
        )
    return added("available.uncleared", parts)


def _reserved(trace: Trace) -> tuple[Part, Part]:
    """What authorizations hold, and what is paid into escrow and not received yet, payment by payment."""
    held: dict[int, list[Part]] = {}
    committed: dict[int, list[Part]] = {}
    for step, before, after in _line_steps(trace):
        payment_id = step.event.payment_id
        for found, minor, what in (
            (held, before.held_minor - after.held_minor, "held"),
            (committed, before.committed_minor - after.committed_minor, "committed"),
        ):
            if minor:
                said = f"{what}.{'taken' if minor < 0 else 'freed'}"
                values = {"on": step.event.value_on}
                found.setdefault(payment_id, []).append(
                    Part(
                        what=said, amount_minor=minor, values=values, item_id=payment_id, event=ref(step.id, step.event)
                    )
                )
    return _open_ones("held", held), _open_ones("committed", committed)


def _open_ones(what: str, found: dict[int, list[Part]]) -> Part:
    each = [added(f"{what}.payment", parts, item_id=payment_id) for payment_id, parts in found.items()]
    return added(f"available.{what}", [part for part in each if part.amount_minor])


def _line_steps(trace: Trace) -> Iterator[tuple[Step, Line, Line]]:
    """The till's own sums before and after each event that moves them."""
    opened = trace.opened.event
    assert isinstance(opened, LineOpened)
    line = open_line(opened, lane=0)
    for step in trace.steps:
        if _moves_the_line(step.event):
            after = evolve(line, step.event)
            yield step, line, after
            line = after


def _moves_the_line(event: Event) -> bool:
    return isinstance(event, _OF_THE_LINE) or (isinstance(event, Refunded) and event.before_receipt)


def _once(debts: list[Debt]) -> list[Debt]:
    return list(dict.fromkeys(debts))


def _by_item(parts: list[Part]) -> list[Part]:
    """Installments of one purchase together."""
    items: dict[int, list[Part]] = {}
    for part in parts:
        items.setdefault(part.item_id, []).append(part)
    return [
        mine[0] if len(mine) == 1 else added("available.item", mine, item_id=item_id) for item_id, mine in items.items()
    ]


def _negative(part: Part) -> Part:
    """The same part on the other side of a sum."""
    return Part(
        what=part.what,
        amount_minor=-part.amount_minor,
        values=part.values,
        item_id=part.item_id,
        event=part.event,
        rules=part.rules,
        terms=part.terms,
        spans=part.spans,
        arithmetic=part.arithmetic,
        parts=tuple(map(_negative, part.parts)),
        notes=part.notes,
    )


def _blocks(trace: Trace, line: Line | None) -> Iterator[Part]:
    """Why nothing new can be bought although something is available."""
    due_on = trace.account.past_due_on()
    if due_on is not None and due_on < trace.on and trace.program.terms_on(trace.on).blocks_while_past_due:
        yield Part(what="note.blocked_past_due", amount_minor=trace.account.due_minor, values={"due_on": due_on})
    if line is not None and line.state is not LineState.OPEN:
        yield Part(what=f"note.{line.state.name.lower()}", amount_minor=0)
    elif line is not None and (line.particulars.closing or line.particulars.hardship):
        yield Part(what="note.closing" if line.particulars.closing else "note.hardship", amount_minor=0)
