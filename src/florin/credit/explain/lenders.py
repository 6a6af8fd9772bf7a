"""Who lent: of a joint loan the partner bank and its part, and what of the money that came in was passed on to it.

The customer owes all of it to us, and pays it to us. So these are notes beside her sums, in which no amount of the partner's is
counted: what a step posts between us and a partner (rules 200 to 219 of the ledger) is left out of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from florin.credit.explain.parts import Part, added, ref
from florin.credit.explain.trace import Step, Trace
from florin.credit.joint import principal_by_item
from florin.events import Captured, Escrowed, LoanFunding, Received
from florin.ledger import Rule
from florin.money.amounts import MILLION

_BETWEEN_LENDERS = range(200, 220)
_PASSED = {
    Rule.SHARE_PRINCIPAL: "lenders.passed_principal",
    Rule.SHARE_INCOME: "lenders.passed_income",
    Rule.SHARE_RECOVERY: "lenders.passed_recovery",
}


def lent(trace: Trace, item_id: int) -> Iterator[Part]:
    """How a purchase was lent on its first day, by us and by the partner bank; nothing of one that we lent alone."""
    for step in trace.of_payment(item_id):
        event, funding = step.event, _funding(step)
        if isinstance(event, Captured | Received | Escrowed) and funding is not None:
            parts = _two_parts(event.credit_minor, funding.partner_minor, funding)
            yield added(
                "lenders.lent",
                parts,
                item_id=item_id,
                values={"on": event.value_on, **_named(funding)},
                event=ref(step.id, event),
                rules=(Rule.FUND_LOAN.name,),
            )
            return


def funding_of(trace: Trace, item_id: int) -> LoanFunding | None:
    """Under which agreement a purchase was lent jointly; None where we lent it alone."""
    return next((funding for step in trace.of_payment(item_id) if (funding := _funding(step))), None)


def owed_to(trace: Trace, item_id: int) -> Iterator[Part]:
    """Whose each part is of what is left of a jointly lent purchase's principal, what waits for receipt included."""
    loan = next((loan for loan in trace.account.funded if loan.item_id == item_id), None)
    if loan is None:
        return
    owed, claimed = principal_by_item(trace.account)
    left_minor = owed[item_id] + claimed[item_id] + loan.escrow_minor
    if left_minor:
        funding = LoanFunding(
            agreement_id=loan.agreement_id,
            share_ppm=loan.share_ppm,
            servicing_ppm=loan.servicing_ppm,
            partner_minor=loan.partner_minor + loan.charged_off_minor,
        )
        parts = _two_parts(left_minor, funding.partner_minor, funding)
        yield added("lenders.left", parts, item_id=item_id, values={"on": trace.on, **_named(funding)})


def passed(step: Step) -> Iterator[Part]:
    """What one event passed on to partner banks, loan by loan; below zero where it took it back."""
    for loan in step.after.funded:
        parts = [
            Part(what=what, amount_minor=minor, rules=(rule.name,))
            for rule, what in _PASSED.items()
            if (minor := _shared_minor(step, rule, loan.item_id))
        ]
        if parts:
            values = {"on": step.event.value_on, "agreement_id": loan.agreement_id}
            yield added("lenders.passed", parts, item_id=loan.item_id, values=values)


def customers_rules(step: Step) -> tuple[str, ...]:
    """The rules under which a step moved what is the customer's."""
    rules = (entry.rule for entry in step.entries if entry.rule not in _BETWEEN_LENDERS)
    return tuple(dict.fromkeys(rule.name for rule in rules))


def agreements_of(part: Part) -> set[int]:
    """All agreements with partner banks that an explanation speaks of."""
    found = {part.values["agreement_id"]} if "agreement_id" in part.values else set()
    for one in (*part.parts, *part.notes):
        found |= agreements_of(one)
    return found


def _funding(step: Step) -> LoanFunding | None:
    return getattr(step.event, "funding", None)


def _two_parts(whole_minor: int, partner_minor: int, funding: LoanFunding) -> Sequence[Part]:
    return [
        Part(what="lenders.own", amount_minor=whole_minor - partner_minor),
        Part(what="lenders.partner", amount_minor=partner_minor, values=_named(funding)),
    ]


def _named(funding: LoanFunding) -> dict[str, Any]:
    return {"agreement_id": funding.agreement_id, "share": Decimal(funding.share_ppm) / MILLION}


def _shared_minor(step: Step, rule: Rule, item_id: int) -> int:
    """An entry without a subject is of the event's own payment."""
    return sum(
        -entry.amount_minor if entry.reversed else entry.amount_minor
        for entry in step.entries
        if entry.rule is rule and (entry.subject_id or step.event.payment_id) == item_id
    )
