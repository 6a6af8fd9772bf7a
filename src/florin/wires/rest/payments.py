"""What a merchant's program can do: ask for a payment or charge one, capture, void, refund, look.

Each operation turns its body into one command with its claims, and answers with what the command's event says. So the stored
answer of a key is the same answer again, however much has happened since. Payments of other apps do not exist here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

import msgspec

from florin.engine import AlreadyUsed, ClaimKind, NotFound, Outcome, Submission, claim, clock, lane_for, lane_of
from florin.engine.submission import Claim
from florin.events import Authorized, Captured, Escrowed, TradeAsked
from florin.payments.ask import Ask
from florin.payments.capture import Capture
from florin.payments.charge import Charge
from florin.payments.close import Close
from florin.payments.refund import Refund
from florin.payments.trade import NO_DETAIL, Flow, TradeDetail, TradeState
from florin.payments.void import Void
from florin.queries import is_id
from florin.queries.payments import (
    CursorUnreadable,
    Payer,
    PaymentPage,
    PaymentView,
    is_claimed,
    payers_of_codes,
    payment_by_order,
    payment_by_trade,
    payments_page,
    place_of,
    refunds_of,
    trade_of_event,
)
from florin.wires.keys import ApiKey
from florin.wires.rest import fields, shapes, show
from florin.wires.rest.items import counts_of, lines_of
from florin.wires.rest.problems import Refuse, RefusedBy, invalid, problem_of
from florin.wires.rest.serve import Answer, Call

# A batch of a thousand goes to the engine in parts, so that others' payments do not wait for the whole of it.
BATCH_PART = 200

_UNSET = msgspec.UNSET
_item_reader = fields.Reader(shapes.BatchItem)


# ── a new payment ─────────────────────────────────────────────────────────────────────────────────────────────────


async def create(call: Call, body: shapes.NewPayment) -> Answer:
    """POST /v1/payments"""
    key = call.idempotency_key
    payer = (await _payers(call, [(body, key)])).get(key) if body.payment_code else None
    (outcome,) = await call.house.engine.execute_async((_submission(call, body, key, payer),))
    if outcome.refusal is not None:
        raise await _refused(call, outcome)
    return Answer(_created(call, body, key, outcome), 201, outcome.replayed)


async def create_batch(call: Call, body: shapes.NewBatch) -> Answer:
    """POST /v1/payments/batch: each item stands alone, also one that cannot be read."""
    items = [_read_item(raw, number) for number, raw in enumerate(body.items)]
    payers = await _payers(call, [item for item in items if not isinstance(item, Refuse) and item[0].payment_code])
    outcomes: dict[int, shapes.BatchOutcome] = {}
    wanted: list[tuple[int, shapes.NewPayment, str, Submission]] = []
    for number, item in enumerate(items):
        try:
            if isinstance(item, Refuse):
                raise item
            order, key = item
            wanted.append((number, order, key, _submission(call, order, key, payers.get(key))))
        except Refuse as refuse:
            problem = refuse.problem(call.language, f"/v1/payments/batch#{number}")
            outcomes[number] = shapes.BatchOutcome(status=problem.status, problem=problem)
    for first in range(0, len(wanted), BATCH_PART):
        part = wanted[first : first + BATCH_PART]
        answered = await call.house.engine.execute_async([submission for *_, submission in part])
        for (number, order, key, _), outcome in zip(part, answered, strict=True):
            outcomes[number] = await _item_outcome(call, order, key, number, outcome)
    return Answer(shapes.BatchAnswer(outcomes=tuple(outcomes[number] for number in range(len(items)))))


def _submission(call: Call, body: shapes.NewPayment, key: str, payer: Payer | None) -> Submission:
    """The command and its claims. Raises Refuse when fields contradict each other."""
    app = call.key
    assert app.app_id is not None and app.merchant_id is not None, "a merchant's key has its app"
    order = body.order_number or key
    claims: tuple[Claim, ...] = (claim(ClaimKind.REQUEST, app.app_id, key, body),)
    if body.order_number:
        claims += (claim(ClaimKind.ORDER, app.app_id, order, _terms(body)),)
    trade_id = call.house.engine.new_id(lane_for(f"{app.app_id}/{order}"))
    if body.agreement_id or body.payment_code:
        return _charge(call, app, body, payer, claims, trade_id, order)
    return _ask(app, body, claims, trade_id, order)


def _charge(
    call: Call,
    app: ApiKey,
    body: shapes.NewPayment,
    payer: Payer | None,
    claims: tuple[Claim, ...],
    trade_id: int,
    order: str,
) -> Submission:
    _refuse_checkout_fields(body)
    agreement_id = int(body.agreement_id or 0)
    if body.payment_code:
        if payer is None:
            raise invalid("payment_code", "This code is unknown or has expired.", "Ask the shopper to show a new one.")
        claims += (claim(ClaimKind.CODE, 0, body.payment_code, order),)
    elif not is_id(agreement_id):
        raise invalid("agreement_id", "There is no such agreement.", "Send the id of the shopper's standing agreement.")
    if body.coupon_minor >= body.amount_minor or bool(body.coupon_minor) != bool(int(body.campaign_id or 0)):
        raise invalid("coupon_minor", "A coupon takes a part off, and names its campaign.", "Send both, or neither.")
    if bool(body.subsidy_minor) != bool(int(body.subsidy_id or 0)):
        raise invalid(
            "subsidy_minor", "A subsidy bears a part of a fee, and names its campaign.", "Send both, or neither."
        )
    by_wallet, left_minor = body.tender == "wallet", body.amount_minor - body.coupon_minor
    capture = body.capture is not False
    flow = (Flow.ESCROW if app.market == "escrow" else Flow.DIRECT) if capture else Flow.MANUAL
    at_payer = agreement_id or (payer.person_id if payer is not None else 0)
    command = Charge(
        trade_id=trade_id,
        payment_id=call.house.engine.new_id(lane_of(at_payer or trade_id)),
        app_id=cast(int, app.app_id),
        merchant_id=cast(int, app.merchant_id),
        out_trade_no=order,
        amount_minor=body.amount_minor,
        subject=body.subject,
        flow=flow,
        person_id=payer.person_id if payer is not None else 0,
        line_id=payer.line_id if payer is not None else 0,
        agreement_id=agreement_id,
        credit_minor=0 if by_wallet else left_minor,
        wallet_minor=left_minor if by_wallet else 0,
        campaign_id=int(body.campaign_id or 0),
        coupon_minor=body.coupon_minor,
        subsidy_id=int(body.subsidy_id or 0),
        subsidy_minor=body.subsidy_minor,
        installments=body.installments,
        capture=capture,
        detail=_detail_of_charge(body),
    )
    return Submission(command=command, claims=claims)


def _detail_of_charge(body: shapes.NewPayment) -> TradeDetail:
    """Nothing is kept of what most charges say."""
    tenders = (body.tender,) if body.tender in ("credit", "card") else NO_DETAIL.tenders
    usual = ("shopper", "online", "express", (), NO_DETAIL.tenders, "", "")
    said = (body.fee_payer, body.channel, body.goods, body.lines, tenders, body.store_id, body.terminal_id)
    if said == usual:
        return NO_DETAIL
    return TradeDetail(
        store_id=body.store_id,
        terminal_id=body.terminal_id,
        fee_payer=body.fee_payer,
        channel=_channel(body),
        goods=body.goods,
        lines=lines_of(body.lines),
        tenders=tenders,
    )


def _channel(body: shapes.NewPayment) -> Literal["", "offline"]:
    """Online goes without saying."""
    return "offline" if body.channel == "offline" else ""


def _ask(app: ApiKey, body: shapes.NewPayment, claims: tuple[Claim, ...], trade_id: int, order: str) -> Submission:
    _refuse_charge_fields(body)
    command = Ask(
        trade_id=trade_id,
        app_id=cast(int, app.app_id),
        merchant_id=cast(int, app.merchant_id),
        out_trade_no=order,
        amount_minor=body.amount_minor,
        subject=body.subject,
        flow=Flow.ESCROW if app.market == "escrow" else Flow.DIRECT,
        installments=body.installments,
        expires_at=body.expires_at,
        detail=TradeDetail(
            product="checkout",
            channel=_channel(body),
            store_id=body.store_id,
            terminal_id=body.terminal_id,
            fee_payer=body.fee_payer,
            tenders=body.tenders,
            return_url=body.return_url,
            goods=body.goods,
            lines=lines_of(body.lines),
        ),
    )
    return Submission(command=command, claims=claims)


def _refuse_charge_fields(body: shapes.NewPayment) -> None:
    """A charge without a payer is not quietly made a checkout."""
    if body.campaign_id or body.coupon_minor:
        raise invalid("campaign_id", "At the checkout the shopper chooses her coupon.", "Leave it out.")
    if body.subsidy_id or body.subsidy_minor:
        raise invalid(
            "subsidy_id", "At the checkout the shopper chooses her plan and who bears its fee.", "Leave it out."
        )
    for name in ("tender", "capture"):
        if getattr(body, name) is not _UNSET:
            raise invalid(
                "agreement_id",
                f"`{name}` asks for a direct payment, and nothing says who pays.",
                f"Send `agreement_id` or `payment_code`; or leave `{name}` out and show the shopper `checkout_url`.",
            )


def _refuse_checkout_fields(body: shapes.NewPayment) -> None:
    if body.payment_code and body.agreement_id:
        raise invalid("payment_code", "The agreement says already who pays.", "Send one of the two.")
    if body.expires_at is not None:
        raise invalid("expires_at", "A direct payment does not wait.", "Leave it out.")
    if body.return_url:
        raise invalid("return_url", "A direct payment sends nobody anywhere.", "Leave it out.")
    if body.installments and body.tender == "wallet":
        raise invalid("installments", "A wallet pays at once.", "Leave it out, or send `tender` credit.")


def _terms(body: shapes.NewPayment) -> Any:
    """What an order number stands for: what is sold, not how it is paid."""
    return (body.amount_minor, body.subject)


_NOBODY = Payer(person_id=0, line_id=0)


async def _payers(call: Call, items: Sequence[tuple[shapes.NewPayment, str]]) -> dict[str, Payer]:
    """By idempotency key, whom its payment code stands for. A key that has its answer already needs no payer any more."""
    if not items:
        return {}
    app_id = call.key.app_id or 0

    def question(connection: Any) -> dict[str, Payer]:
        found = payers_of_codes(connection, codes=sorted({order.payment_code for order, _ in items}))
        payers = {key: found[order.payment_code] for order, key in items if order.payment_code in found}
        for _, key in items:
            if key not in payers and is_claimed(connection, kind=ClaimKind.REQUEST, scope=app_id, key=key):
                payers[key] = _NOBODY
        return payers

    return await call.house.reads.ask_async(question)


def _created(call: Call, body: shapes.NewPayment, key: str, outcome: Outcome) -> shapes.Payment:
    event = outcome.event
    assert isinstance(event, TradeAsked | Captured | Escrowed | Authorized), f"{type(event).__name__} makes no payment"
    return show.new_payment(
        event,
        amount_minor=body.amount_minor,
        subject=body.subject,
        order_number=body.order_number or key,
        by_market=call.key.market or "direct",
        expires_at=body.expires_at,
        checkout_url=call.house.settings.checkout_url,
    )


# ── a batch's items ───────────────────────────────────────────────────────────────────────────────────────────────


def _read_item(raw: msgspec.Raw, number: int) -> tuple[shapes.NewPayment, str] | Refuse:
    """The order and its key: the same order as if it had come alone, so that its key has the same answer."""
    try:
        item = _item_reader.read(bytes(raw), at=f"items[{number}].")
    except Refuse as refuse:
        return refuse
    order = shapes.NewPayment(**{name: getattr(item, name) for name in shapes.NewPayment.__struct_fields__})
    return order, item.idempotency_key


async def _item_outcome(
    call: Call, order: shapes.NewPayment, key: str, number: int, outcome: Outcome
) -> shapes.BatchOutcome:
    if outcome.refusal is None:
        payment = _created(call, order, key, outcome)
        return shapes.BatchOutcome(status=201, payment=payment, replayed=outcome.replayed)
    refused = await _refused(call, outcome)
    problem = problem_of(refused.refusal, call.language, f"/v1/payments/batch#{number}", **refused.numbers)
    return shapes.BatchOutcome(status=problem.status, problem=problem, replayed=outcome.replayed)


# ── what becomes of it ────────────────────────────────────────────────────────────────────────────────────────────


async def capture(call: Call, body: shapes.NewCapture) -> Answer:
    """POST /v1/payments/{payment_id}/capture"""
    view = await own(call)
    command = Capture(payment_id=paid(view), amount_minor=body.amount_minor or 0)
    outcome = await _execute(call, command, ("capture", view.trade.id, body.amount_minor))
    return Answer(show.capture(outcome), 201, outcome.replayed)


async def void(call: Call, body: Any) -> Answer:
    """POST /v1/payments/{payment_id}/void: an authorization is released; an order that nobody has paid is closed."""
    view = await own(call)
    unpaid = view.payment is None
    command: Any = Close(trade_id=view.trade.id) if unpaid else Void(payment_id=paid(view))
    outcome = await _execute(call, command, ("void", view.trade.id))
    return Answer(show.void(outcome), 201, outcome.replayed)


async def refund(call: Call, body: shapes.NewRefund) -> Answer:
    """POST /v1/payments/{payment_id}/refunds"""
    view = await own(call)
    number = body.refund_number or call.idempotency_key
    command = Refund(
        payment_id=paid(view),
        amount_minor=body.amount_minor,
        request_no=number,
        reason=body.reason,
        value_on=body.value_on,
        items=counts_of(body.items),
        fee_minor=body.fee_minor,
    )
    once = (claim(ClaimKind.REFUND, view.trade.id, number, body.amount_minor),) if body.refund_number else ()
    outcome = await _execute(call, command, ("refund", view.trade.id, body), once)
    return Answer(show.refund(outcome.event_id, cast(Any, outcome.event)), 201, outcome.replayed)


async def _execute(call: Call, command: Any, content: Any, more: tuple[Claim, ...] = ()) -> Outcome:
    """Run one command under the call's key. Raises RefusedBy."""
    scope = call.key.app_id or 0
    claims = (claim(ClaimKind.REQUEST, scope, call.idempotency_key, content), *more)
    (outcome,) = await call.house.engine.execute_async((Submission(command=command, claims=claims),))
    if outcome.refusal is not None:
        raise await _refused(call, outcome)
    return outcome


async def _refused(call: Call, outcome: Outcome) -> RefusedBy:
    """The refusal as it is answered; of a used order number, which payment used it."""
    refusal = outcome.refusal
    assert refusal is not None
    if isinstance(refusal, AlreadyUsed):
        trade_id = await call.house.reads.ask_async(trade_of_event, event_id=refusal.event_id)
        if trade_id and refusal.kind != "code":
            return RefusedBy(refusal, replayed=outcome.replayed, payment_id=trade_id)
    return RefusedBy(refusal, replayed=outcome.replayed)


# ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def get(call: Call, body: Any) -> Answer:
    """GET /v1/payments/{payment_id}"""
    return Answer(await shown(call, await own(call)))


async def get_list(call: Call, body: Any) -> Answer:
    """GET /v1/payments"""
    query: shapes.PaymentQuery = call.query
    if query.order_number:
        view = await call.house.reads.ask_async(
            payment_by_order, app_id=cast(int, call.key.app_id), order_number=query.order_number
        )
        found = () if view is None else (await shown(call, view),)
        return Answer(shapes.PaymentList(items=found, next_cursor=None))
    try:
        after = place_of(query.cursor) if query.cursor else None
    except CursorUnreadable:
        raise invalid("cursor", "This is no cursor of ours.", "Send `next_cursor` as it came, or none.") from None

    def question(connection: Any) -> tuple[PaymentPage, Any]:
        at = clock.read(connection)
        page = payments_page(
            connection,
            app_id=cast(int, call.key.app_id),
            limit=query.limit,
            now=at.instant,
            after=after,
            created_from=query.created_from,
            created_before=query.created_before,
        )
        return page, at.instant

    page, now = await call.house.reads.ask_async(question)
    url = call.house.settings.checkout_url
    items = tuple(show.payment(view, now=now, checkout_url=url) for view in page.views)
    return Answer(shapes.PaymentList(items=items, next_cursor=page.after.text() if page.after else None))


async def get_refunds(call: Call, body: Any) -> Answer:
    """GET /v1/payments/{payment_id}/refunds"""
    view = await own(call)
    found = [] if view.payment is None else await call.house.reads.ask_async(refunds_of, payment=view.payment)
    return Answer(shapes.RefundList(items=tuple(show.refund(event_id, event) for event_id, event in found)))


async def own(call: Call) -> PaymentView:
    """The payment that the path names, if it is this app's. Which payment a paid trade names never changes."""
    text = call.parts["payment_id"]
    trade_id = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    view = await call.house.reads.ask_async(payment_by_trade, trade_id=trade_id, app_id=call.key.app_id)
    if view is None:
        raise RefusedBy(NotFound(what="payment", id=trade_id))
    return view


def paid(view: PaymentView) -> int:
    """The payment's own id; nobody having paid is a refusal of its own. Raises Refuse."""
    if view.payment is None:
        state = "waiting for the shopper" if view.trade.state is TradeState.WAITING else "closed"
        raise Refuse("NotPaid", state=state)
    return view.payment.id


async def shown(call: Call, view: PaymentView) -> shapes.Payment:
    at = await call.house.reads.ask_async(clock.read)
    return show.payment(view, now=at.instant, checkout_url=call.house.settings.checkout_url)
