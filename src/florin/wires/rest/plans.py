"""Plans by the owner's program: what paying one off or putting a bill into installments comes to, and doing it.

A purchase is named by its payment's id, as everywhere on this wire; the line's own number of it stays inside. A quote is
read from the line as of today and writes nothing; the command says what was agreed, and is refused when the terms make
something else of it by then.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from florin.credit import convert, plan_payoff
from florin.credit.payoff import payoff_through
from florin.engine import NotFound
from florin.events import BillConverted, PurchaseConverted
from florin.events.refusals import Refusal
from florin.queries.payments import payment_by_trade
from florin.wires.rest import shapes, show
from florin.wires.rest.lines import line_view
from florin.wires.rest.owner import execute, known_id
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.repayments import once_by_bank, repaid
from florin.wires.rest.serve import Answer, Call

QUOTED_DAYS_MAX = 62


async def get_line_payoff(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/payoff"""
    query: shapes.PayoffQuery = call.query
    view = await line_view(call)
    on = view.at.on
    through_on, last_on = query.through_on or on, on + timedelta(days=QUOTED_DAYS_MAX)
    if not on <= through_on <= last_on:
        raise invalid("through_on", f"No quote goes to {through_on}.", f"Send a day from {on} to {last_on}.")
    return Answer(show.payoffs(view.line.id, payoff_through(view.account, on, through_on, view.program)))


async def get_payoff(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/plan-payoff"""
    query: shapes.PlanQuery = call.query
    view = await line_view(call)
    item_id = await _item(call, view.line.id, query.payment_id, query.closes_on)
    found = plan_payoff.quote(view.account, view.at.on, view.program, item_id=item_id, closes_on=query.closes_on)
    if found is None:
        raise RefusedBy(plan_payoff.nothing_to_pay_off(view.account, item_id))
    return Answer(show.plan_payoff(view.line.id, query.payment_id, found, call.house.settings.lender))


async def pay_off(call: Call, body: shapes.NewPlanPayoff) -> Answer:
    """POST /v1/owner/lines/{line_id}/plan-payoffs"""
    line_id = known_id(call, "line_id", "line")
    once = once_by_bank(body.source, body.bank_reference)
    command = plan_payoff.PayOffPlan(
        line_id=line_id,
        item_id=await _item(call, line_id, body.payment_id, body.closes_on),
        closes_on=body.closes_on,
        amount_minor=body.amount_minor,
        source=body.source,
        reference=body.bank_reference,
    )
    return repaid(await execute(call, command, ("plan-payoff", line_id, body), once))


async def get_conversion(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/conversion"""
    query: shapes.ConversionQuery = call.query
    view = await line_view(call)
    item_id = await _item(call, view.line.id, query.payment_id, query.closes_on)
    found: convert.ConversionQuote | Refusal
    if query.closes_on is None:
        found = convert.preview_purchase(view.account, item_id, query.installments, view.at.on, view.program)
    else:
        found = convert.preview_bill(
            view.account, query.closes_on, query.amount_minor, query.installments, view.at.on, view.program
        )
    if isinstance(found, Refusal):
        raise RefusedBy(found)
    return Answer(show.conversion(view.line.id, found, call.house.settings.lender))


async def make_conversion(call: Call, body: shapes.NewConversion) -> Answer:
    """POST /v1/owner/lines/{line_id}/conversions"""
    line_id = known_id(call, "line_id", "line")
    item_id = await _item(call, line_id, body.payment_id, body.closes_on)
    command: convert.ConvertPurchase | convert.ConvertBill
    if body.closes_on is None:
        command = convert.ConvertPurchase(line_id=line_id, item_id=item_id, installments=body.installments)
    else:
        command = convert.ConvertBill(
            line_id=line_id,
            closes_on=body.closes_on,
            amount_minor=_amount(body.closes_on, body.amount_minor),
            installments=body.installments,
        )
    outcome = await execute(call, command, ("conversion", line_id, body))
    event = cast(PurchaseConverted | BillConverted, outcome.event)
    return Answer(show.converted(outcome.event_id, body.payment_id, event), 201, outcome.replayed)


async def _item(call: Call, line_id: int, payment_id: str | None, closes_on: object) -> int:
    """The line's own number of the purchase that is meant; 0 for a bill. Raises when both are named, or neither, and when the
    payment is none of this line.
    """
    if (payment_id is None) == (closes_on is None):
        raise invalid("payment_id", "It is a purchase or a bill.", "Send one of `payment_id` and `closes_on`.")
    if payment_id is None:
        return 0
    view = await call.house.reads.ask_async(payment_by_trade, trade_id=int(payment_id))
    if view is None or view.payment is None or view.payment.line_id != line_id:
        raise RefusedBy(NotFound(what="payment", id=int(payment_id)))
    return view.payment.id


def _amount(closes_on: object, amount_minor: int | None) -> int:
    if amount_minor is None:
        raise invalid("amount_minor", f"How much of the bill of {closes_on}?", "Send the amount in minor units.")
    return amount_minor
