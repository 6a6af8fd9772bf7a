"""Why the answer was no: the refusal's own numbers, and the amounts behind them on that day."""

from __future__ import annotations

from collections.abc import Sequence

from florin.credit.explain.available import _negative, available, used, used_at
from florin.credit.explain.owed import payoff
from florin.credit.explain.parts import Part, added, ref, terms_used
from florin.credit.explain.statements import statement
from florin.credit.explain.trace import Trace
from florin.credit.terms import SubLimit
from florin.events import Refused


def refusal(trace: Trace, event_id: int, refused: Refused, others: Sequence[Trace] = ()) -> Part:
    """A refusal of a purchase, a repayment or a closing. trace: of the line, up to the moment of the refusal; others: of the
    person's lines that share a limit with it, up to then.

    The amount is what the refusal is about: by how much it was too much, what is still owed. Where today's fold of that
    moment differs from the numbers that were said, what was said stands.
    """
    numbers = refused.numbers
    values = {"on": refused.value_on, "refusal": refused.refusal, "numbers": numbers}
    event = ref(event_id, refused)
    if refused.refusal in ("CreditLimitExceeded", "LimitNotBackYet"):
        requested = Part(what="refusal.requested", amount_minor=numbers["requested_minor"])
        parts = [requested, _as_said(_negative(available(trace)), -numbers["available_minor"])]
        terms = terms_used(trace.program, refused.value_on, "over_limit_tolerance_minor")
        return added("refusal", parts, values=values, event=event, terms=terms)
    if refused.refusal == "SubLimitExceeded":
        names = {name: numbers[name] for name in ("market", "category", "channel")}
        parts = [
            Part(what="refusal.requested", amount_minor=numbers["requested_minor"]),
            _as_said(used_at(trace, SubLimit(**names)), numbers["outstanding_minor"]),
            Part(what="refusal.sub_limit", amount_minor=-numbers["sub_limit_minor"], values=names),
        ]
        terms = terms_used(trace.program, refused.value_on, "sub_limits")
        return added("refusal", parts, values=values, event=event, terms=terms)
    if refused.refusal == "SharedLimitExceeded":
        lines = added("refusal.shared_exposure", [used(one) for one in (trace, *others)])
        parts = [
            Part(what="refusal.requested", amount_minor=numbers["requested_minor"]),
            _as_said(lines, numbers["exposure_minor"]),
            Part(what="refusal.shared_limit", amount_minor=-numbers["shared_limit_minor"]),
        ]
        terms = terms_used(trace.program, refused.value_on, "exposure_group_limit_minor")
        return added("refusal", parts, values=values, event=event, terms=terms)
    if refused.refusal == "AcceptanceCapExceeded":
        parts = [
            Part(what="refusal.requested", amount_minor=numbers["requested_minor"]),
            Part(what="refusal.acceptance_cap", amount_minor=-numbers["cap_minor"]),
        ]
        return added("refusal", parts, values=values, event=event)
    if refused.refusal == "AcceptanceMonthCapExceeded":
        parts = [
            Part(what="refusal.requested", amount_minor=numbers["requested_minor"]),
            Part(what="refusal.month_used", amount_minor=numbers["used_minor"]),
            Part(what="refusal.month_cap", amount_minor=-numbers["month_cap_minor"]),
        ]
        return added("refusal", parts, values=values, event=event)
    if refused.refusal == "StillOwed":
        parts = [_as_said(payoff(trace), numbers["owed_minor"])]
        return added("refusal", parts, values=values, event=event)
    if refused.refusal == "PastDue":
        late = next((one for one in trace.account.statements if one.past_due), None)
        notes = () if late is None else (statement(trace, late.closes_on),)
        terms = terms_used(trace.program, refused.value_on, "blocks_while_past_due", "grace_days")
        amount_minor = numbers["due_minor"]
        return Part(what="refusal", amount_minor=amount_minor, values=values, event=event, terms=terms, notes=notes)
    amounts = [
        Part(what="refusal.number", amount_minor=int(v), values={"name": n})
        for n, v in numbers.items()
        if n.endswith("_minor")
    ]
    return Part(what="refusal", amount_minor=0, values=values, event=event, notes=tuple(amounts))


def _as_said(part: Part, said_minor: int) -> Part:
    """The part, if it comes to what was said; otherwise with the difference named."""
    rest_minor = said_minor - part.amount_minor
    if not rest_minor:
        return part
    return added("refusal.then", [part, Part(what="line.corrected", amount_minor=rest_minor)])
