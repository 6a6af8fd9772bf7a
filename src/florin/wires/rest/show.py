"""Our values as this wire's shapes: events as the answers of commands, rows as what they are now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final, cast

from msgspec import UNSET
from msgspec.structs import replace

from florin.credit.convert import ConversionQuote
from florin.credit.hardship import HardshipPreview
from florin.credit.line import Line, LineState
from florin.credit.payoff import PayoffQuote, PayoffQuotes
from florin.credit.plan_payoff import PlanPayoffQuote
from florin.credit.plans import PlanQuote
from florin.credit.reage import ReAgePreview
from florin.credit.spendable import SharedRoom, Spendable, spendable
from florin.credit.statement import StatementShown, days_past_due
from florin.credit.terms import Program
from florin.documents import Lender
from florin.engine import Outcome
from florin.events import (
    Authorized,
    BillConverted,
    CampaignPart,
    Captured,
    Escrowed,
    InstallmentChoice,
    PurchaseConverted,
    Received,
    Refunded,
    TradeAsked,
    TradeClosed,
    Voided,
)
from florin.events.refusals import Language
from florin.payments.fees import merchant_fees_of, plan_fees_left
from florin.payments.payment import Payment, PaymentState, coupon_minor
from florin.payments.trade import Flow, Trade, TradeState
from florin.queries.as_of import LineAsOf
from florin.queries.documents import Change, DocumentLine, StatementDocument
from florin.queries.limits import LimitChange
from florin.queries.lines import LineView
from florin.queries.merchants import MerchantView
from florin.queries.partners import JointLender
from florin.queries.payments import PaymentView
from florin.queries.shared_limits import SharedLimit, SharedLimitChange
from florin.wires.rest import shapes

CURRENCY: Final = "CNY"

# Of a trade's id, where a shopper pays it.
CheckoutUrl = Callable[[int], str]

_FLOWS: Final[dict[Flow, Any]] = {Flow.DIRECT: "direct", Flow.ESCROW: "escrow", Flow.MANUAL: "manual"}
_LINE_STATES: Final[dict[LineState, Any]] = {
    LineState.OPEN: "open",
    LineState.FROZEN: "frozen",
    LineState.CLOSED: "closed",
    LineState.CHARGED_OFF: "charged-off",
}


# ── payments ──────────────────────────────────────────────────────────────────────────────────────────────────────


def new_payment(
    event: TradeAsked | Authorized | Escrowed | Captured,
    *,
    amount_minor: int,
    subject: str,
    order_number: str,
    by_market: str,
    expires_at: datetime | None,
    checkout_url: CheckoutUrl,
) -> shapes.Payment:
    """A payment as it was when it was made: from its first event and the order, so a replay says the same."""
    if isinstance(event, TradeAsked):
        return shapes.Payment(
            id=str(event.trade_id),
            state="waiting",
            amount_minor=amount_minor,
            currency=CURRENCY,
            subject=subject,
            order_number=order_number,
            flow="escrow" if by_market == "escrow" else "direct",
            expires_at=expires_at,
            checkout_url=checkout_url(event.trade_id),
        )
    held = isinstance(event, Authorized)
    paid = 0 if held else amount_minor
    return shapes.Payment(
        id=str(event.trade_id),
        state="authorized" if held else "escrowed" if isinstance(event, Escrowed) else "captured",
        amount_minor=amount_minor,
        currency=CURRENCY,
        subject=subject,
        order_number=order_number,
        flow="manual" if held else "escrow" if isinstance(event, Escrowed) else "direct",
        paid_minor=paid,
        refundable_minor=paid,
        open_minor=amount_minor if held else 0,
        merchant_fee_minor=event.mdr_minor + merchant_fees_of(event.fees) if isinstance(event, Captured) else 0,
        tenders=_tenders(event, held=held),
        installments=_installments(event.plan),
        payer_id=str(event.person_id),
        paid_on=event.value_on,
        expires_at=event.expires_at if isinstance(event, Authorized) else None,
    )


def payment(view: PaymentView, *, now: datetime, checkout_url: CheckoutUrl) -> shapes.Payment:
    """A payment as it is now. now: business time."""
    trade, paid = view.trade, view.payment
    if paid is None:
        state = _unpaid_state(trade, now)
        return shapes.Payment(
            id=str(trade.id),
            state=state,
            amount_minor=trade.amount_minor,
            currency=CURRENCY,
            subject=trade.subject,
            order_number=trade.out_trade_no,
            flow=_FLOWS[trade.flow],
            expires_at=trade.expires_at,
            checkout_url=checkout_url(trade.id) if state == "waiting" else None,
            created_at=trade.asked_at,
            parent_id=_parent_id(trade),
        )
    return shapes.Payment(
        id=str(trade.id),
        state=paid.state.name.lower(),  # type: ignore[arg-type]
        amount_minor=trade.amount_minor,
        currency=CURRENCY,
        subject=trade.subject,
        order_number=trade.out_trade_no,
        flow=_FLOWS[trade.flow],
        paid_minor=paid.paid_minor,
        refunded_minor=paid.refunded_minor,
        refundable_minor=paid.refundable_minor,
        open_minor=paid.open_minor,
        merchant_fee_minor=paid.mdr_minor - paid.mdr_back_minor + plan_fees_left(paid.fees),
        tenders=_tenders_of(paid),
        installments=_installments(paid.plan),
        payer_id=str(paid.person_id),
        paid_on=paid.authorized_on,
        expires_at=paid.expires_at,
        created_at=trade.asked_at,
        confirm_on=paid.confirm_on if paid.state is PaymentState.ESCROWED else None,
        refund_request_id=str(paid.particulars.request_id) if paid.particulars.request_id else None,
        parent_id=_parent_id(trade),
    )


def _parent_id(trade: Trade) -> str | None:
    return str(trade.detail.parent_id) if trade.detail.parent_id else None


def capture(outcome: Outcome) -> shapes.Capture:
    event = outcome.event
    assert isinstance(event, Captured)
    return shapes.Capture(
        id=str(outcome.event_id),
        payment_id=str(event.trade_id),
        amount_minor=event.credit_minor + event.wallet_minor + coupon_minor(event),
        credit_minor=event.credit_minor,
        wallet_minor=event.wallet_minor,
        merchant_fee_minor=event.mdr_minor + merchant_fees_of(event.fees),
        captured_on=event.value_on,
        coupon_minor=coupon_minor(event),
    )


def void(outcome: Outcome) -> shapes.Void:
    event = outcome.event
    assert isinstance(event, Voided | TradeClosed)
    credit_minor = event.credit_minor if isinstance(event, Voided) else 0
    wallet_minor = event.wallet_minor if isinstance(event, Voided) else 0
    from_coupon = coupon_minor(event) if isinstance(event, Voided) else 0
    return shapes.Void(
        id=str(outcome.event_id),
        payment_id=str(event.trade_id),
        released_minor=credit_minor + wallet_minor + from_coupon,
        credit_minor=credit_minor,
        wallet_minor=wallet_minor,
        voided_on=event.value_on,
        coupon_minor=from_coupon,
    )


def refund(event_id: int, event: Refunded) -> shapes.Refund:
    return shapes.Refund(
        id=str(event_id),
        payment_id=str(event.trade_id),
        refund_number=event.request_no,
        amount_minor=event.credit_minor + event.wallet_minor + coupon_minor(event),
        credit_minor=event.credit_minor,
        wallet_minor=event.wallet_minor,
        merchant_fee_back_minor=event.mdr_back_minor + merchant_fees_of(event.fees_back),
        installment_fee_back_minor=event.merchant_fee_back_minor,
        before_receipt=event.before_receipt,
        reason=event.reason,
        refunded_on=event.value_on,
        coupon_minor=coupon_minor(event),
    )


def receipt(outcome: Outcome) -> shapes.Receipt:
    event = outcome.event
    assert isinstance(event, Received)
    return shapes.Receipt(
        id=str(outcome.event_id),
        payment_id=str(event.trade_id),
        amount_minor=event.credit_minor + event.wallet_minor + coupon_minor(event),
        credit_minor=event.credit_minor,
        wallet_minor=event.wallet_minor,
        merchant_fee_minor=event.mdr_minor + merchant_fees_of(event.fees),
        received_on=event.value_on,
        coupon_minor=coupon_minor(event),
    )


def _unpaid_state(trade: Trade, now: datetime) -> Any:
    if trade.state is TradeState.CLOSED:
        return "closed"
    return "waiting" if trade.is_open(now) else "expired"


def _tenders(event: Authorized | Captured | Escrowed, *, held: bool) -> tuple[shapes.TenderShown, ...]:
    first = _first_tender(_of_line(event.card), event.credit_minor, held) if event.credit_minor else None
    second = _first_tender("wallet", event.wallet_minor, held) if event.wallet_minor else None
    third = None
    if event.coupon is not None:
        third = _by_campaign(_first_tender("coupon", event.coupon.amount_minor, held), event.coupon)
    return tuple(tender for tender in (first, second, third) if tender is not None)


def _of_line(card: bool) -> shapes.TenderKind:
    return "card" if card else "credit"


def _by_campaign(tender: shapes.TenderShown, coupon: CampaignPart) -> shapes.TenderShown:
    return replace(tender, campaign_id=str(coupon.campaign_id), sponsor=coupon.sponsor)


def _first_tender(tender: shapes.TenderKind, amount_minor: int, held: bool) -> shapes.TenderShown:
    return shapes.TenderShown(
        tender=tender,
        authorized_minor=amount_minor,
        paid_minor=0 if held else amount_minor,
        released_minor=0,
        refunded_minor=0,
    )


def _tenders_of(paid: Payment) -> tuple[shapes.TenderShown, ...]:
    found = []
    if paid.credit_authorized_minor:
        found.append(
            shapes.TenderShown(
                tender=_of_line(paid.particulars.card),
                authorized_minor=paid.credit_authorized_minor,
                paid_minor=paid.credit_paid_minor,
                released_minor=paid.credit_released_minor,
                refunded_minor=paid.credit_refunded_minor,
            )
        )
    if paid.wallet_authorized_minor:
        found.append(
            shapes.TenderShown(
                tender="wallet",
                authorized_minor=paid.wallet_authorized_minor,
                paid_minor=paid.wallet_paid_minor,
                released_minor=paid.wallet_released_minor,
                refunded_minor=paid.wallet_refunded_minor,
            )
        )
    if paid.coupon is not None:
        shown = shapes.TenderShown(
            tender="coupon",
            authorized_minor=paid.coupon_authorized_minor,
            paid_minor=paid.coupon_paid_minor,
            released_minor=paid.coupon_released_minor,
            refunded_minor=paid.coupon_refunded_minor,
        )
        found.append(_by_campaign(shown, paid.coupon))
    return tuple(found)


def _installments(plan: InstallmentChoice | None) -> shapes.Installments | None:
    if plan is None:
        return None
    return shapes.Installments(count=plan.count, fee_minor=plan.fee_minor, fee_payer=plan.fee_payer)


# ── credit ────────────────────────────────────────────────────────────────────────────────────────────────────────


def offer(quote: PlanQuote) -> shapes.Offer:
    return shapes.Offer(
        count=quote.count,
        method=quote.method,
        fee_timing=quote.fee_timing,
        fee_payer=quote.fee_payer,
        fee_minor=quote.fee_minor,
        total_minor=quote.total_minor,
        per_period_minor=quote.per_period_minor,
        installments_minor=tuple(part.principal_minor + part.fee_minor for part in quote.installments),
        annualized_rate_percent=shapes.percent_text(quote.annualized_rate),
        rate_convention=quote.convention,
        subsidy_minor=UNSET if quote.subsidy is None else quote.subsidy.amount_minor,
    )


def line(view: LineView, by: Lender) -> shapes.Line:
    return _line(view.line, view.program, view.payoff, view.spendable, by, on=view.at.on, known_on=view.at.on)


def line_as_of(view: LineAsOf, by: Lender) -> shapes.Line:
    """What it shares is known of today alone, so here the line speaks for itself."""
    left = spendable(view.line, view.program.terms_on(view.on), view.on)
    return _line(view.line, view.program, view.payoff, left, by, on=view.on, known_on=view.known_on)


def _line(
    row: Line, program: Program, payoff: PayoffQuote, left: Spendable, by: Lender, *, on: date, known_on: date
) -> shapes.Line:
    return shapes.Line(
        id=str(row.id),
        person_id=str(row.person_id),
        program=row.program,
        currency=program.currency,
        lender=lender(by),
        state=_line_state(row),
        opened_on=row.opened_on,
        as_of=on,
        known_on=known_on,
        limit_minor=row.limit_minor,
        limit_in_force_minor=row.limit_minor_on(on),
        uplifts=tuple(
            shapes.Uplift(amount_minor=uplift.amount_minor, until_on=uplift.until_on)
            for uplift in row.particulars.uplifts
            if on <= uplift.until_on
        ),
        sub_limits=tuple(
            shapes.SubLimit(
                market=room.sub_limit.market,
                category=room.sub_limit.category,
                channel=room.sub_limit.channel,
                limit_minor=room.most_minor,
                outstanding_minor=room.outstanding_minor,
                available_minor=room.left_minor,
            )
            for room in left.rooms
        ),
        available_minor=left.amount_minor,
        shared_limit=None if left.shared is None else _shared(left.shared),
        held_minor=row.held_minor,
        committed_minor=row.committed_minor,
        owed_minor=row.principal_minor + row.fee_minor + row.interest_minor,
        principal_minor=row.principal_minor,
        fee_minor=row.fee_minor,
        interest_minor=row.interest_minor,
        payoff_minor=payoff.total_minor,
        credit_balance_minor=row.credit_balance_minor,
        uncleared_minor=row.uncleared_minor,
        uncleared=tuple(
            shapes.UnclearedRepayment(
                amount_minor=held.amount_minor,
                bank_reference=held.reference,
                repaid_on=held.repaid_on,
                clears_on=held.clears_on,
                held_minor=held.held_minor,
            )
            for held in row.particulars.uncleared
        ),
        due_minor=row.due_minor,
        due_on=row.due_on,
        past_due_on=row.past_due_on,
        days_past_due=days_past_due(due_on=row.past_due_on, as_of=on) if row.past_due_on else 0,
    )


def _shared(shared: SharedRoom) -> shapes.SharedLimitUsed:
    return shapes.SharedLimitUsed(
        group=shared.group,
        limit_minor=shared.most_minor,
        exposure_minor=shared.exposure_minor,
        available_minor=shared.left_minor,
    )


def _line_state(row: Line) -> Any:
    if row.state is LineState.OPEN and row.particulars.hardship:
        return "hardship"
    if row.state is LineState.CHARGED_OFF and row.particulars.sold_to:
        return "sold"
    return "closing" if row.particulars.closing and row.state is LineState.OPEN else _LINE_STATES[row.state]


def limit_change(change: LimitChange) -> shapes.LimitChange:
    return shapes.LimitChange(
        id=str(change.event_id),
        what=change.what,
        value_on=change.on,
        amount_minor=change.amount_minor,
        until_on=change.until_on,
        reason=change.reason,
    )


def shared_limits(limits: Sequence[SharedLimit], changes: Sequence[SharedLimitChange]) -> shapes.SharedLimits:
    return shapes.SharedLimits(
        items=tuple(
            shapes.SharedLimit(group=each.group, limit_minor=each.limit_minor, exposure_minor=each.exposure_minor)
            for each in limits
        ),
        changes=tuple(
            shapes.SharedLimitChange(
                id=str(each.event_id),
                group=each.group,
                value_on=each.on,
                limit_minor=each.limit_minor,
                reason=each.reason,
            )
            for each in changes
        ),
    )


def merchant(view: MerchantView) -> shapes.MerchantState:
    return shapes.MerchantState(
        id=str(view.id), state=cast(Any, view.state), market=view.market, category=view.category
    )


def payoffs(line_id: int, quotes: PayoffQuotes) -> shapes.Payoff:
    today = quotes.days[0]
    return shapes.Payoff(
        line_id=str(line_id),
        as_of=today.on,
        good_through_on=quotes.good_through_on,
        principal_minor=today.principal_minor,
        fee_minor=today.fee_minor,
        interest_minor=today.interest_minor + today.accrued_minor,
        penalty_minor=today.penalty_minor + today.accrued_penalty_minor,
        cost_minor=today.cost_minor,
        total_minor=today.total_minor,
        days=tuple(shapes.PayoffDay(on=each.on, total_minor=each.total_minor) for each in quotes.days),
    )


def plan_payoff(line_id: int, payment_id: str | None, quote: PlanPayoffQuote, by: Lender) -> shapes.PlanPayoff:
    return shapes.PlanPayoff(
        line_id=str(line_id),
        payment_id=payment_id,
        closes_on=quote.closes_on,
        as_of=quote.on,
        good_through_on=quote.good_through_on,
        installments=quote.installments,
        principal_minor=quote.principal_minor,
        fee_minor=quote.fee_minor,
        waived_minor=quote.waived_minor,
        charge_minor=quote.charge_minor,
        total_minor=quote.total_minor,
        billed_minor=quote.billed_minor,
        lender=lender(by),
    )


def conversion(line_id: int, quote: ConversionQuote, by: Lender) -> shapes.Conversion:
    return shapes.Conversion(
        line_id=str(line_id),
        amount_minor=quote.amount_minor,
        least_minor=quote.least_minor,
        most_minor=quote.most_minor,
        payable_now_minor=quote.payable_now_minor,
        due_on=quote.due_on,
        first_bill_on=quote.first_bill_on,
        offer=offer(quote.plan),
        lender=lender(by),
    )


def converted(event_id: int, payment_id: str | None, event: PurchaseConverted | BillConverted) -> shapes.Converted:
    installments = _installments(event.plan)
    assert installments is not None
    return shapes.Converted(
        id=str(event_id),
        line_id=str(event.line_id),
        payment_id=payment_id,
        closes_on=event.closes_on if isinstance(event, BillConverted) else None,
        amount_minor=event.amount_minor,
        installments=installments,
        value_on=event.value_on,
    )


def reage(line_id: int, found: ReAgePreview) -> shapes.ReAge:
    return shapes.ReAge(
        line_id=str(line_id),
        as_of=found.on,
        past_due_on=found.past_due_on,
        days_past_due=found.days_past_due,
        arrears_minor=found.arrears_minor,
        bills=found.bills,
        paid_minor=found.paid_minor,
        needed_minor=found.needed_minor,
        next_closes_on=found.next_closes_on,
        next_minimum_before_minor=found.next_minimum_before_minor,
        next_minimum_minor=found.next_minimum_minor,
    )


def hardship(line_id: int, found: HardshipPreview) -> shapes.HardshipPreview:
    return shapes.HardshipPreview(
        line_id=str(line_id),
        as_of=found.on,
        principal_minor=found.principal_minor,
        charges_minor=found.charges_minor,
        interest_minor=found.interest_minor,
        total_minor=found.total_minor,
        waived_penalty_minor=found.waived_penalty_minor,
        waived_fee_minor=found.waived_fee_minor,
        yearly_rate_before_percent=shapes.percent_text(found.yearly_rate_before),
        yearly_rate_percent=shapes.percent_text(found.yearly_rate),
        installments=tuple(
            shapes.HardshipPart(
                number=part.number,
                bills_on=part.bills_on,
                due_on=part.due_on,
                principal_minor=part.principal_minor,
                interest_minor=part.interest_minor,
                charges_minor=part.charges_minor,
                total_minor=part.principal_minor + part.interest_minor + part.charges_minor,
            )
            for part in found.parts
        ),
    )


def statement(line_id: int, shown: StatementShown) -> shapes.StatementShown:
    return shapes.StatementShown(
        line_id=str(line_id),
        opens_on=shown.opens_on,
        closes_on=shown.closes_on,
        due_on=shown.due_on,
        image_minor=shown.image_minor,
        minimum_minor=shown.minimum_minor,
        remaining_minor=shown.remaining_minor,
        minimum_left_minor=shown.minimum_left_minor,
        past_due=shown.past_due,
        lines=tuple(
            shapes.StatementLine(
                what=one.what,
                amount_minor=one.amount_minor,
                number=one.number or None,
                count=one.count or None,
                posted_on=one.posted_on,
            )
            for one in shown.lines
        ),
    )


def lender(found: Lender) -> shapes.Lender:
    return shapes.Lender(name=found.name or None, hotline=found.hotline or None)


def joint_lender(found: JointLender) -> shapes.JointLender:
    return shapes.JointLender(partner=found.partner, share_ppm=found.share_ppm)


def statement_document(document: StatementDocument, lender: Lender, language: Language) -> shapes.StatementDocument:
    shown, chinese = document.shown, language == "zh"
    return shapes.StatementDocument(
        line_id=str(document.line_id),
        person=document.person,
        program=document.program,
        title=document.title_zh if chinese else document.title_en,
        currency=document.currency,
        as_of=document.as_of,
        opens_on=shown.opens_on,
        closes_on=shown.closes_on,
        due_on=shown.due_on,
        image_minor=shown.image_minor,
        minimum_minor=shown.minimum_minor,
        earlier_minor=shown.earlier_minor,
        remaining_minor=shown.remaining_minor,
        minimum_left_minor=shown.minimum_left_minor,
        past_due=shown.past_due,
        annualized_rate_percent=shapes.percent_text(document.yearly_rate),
        daily_rate_percent=f"{document.daily_rate * 100:.4f}",
        penalty_daily_rate_percent=f"{document.penalty_daily_rate * 100:.4f}",
        lines=tuple(_document_line(one, chinese=chinese) for one in document.lines),
        received=tuple(_received(one) for one in document.received),
        received_since=tuple(_received(one) for one in document.since),
        lender=lender.name or None,
        partners=document.partners,
        hotline=lender.hotline or None,
    )


def _document_line(one: DocumentLine, *, chinese: bool) -> shapes.DocumentLine:
    line, item = one.line, one.item
    merchant = (item.merchant_zh if chinese else "") or item.merchant_en if item else ""
    return shapes.DocumentLine(
        what=line.what,
        amount_minor=line.amount_minor,
        payment_id=str(item.trade_id) if item else None,
        subject=item.subject if item else None,
        merchant=merchant or None,
        bought_on=one.bought_on,
        number=line.number or None,
        count=line.count or None,
        statement_closes_on=line.statement_closes_on,
        lent_with=joint_lender(one.lent_with) if one.lent_with else None,
    )


def _received(one: Change) -> shapes.Received:
    return shapes.Received(
        on=one.on,
        what=one.what,
        amount_minor=one.amount_minor,
        counted_minor=one.counted_minor,
        subject=one.item.subject if one.item else None,
    )
