"""Returns: a refund in the debt of the very purchase it is for.

A purchase not billed yet simply shrinks. A plan's installments to come shrink evenly first, and the fee of what will
not be lent is cancelled by the terms; then what is left of its billed installments clears, the oldest first. Billed
fees stay: they are earned. A fee up front is earned by and by, so its share of what is returned goes back as money does:
to what is left of that fee, then on in the refund order, as what the purchase does not take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import replace

from florin.credit.allocation import Cleared, Debt, clear, principal_debt, without_settled
from florin.credit.items import Account, Plan
from florin.credit.terms import Terms
from florin.events import CampaignPart, Refunded
from florin.ledger import Entry, Rule
from florin.money.amounts import round_half_up, share_out


def return_purchase(account: Account, event: Refunded, terms: Terms) -> Cleared:
    """Clear what is owed on the refunded purchase itself, as far as the refund reaches.

    The merchant's fee and a campaign's part go back as the event agreed them; the shopper's is cancelled by the terms.
    """
    unbilled = clear(account, _unbilled_debts(account, event.payment_id), event.credit_minor)
    account, shrunk, rest_minor = _shrink_plans(unbilled.account, event, unbilled.rest_minor, terms)
    given_back_minor = sum(entry.amount_minor for entry in shrunk if entry.rule is Rule.GIVE_BACK_FEE)
    fee = clear(account, _billed_fees(account, event.payment_id), given_back_minor)
    rest_minor += fee.rest_minor
    billed = clear(fee.account, _billed_debts(fee.account, event.payment_id), rest_minor)
    by_statement = Counter(billed.by_statement) + Counter(fee.by_statement)
    return billed._replace(
        entries=(*unbilled.entries, *shrunk, *fee.entries, *billed.entries), by_statement=dict(by_statement)
    )


def merchant_fee_back_minor(account: Account, item_id: int, returned_minor: int, terms: Terms) -> int:
    """What the merchant gets back of an installment fee that he bore, when so much of the purchase is returned."""
    back_minor = 0
    for plan in account.plans:
        if plan.item_id == item_id:
            taken_minor = min(returned_minor, plan.principal_minor)
            returned_minor -= taken_minor
            if plan.fee_payer == "merchant":
                back_minor += cancelled_fee_minor(plan, taken_minor, terms)
    return back_minor


def subsidy_back(account: Account, item_id: int, returned_minor: int, terms: Terms) -> CampaignPart | None:
    """What a campaign gets back of the fee that it bears, when so much of the purchase is returned."""
    part, back_minor = None, 0
    for plan in account.plans:
        if plan.item_id == item_id:
            taken_minor = min(returned_minor, plan.principal_minor)
            returned_minor -= taken_minor
            part = plan.subsidy or part
            back_minor += cancelled_borne_minor(plan, taken_minor, terms)
    return None if part is None or not back_minor else replace(part, amount_minor=back_minor)


def cancelled_borne_minor(plan: Plan, returned_minor: int, terms: Terms) -> int:
    """The part of what a campaign bears that is not earned and that such a return cancels, by the same terms."""
    if returned_minor == 0 or terms.plan_refund_fee == "keep":
        return 0
    if terms.plan_refund_fee == "full_return_only":
        return plan.borne_minor if returned_minor == plan.principal_minor else 0
    return round_half_up(Fraction(plan.borne_minor * returned_minor, plan.principal_minor))


def cancelled_fee_minor(plan: Plan, returned_minor: int, terms: Terms) -> int:
    """The part of the fee not yet earned that a return of `returned_minor` of the unbilled principal cancels, without what a
    campaign bears.

    Of a fee up front F on P a return of r cancels F·r/P, and so a return of all that is unbilled F·U/P.
    """
    own_minor = plan.deferred_fee_minor - plan.borne_minor
    if returned_minor == 0 or terms.plan_refund_fee == "keep":
        return 0
    if terms.plan_refund_fee == "full_return_only":
        return own_minor if returned_minor == plan.principal_minor else 0
    if plan.upfront_fee_minor:
        share = Fraction(plan.upfront_fee_minor * returned_minor, plan.bought_minor)
        return min(round_half_up(share), own_minor)
    return round_half_up(Fraction(own_minor * returned_minor, plan.principal_minor))


def _unbilled_debts(account: Account, item_id: int) -> list[Debt]:
    return [
        Debt("purchase", index, 0, "principal", purchase.unbilled_minor, item_id, Rule.CLEAR_PRINCIPAL_UNBILLED)
        for index, purchase in enumerate(account.purchases)
        if purchase.item_id == item_id
    ]


def _billed_debts(account: Account, item_id: int) -> list[Debt]:
    return [
        principal_debt(statement, index, part)
        for index, statement in enumerate(account.statements)
        for part, item in enumerate(statement.items)
        if item.item_id == item_id and item.principal_minor > 0
    ]


def _billed_fees(account: Account, item_id: int) -> list[Debt]:
    return [
        Debt("statement", index, part, "fee", item.fee_minor, item_id, Rule.CLEAR_FEE_BILLED, statement.closes_on)
        for index, statement in enumerate(account.statements)
        for part, item in enumerate(statement.items)
        if item.item_id == item_id and item.fee_minor > 0
    ]


def _shrink_plans(
    account: Account, event: Refunded, amount_minor: int, terms: Terms
) -> tuple[Account, list[Entry], int]:
    plans: list[Plan] = []
    entries: list[Entry] = []
    fee_back_minor = event.merchant_fee_back_minor
    borne_back_minor = 0 if event.subsidy_back is None else event.subsidy_back.amount_minor
    for plan in account.plans:
        taken_minor = min(amount_minor, plan.principal_minor) if plan.item_id == event.payment_id else 0
        if taken_minor == 0:
            plans.append(plan)
            continue
        amount_minor -= taken_minor
        if plan.fee_payer == "shopper":
            cancelled_minor = cancelled_fee_minor(plan, taken_minor, terms)
            unbilled_minor = min(cancelled_minor, plan.fee_minor)
            entries.append(Entry(Rule.CHARGE_SHOPPER_FEE, unbilled_minor, plan.item_id, reversed=True))
            entries.append(Entry(Rule.GIVE_BACK_FEE, cancelled_minor - unbilled_minor, plan.item_id))
        else:
            cancelled_minor = min(fee_back_minor, plan.deferred_fee_minor)
            fee_back_minor -= cancelled_minor
        borne_minor = min(borne_back_minor, plan.borne_minor)
        borne_back_minor -= borne_minor
        shrunk = _shrink(plan, taken_minor, cancelled_minor, borne_minor)
        left = without_settled(shrunk)
        entries.append(Entry(Rule.CLEAR_PRINCIPAL_UNBILLED, taken_minor, plan.item_id))
        entries.append(Entry(Rule.EARN_FEE, shrunk.deferred_fee_minor - left.deferred_fee_minor, plan.item_id))
        plans += [left] if left.future else []
    # Agreed with the merchant or a campaign before a correction changed the plan: the lender bears what no plan has left.
    entries.append(Entry(Rule.EARN_FEE, fee_back_minor + borne_back_minor, event.payment_id, reversed=True))
    return replace(account, plans=tuple(plans)), [e for e in entries if e.amount_minor > 0], amount_minor


def _shrink(plan: Plan, taken_minor: int, cancelled_minor: int, borne_minor: int) -> Plan:
    principals = share_out(plan.principal_minor - taken_minor, [i.principal_minor for i in plan.future])
    fees = [installment.fee_minor for installment in plan.future]
    earned = [installment.earns_minor for installment in plan.future]
    if cancelled_minor > 0 and plan.upfront_fee_minor:
        fees = _less(fees, min(cancelled_minor, plan.fee_minor))
        earned = [*_less([installment.own_income_minor for installment in plan.future], cancelled_minor)]
    elif cancelled_minor > 0:
        fees = _less(fees, cancelled_minor)
    borne = _less([installment.borne_minor for installment in plan.future], borne_minor)
    future = tuple(
        replace(installment, principal_minor=principal, fee_minor=fee, earns_minor=earns_minor, borne_minor=of_campaign)
        for installment, principal, fee, earns_minor, of_campaign in zip(
            plan.future, principals, fees, earned, borne, strict=True
        )
    )
    return replace(plan, future=future)


def _less(amounts: Sequence[int], minor: int) -> list[int]:
    """The amounts, lowered by so much in all, in proportion."""
    whole = sum(amounts)
    return share_out(whole - minor, amounts) if minor else list(amounts)
