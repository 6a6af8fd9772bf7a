"""Pay: a shopper pays a waiting trade with credit, wallet and a coupon, or some of them, in one authorization."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

import msgspec

from florin.campaigns.budget import Budget
from florin.campaigns.campaign import Campaign
from florin.campaigns.coupon import part_of, refuse_budget, refuse_coupon
from florin.campaigns.subsidy import refuse_subsidy, subsidy_part
from florin.credit.line import Line
from florin.credit.plans import installment_choice, lent_years_minor
from florin.credit.shared_limit import SharedExposure
from florin.credit.sub_limits import place_of
from florin.credit.terms import Terms
from florin.events import Authorized, CampaignPart, Captured, Escrowed, Event, InstallmentChoice, MonthCounted, Place
from florin.events.refusals import Refusal
from florin.market import ANYWHERE, Acceptance, refuse_line
from florin.money.at import At
from florin.payments.fees import charged, mdr_of, schedule_of
from florin.payments.merchant import Merchant, refuse_merchant
from florin.payments.particulars import BY_CARD, ORDINARY, PaymentParticulars
from florin.payments.payment import Payment, PaymentState
from florin.payments.requests.terms import escrow_terms
from florin.payments.trade import Flow, Trade, TradeDetail, TradeState
from florin.wallet.wallet import Wallet
from florin.wallet.withdraw import refuse_wallet

HOLD_DAYS = 7


class Pay(msgspec.Struct, frozen=True, kw_only=True):
    """payment_id: made by the caller in the payer's lane. The tenders add up to the trade's amount.

    campaign_id: the campaign whose coupon takes coupon_minor off; subsidy_id: the one that bears subsidy_minor of the plan's
    fee; each as the shopper saw it, 0: none.

    installments: 0 pays next month; else one of the program's counts, for the credit part. capture: False on a MANUAL trade
    only reserves. seen: she has seen the cashier, whose checkout is an event of its own.
    """

    payment_id: int
    trade_id: int
    person_id: int
    line_id: int = 0
    credit_minor: int = 0
    wallet_minor: int = 0
    installments: int = 0
    capture: bool = True
    campaign_id: int = 0
    coupon_minor: int = 0
    subsidy_id: int = 0
    subsidy_minor: int = 0
    seen: bool = False


class Offer(NamedTuple):
    """A campaign that a command names: what the batch holds of its budget, how often the person has used its coupon, what it
    has borne for her in this year.
    """

    campaign: Campaign
    budget: Budget
    used: int = 0
    borne_minor: int = 0


class Offers(NamedTuple):
    """What campaigns bear of a payment: of the order, and of its plan's fee."""

    coupon: Offer | None = None
    subsidy: Offer | None = None


NO_OFFERS = Offers()


class TradeAlreadyPaid(Refusal, frozen=True, kw_only=True):
    en = "This order is already paid. You have not been charged again."
    zh = "该订单已支付，没有重复扣款。"

    trade_id: int
    payment_id: int


class TradeNotOpen(Refusal, frozen=True, kw_only=True):
    en = "This order is closed or has expired. Ask the shop for a new one; you have not been charged."
    zh = "订单已关闭或已超时，请让商家重新下单，未扣款。"

    trade_id: int


class PaidWithItsParent(Refusal, frozen=True, kw_only=True):
    en = "This order is part of a checkout over several shops. Pay all of it together; you have not been charged."
    zh = "该订单属于合并下单，请与其他店铺的订单一起付款，未扣款。"

    trade_id: int
    parent_id: int


class TradeOfAnotherBuyer(Refusal, frozen=True, kw_only=True):
    en = "This order was made for another account."
    zh = "该订单指定了其他付款人。"

    trade_id: int


class TendersDoNotAddUp(Refusal, frozen=True, kw_only=True):
    en = "The tenders add up to {tendered_minor}, the order asks for {amount_minor}."
    zh = "付款合计{tendered_minor}，与订单金额{amount_minor}不符。"

    tendered_minor: int
    amount_minor: int


class TenderNotAccepted(Refusal, frozen=True, kw_only=True):
    en = "The shop does not accept this way of paying for this order. Choose another one."
    zh = "商家不支持该付款方式，请换一种付款方式。"

    tender: str


class NoLine(Refusal, frozen=True, kw_only=True):
    en = "You have no credit line here. Pay from your wallet."
    zh = "您尚未开通信用额度，请使用余额付款。"

    person_id: int


class PlanNotOffered(Refusal, frozen=True, kw_only=True):
    en = "{count} installments are not offered for {amount_minor}. Choose another number, or pay next month."
    zh = "{amount_minor}暂不支持分{count}期，请选择其他期数或下月还款。"

    count: int
    amount_minor: int


def decide(
    *,
    trade: Trade,
    merchant: Merchant,
    line: Line | None,
    wallet: Wallet,
    terms: Terms | None,
    command: Pay,
    at: At,
    offers: Offers = NO_OFFERS,
    shared: SharedExposure | None = None,
    acceptance: Acceptance = ANYWHERE,
) -> tuple[Event] | Refusal:
    """One event that says what was agreed: Authorized, Escrowed or Captured, by the trade's flow.

    offers: of the campaigns that the command names. shared: of the line's group, if its program has one.
    acceptance: where the house's programs may be spent.
    """
    if trade.detail.parent_id:
        return PaidWithItsParent(trade_id=trade.id, parent_id=trade.detail.parent_id)
    refusal = (
        refuse_trade(trade, command.person_id, at)
        or refuse_merchant(merchant)
        or refuse_tenders(trade, merchant, line, wallet, terms, command, at, shared, acceptance)
        or refuse_coupon_offer(trade, command, offers.coupon, at)
    )
    if refusal is not None:
        return refusal
    plan = plan_of(trade.installments or command.installments, trade.detail, command.credit_minor, terms)
    if not isinstance(plan, Refusal):
        plan = borne_plan(plan, trade, line, terms, command, offers, at)
    if isinstance(plan, Refusal):
        return plan
    counted = counted_by(acceptance, line, trade, merchant, command, at)
    return (paid_event(trade, merchant, plan, terms, command, at, offers, counted),)


def refuse_trade(trade: Trade, person_id: int, at: At) -> Refusal | None:
    """Only an open trade is paid, and only by the buyer it names, if it names one."""
    if trade.state is TradeState.PAID:
        return TradeAlreadyPaid(trade_id=trade.id, payment_id=trade.payment_id)
    if not trade.is_open(at.instant):
        return TradeNotOpen(trade_id=trade.id)
    if trade.detail.buyer_id not in (0, person_id):
        return TradeOfAnotherBuyer(trade_id=trade.id)
    return None


def refuse_tenders(
    trade: Trade,
    merchant: Merchant,
    line: Line | None,
    wallet: Wallet,
    terms: Terms | None,
    command: Pay,
    at: At,
    shared: SharedExposure | None = None,
    acceptance: Acceptance = ANYWHERE,
) -> Refusal | None:
    """The tenders make up the amount, the merchant takes them, the line is accepted there, and each has enough left."""
    credit, from_wallet = command.credit_minor, command.wallet_minor
    tendered = credit + from_wallet + command.coupon_minor
    if min(credit, from_wallet, command.coupon_minor) < 0 or tendered != trade.amount_minor:
        return TendersDoNotAddUp(tendered_minor=tendered, amount_minor=trade.amount_minor)
    of_line = "credit" if terms is None else terms.tender
    for tender, amount_minor in ((of_line, credit), ("wallet", from_wallet)):
        if amount_minor and tender not in trade.detail.tenders:
            return TenderNotAccepted(tender=tender)
    if credit:
        if line is None or terms is None or line.person_id != command.person_id:
            return NoLine(person_id=command.person_id)
        refusal = refuse_line(
            line,
            terms,
            credit,
            sold_at(trade, merchant),
            at,
            acceptance=acceptance,
            merchant_id=merchant.id,
            trade_id=trade.id,
            shared=shared,
        )
        if refusal is not None:
            return refusal
    return refuse_wallet(wallet, from_wallet) if from_wallet else None


def sold_at(trade: Trade, merchant: Merchant) -> Place:
    """Where an order is sold, as acceptance asks it: always, whatever the terms say of sub-limits."""
    return Place(market=merchant.market, category=merchant.category, channel=trade.detail.sold)


def counted_by(
    acceptance: Acceptance, line: Line | None, trade: Trade, merchant: Merchant, command: Pay, at: At
) -> MonthCounted | None:
    """The cap of a month that the credit part takes from, if the rule that accepts it has one."""
    if not acceptance.counts or line is None or not command.credit_minor:
        return None
    return acceptance.ruling(line.program, sold_at(trade, merchant), at.on).counted_in(at.on)


def refuse_coupon_offer(trade: Trade, command: Pay, offer: Offer | None, at: At) -> Refusal | None:
    """The coupon is what the campaign gives for this order today, to this person, and the budget has it."""
    if not command.campaign_id and not command.coupon_minor:
        return None
    if offer is None:
        return TenderNotAccepted(tender="coupon")
    return refuse_coupon(
        offer.campaign,
        merchant_id=trade.merchant_id,
        order_minor=trade.amount_minor,
        coupon_minor=command.coupon_minor,
        used=offer.used,
        at=at,
    ) or refuse_budget(offer.campaign, offer.budget, command.coupon_minor)


def borne_plan(
    plan: InstallmentChoice | None,
    trade: Trade,
    line: Line | None,
    terms: Terms | None,
    command: Pay,
    offers: Offers,
    at: At,
) -> InstallmentChoice | Refusal | None:
    """The plan with the part of its fee that the campaign bears, if the command names one and it does."""
    if not command.subsidy_id and not command.subsidy_minor:
        return plan
    if plan is None or line is None or terms is None or offers.subsidy is None:
        return TenderNotAccepted(tender="subsidy")
    campaign, budget, _, borne_minor = offers.subsidy
    refusal = refuse_subsidy(
        campaign,
        plan,
        lent_years_minor=lent_years_minor(command.credit_minor, plan, terms),
        merchant_id=trade.merchant_id,
        program=line.program,
        requested_minor=command.subsidy_minor,
        at=at,
        borne_minor=borne_minor,
    ) or refuse_budget(campaign, budget, _drawn_minor(command, campaign))
    return refusal or msgspec.structs.replace(plan, subsidy=subsidy_part(campaign, command.subsidy_minor, at.on))


def _drawn_minor(command: Pay, campaign: Campaign) -> int:
    """All that the command wants of one campaign's budget."""
    of_order = command.coupon_minor if command.campaign_id == campaign.id else 0
    return of_order + command.subsidy_minor


def coupon_of(command: Pay, offer: Offer | None) -> CampaignPart | None:
    return part_of(offer.campaign, command.coupon_minor) if offer is not None and command.coupon_minor else None


def plan_of(
    count: int, detail: TradeDetail, credit_minor: int, terms: Terms | None
) -> InstallmentChoice | Refusal | None:
    """The plan of the credit part, priced by the terms; None for `pay next month` and for a purchase without credit."""
    if not count or not credit_minor or terms is None:
        return None
    choice = installment_choice(credit_minor, count, terms, detail.fee_payer_of(count))
    return PlanNotOffered(count=count, amount_minor=credit_minor) if choice is None else choice


def paid_event(
    trade: Trade,
    merchant: Merchant,
    plan: InstallmentChoice | None,
    terms: Terms | None,
    command: Pay,
    at: At,
    offers: Offers = NO_OFFERS,
    counted: MonthCounted | None = None,
) -> Event:
    """What is agreed by paying with these tenders, by the trade's flow. terms: the line's, if there is one. counted: the
    cap of a month that it takes from.
    """
    owners = {
        "value_on": at.on,
        "trade_id": trade.id,
        "payment_id": command.payment_id,
        "line_id": command.line_id if command.credit_minor else 0,
        "person_id": command.person_id,
        "merchant_id": trade.merchant_id,
    }
    coupon = coupon_of(command, offers.coupon)
    tenders: dict[str, Any] = {
        "credit_minor": command.credit_minor,
        "wallet_minor": command.wallet_minor,
        "plan": plan,
        "coupon": coupon,
    }
    if terms is not None and terms.tender == "card" and command.credit_minor:
        tenders["card"] = True
    if terms is not None and terms.sub_limits and command.credit_minor:
        tenders["place"] = place_of(merchant.market, merchant.category, trade.detail.sold, terms)
    if counted is not None:
        tenders["counted"] = counted
    if trade.flow is Flow.ESCROW:
        drawn = terms is not None and terms.draws_on == "payment" and command.credit_minor > 0
        return Escrowed(**owners, **tenders, drawn=drawn)  # type: ignore[arg-type]
    if trade.flow is Flow.MANUAL and not command.capture:
        return Authorized(**owners, **tenders, expires_at=at.instant + timedelta(days=HOLD_DAYS))  # type: ignore[arg-type]
    money_minor = command.wallet_minor + (coupon.funded_minor if coupon else 0)
    schedule = schedule_of(merchant, terms if command.credit_minor else None, at.on, trade.detail.sold)
    count = plan.count if plan else 0
    fees = charged(schedule, (), credit_minor=command.credit_minor, wallet_minor=money_minor, count=count)
    mdr_minor = mdr_of(fees) if schedule.planned else merchant.mdr_minor(command.credit_minor + money_minor)
    return Captured(**owners, **tenders, mdr_minor=mdr_minor, fees=fees)  # type: ignore[arg-type]


def new_payment(
    trade: Trade,
    merchant: Merchant,
    line: Line | None,
    terms: Terms | None,
    event: Event,
    command: Pay,
    shared: SharedExposure | None = None,
) -> Payment:
    """The payment that `evolve` starts from: tenders authorized, nothing taken; with the evidence of the limit."""
    plan: InstallmentChoice | None = getattr(event, "plan", None)
    by_credit = line is not None and terms is not None and command.credit_minor > 0
    return Payment(
        id=command.payment_id,
        lane=0 if line is None else line.lane,
        trade_id=trade.id,
        app_id=trade.app_id,
        merchant_id=trade.merchant_id,
        person_id=command.person_id,
        line_id=event.line_id,
        flow=trade.flow,
        state=PaymentState.AUTHORIZED,
        mdr_ppm=merchant.mdr_ppm,
        authorized_on=event.value_on,
        credit_authorized_minor=command.credit_minor,
        wallet_authorized_minor=command.wallet_minor,
        plan=plan,
        place=getattr(event, "place", None),
        particulars=_particulars(event, trade, terms),
        confirm_on=confirm_on(trade, terms, event.value_on),
        exposure_before_minor=line.exposure_minor if by_credit and line else 0,
        limit_effective_minor=line.limit_minor_on(event.value_on) if by_credit and line else 0,
        tolerance_minor=terms.over_limit_tolerance_minor if by_credit and terms else 0,
        coupon=getattr(event, "coupon", None),
        group_exposure_before_minor=shared.exposure_minor if by_credit and shared else None,
        group_limit_minor=shared.most_minor(terms) if by_credit and shared and terms else None,
    )


def _particulars(event: Event, trade: Trade, terms: Terms | None) -> PaymentParticulars:
    particulars = BY_CARD if getattr(event, "card", False) else ORDINARY
    counted: MonthCounted | None = getattr(event, "counted", None)
    if counted is not None:
        particulars = msgspec.structs.replace(particulars, counted=counted)
    if trade.flow is Flow.ESCROW and escrow_terms(event.value_on).clock_starts(trade.detail.goods) == "shipped":
        days = _confirm_days(trade, terms, event.value_on)
        particulars = msgspec.structs.replace(particulars, confirm_days=days)
    return particulars


def confirm_on(trade: Trade, terms: Terms | None, paid_on: date) -> date | None:
    """The day on which the clock confirms receipt if the buyer has not; only escrow has one, and not before the first parcel
    where the terms say so.

    The merchant's own number of days; else the program's, where it lists these goods; else that of the terms of escrow, where
    they do; else the program's for other goods, or theirs.
    """
    if trade.flow is not Flow.ESCROW:
        return None
    if escrow_terms(paid_on).clock_starts(trade.detail.goods) == "shipped":
        return None
    return paid_on + timedelta(days=_confirm_days(trade, terms, paid_on))


def _confirm_days(trade: Trade, terms: Terms | None, paid_on: date) -> int:
    usual, goods = escrow_terms(paid_on).confirm_days, trade.detail.goods
    own = {} if terms is None else terms.auto_confirm_days
    days = next(table[key] for key in (goods, "other") for table in (own, usual) if key in table)
    return trade.detail.confirm_days or days
