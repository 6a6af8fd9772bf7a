"""How merchants are settled, by the owner's program and, for what is his, the merchant's: terms, payouts held, what is owed."""

from __future__ import annotations

import asyncio
from datetime import date, time, timedelta
from typing import Any, cast

import msgspec

from florin.engine import ClaimKind, NotFound, claim, clock
from florin.engine.admin import set_payout_account, set_settlement_terms
from florin.payments.hold_payouts import HoldPayouts, PayoutsNotHeld, ReleasePayouts
from florin.payments.pay_back import InvoiceMerchant, PayBack
from florin.payments.settlement_terms import DAYS, SettlementTerms
from florin.queries.settlement import SettlementView, settlement_of
from florin.wires.rest import shapes
from florin.wires.rest.merchants import known_merchant
from florin.wires.rest.owner import execute, known_id
from florin.wires.rest.problems import RefusedBy
from florin.wires.rest.serve import Answer, Call


async def get_settlement(call: Call, body: Any) -> Answer:
    """GET /v1/owner/merchants/{merchant_id}/settlement"""
    return Answer(_settlement(await _view(call, known_id(call, "merchant_id", "merchant"))))


async def get_own_settlement(call: Call, body: Any) -> Answer:
    """GET /v1/settlement: of the merchant whose app's key it is."""
    return Answer(_settlement(await _view(call, own_merchant(call))))


async def set_terms(call: Call, body: shapes.NewSettlementTerms) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/settlement"""
    view = await _view(call, known_id(call, "merchant_id", "merchant"))
    today = (await call.house.reads.ask_async(clock.read)).on
    cut_offs = tuple(map(time.fromisoformat, body.cut_offs))
    begins = today if cut_offs == view.terms.cut_offs else today + timedelta(days=1)
    terms = SettlementTerms(
        from_on=body.from_on or begins,
        cut_offs=cut_offs,
        pays=body.pays,
        weekday=DAYS.index(body.weekday),
        business_days=body.business_days,
        payout_minor_min=body.payout_minor_min,
        reserve_ppm=body.reserve_ppm,
        reserve_days=body.reserve_days,
        fixed_reserve_minor=body.fixed_reserve_minor,
        share_ppm_max=body.share_ppm_max,
        freeze_days=body.freeze_days,
    )
    refusal = await asyncio.to_thread(
        call.house.engine.apart,
        lambda connection, _: set_settlement_terms(connection, view.merchant_id, terms, by=body.by, reason=body.reason),
    )
    if refusal is not None:
        raise RefusedBy(refusal)
    return Answer(_settlement(await _view(call, view.merchant_id)))


async def hold(call: Call, body: shapes.DecidedWhy) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/settlement/hold"""
    return await _do(call, "hold", body, lambda i: HoldPayouts(merchant_id=i, reason=body.reason, by=body.by))


async def release(call: Call, body: shapes.DecidedWhy) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/settlement/release"""
    return await _do(call, "release", body, lambda i: ReleasePayouts(merchant_id=i, reason=body.reason, by=body.by))


async def invoice(call: Call, body: shapes.NewInvoice) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/settlement/invoice"""
    return await _do(call, "invoice", body, lambda i: InvoiceMerchant(merchant_id=i, due_on=body.due_on))


async def paid_back(call: Call, body: shapes.PaidBack) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/settlement/paid-back"""

    def command(merchant_id: int) -> PayBack:
        return PayBack(merchant_id=merchant_id, amount_minor=body.amount_minor, bank_reference=body.bank_reference)

    return await _do(call, "paid-back", body, command, claim(ClaimKind.BANK, 0, body.bank_reference))


async def set_account(call: Call, body: shapes.NewPayoutAccount) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/settlement/account"""
    merchant_id = known_id(call, "merchant_id", "merchant")
    await known_merchant(call, merchant_id)
    await asyncio.to_thread(
        call.house.engine.apart, lambda connection, _: set_payout_account(connection, merchant_id, body.account)
    )
    command = ReleasePayouts(merchant_id=merchant_id, reason="the account was changed", by=body.by)
    try:
        outcome = await execute(call, command, ("account", merchant_id, body))
    except RefusedBy as refused:
        if not isinstance(refused.refusal, PayoutsNotHeld):
            raise
        return Answer(_settlement(await _view(call, merchant_id)), 201, refused.replayed)
    return Answer(_settlement(await _view(call, merchant_id)), 201, outcome.replayed)


def own_merchant(call: Call) -> int:
    """The merchant whose app's key it is."""
    return call.house.engine.reference.apps[cast(int, call.key.app_id)].merchant_id


async def _do(call: Call, what: str, body: Any, command: Any, *claims: Any) -> Answer:
    merchant_id = known_id(call, "merchant_id", "merchant")
    await known_merchant(call, merchant_id)
    outcome = await execute(call, command(merchant_id), (what, merchant_id, body), claims)
    return Answer(_settlement(await _view(call, merchant_id)), 201, outcome.replayed)


async def _view(call: Call, merchant_id: int) -> SettlementView:
    on = (await call.house.reads.ask_async(clock.read)).on
    found = await call.house.reads.ask_async(settlement_of, merchant_id=merchant_id, on=on)
    if found is None:
        raise RefusedBy(NotFound(what="merchant", id=merchant_id))
    return found


def _settlement(view: SettlementView) -> shapes.Settlement:
    shown = {**msgspec.structs.asdict(view), "merchant_id": str(view.merchant_id)}
    return shapes.Settlement(**shown | {"terms": _terms(view.terms), "next_terms": tuple(map(_terms, view.next_terms))})


def _terms(terms: SettlementTerms) -> shapes.SettlementTerms:
    shown = msgspec.structs.asdict(terms) | {
        "from_on": None if terms.from_on == date.min else terms.from_on,
        "weekday": DAYS[terms.weekday],
        "cut_offs": tuple(f"{at:%H:%M}" for at in terms.cut_offs),
    }
    return shapes.SettlementTerms(**shown)
