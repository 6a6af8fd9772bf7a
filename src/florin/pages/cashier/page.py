"""What the cashier shows of a trade: to whom, how much, and each way to pay with what is left on it and what it costs.

Whether a tender can be used is asked of the till's own rule (`florin.payments.pay`), so the page refuses what the engine
would refuse, with the same sentence and the same numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from msgspec import structs

from florin.credit.line import Line
from florin.credit.plans import PlanQuote, quote
from florin.credit.spendable import spendable
from florin.credit.sub_limits import place_of
from florin.credit.terms import Program, Terms
from florin.engine.reference import Reference
from florin.events.refusals import Language, Refusal
from florin.money.at import At
from florin.pages import hooks
from florin.pages.cashier.deals import NO_DEALS, Deal, Deals, subsidized_quote
from florin.pages.lenders import partners_of
from florin.pages.show import full_date, full_moment, money, percent
from florin.pages.spendable import sentence_at
from florin.pages.texts import text
from florin.payments.down_payment import down_payment_minor, with_down_payment
from florin.payments.merchant import Merchant
from florin.payments.pay import NoLine, Pay, PlanNotOffered, refuse_tenders, sold_at
from florin.payments.payment import PaymentState
from florin.payments.trade import Flow, Trade
from florin.queries.shopper import Held, Order, Purse
from florin.wallet.withdraw import WalletTooLow

_DAYS_A_YEAR = 365
_COUNTS = {"0", *(str(count) for count in range(2, 61))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the shop asks for; to_pay: what is left of it beside the coupon, if one is taken off."""

    merchant: str
    initial: str
    subject: str
    amount: str
    number: str
    pay_by: str
    quit_url: str
    to_pay: str = ""
    coupon: str = ""
    coupon_off: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to pay: a row that can be chosen. rate: annualized; empty where no credit is given."""

    value: str
    title: str
    notes: tuple[str, ...]
    rate: str = ""
    rate_label: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """A means to pay, with what is left on it. `reason` says why it cannot be used; then there are no ways. notes: up to how
    much it is accepted, why no more is left, and why some ways are not offered. folded: its ways but the first show when one of
    them is chosen; more: how many those are, in words. partners: banks that may lend a share.
    """

    kind: str
    title: str
    left_label: str
    left: str
    reason: str
    ways: tuple[Way, ...]
    notes: tuple[str, ...] = ()
    folded: bool = False
    more: str = ""
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A paid trade, as its payer sees it. facts: label and value, in order."""

    merchant: str
    amount: str
    title: str
    next_step: str
    facts: tuple[tuple[str, str], ...]
    return_url: str
    payment_id: int


def request_of(trade: Trade, merchant: Merchant, language: Language, coupon: Deal | None = None) -> Request:
    name = merchant_name(merchant, language)
    off_minor = 0 if coupon is None else coupon.amount_minor
    return Request(
        merchant=name,
        initial=name[:1].upper(),
        subject=trade.subject,
        amount=money(trade.amount_minor, language),
        number=trade.out_trade_no,
        pay_by=full_moment(trade.expires_at, language) if trade.expires_at is not None else "",
        quit_url=hooks.quit_url(trade),
        to_pay=money(trade.amount_minor - off_minor, language),
        coupon="" if coupon is None else coupon.name,
        coupon_off="" if coupon is None else money(off_minor, language),
    )


def merchant_name(merchant: Merchant, language: Language) -> str:
    return merchant.name_zh if language == "zh" and merchant.name_zh else merchant.name


def tenders_of(
    trade: Trade,
    merchant: Merchant,
    purse: Purse,
    reference: Reference,
    at: At,
    language: Language,
    chosen: str = "",
    deals: Deals = NO_DEALS,
) -> tuple[Tender, ...]:
    """Each of her lines, then the wallet; those that the merchant does not take are left out. Each pays what the coupon leaves.

    Who has several lines sees first what she can pay with. chosen: the way that was chosen before, if the form comes back; else
    the first that can be used.
    """
    taken = trade.detail.tenders
    held = [each for each in purse.lines if reference.program(each.line.program).tender in taken]
    several = len(held) > 1
    tenders = [_credit(trade, merchant, purse, each, reference, at, language, deals, several=several) for each in held]
    if not purse.lines and "credit" in taken:
        tenders.append(_credit(trade, merchant, purse, None, reference, at, language, deals))
    if "wallet" in taken:
        tenders.append(_wallet(trade, merchant, purse, at, language, deals))
    if several:
        tenders.sort(key=lambda tender: not tender.ways)
    values = [way.value for tender in tenders for way in tender.ways]
    picked = chosen if chosen in values else next(iter(values), "")
    return tuple(_with_choice(tender, picked) for tender in tenders)


def command_of(trade: Trade, purse: Purse, way: str, payment_id: int, coupon: str = "") -> Pay | None:
    """What the shopper asks for by choosing this way; None for a value that the page did not offer.

    coupon: as the form has it, `campaign-amount`; way: a subsidized plan ends in the same. Both are what she saw, and the
    till says whether they still hold.
    """
    tender, count, *borne = way.split("-")[:4] if "-" in way else (way, "")
    off, of_fee = _given(coupon), _given("-".join(borne))
    if off is None or of_fee is None:
        return None
    left_minor = trade.amount_minor - off[1]
    pay = Pay(
        payment_id=payment_id,
        trade_id=trade.id,
        person_id=purse.wallet.id,
        campaign_id=off[0],
        coupon_minor=off[1],
        capture=trade.flow is not Flow.MANUAL,  # what is captured by hand is only reserved here
        seen=True,
    )
    if tender == "wallet":
        return structs.replace(pay, wallet_minor=left_minor)
    line = line_of(purse, tender)
    if line is not None and count in _COUNTS:
        of_credit = {"line_id": line.id, "credit_minor": left_minor, "installments": int(count)}
        return structs.replace(pay, **of_credit, subsidy_id=of_fee[0], subsidy_minor=of_fee[1])
    return None


def way_value(purse: Purse, line: Line, way: str) -> str:
    """A way of a line as the form sends it: `credit-3`; of one among several lines `credit.117-3`, by its number."""
    return f"credit-{way}" if len(purse.lines) == 1 else f"credit.{line.id}-{way}"


def line_of(purse: Purse, tender: str) -> Line | None:
    """Which of her lines a form names. Without a number it is her only one: of several none is meant."""
    kind, _, number = tender.partition(".")
    if kind != "credit":
        return None
    lines = [held.line for held in purse.lines if not number or str(held.line.id) == number]
    return lines[0] if len(lines) == 1 else None


def _given(text: str) -> tuple[int, int] | None:
    """(campaign, amount) as a form sends it; (0, 0) for nothing, None for what no page of ours has written."""
    if not text:
        return 0, 0
    match = _GIVEN.fullmatch(text)
    return None if match is None else (int(match[1]), int(match[2]))


_GIVEN = re.compile(r"([1-9][0-9]{0,18})-([1-9][0-9]{0,12})", re.ASCII)


def receipt_of(
    trade: Trade, order: Order, merchant: Merchant, program: Program | None, language: Language, lenders: str = ""
) -> Receipt:
    """What she is told after paying: with what, and what comes next. lenders: who lent, where a partner bank did."""
    facts = [
        (text(language, "receipt.subject"), order.subject),
        (text(language, "receipt.paid_with"), paid_with(order, program, language)),
        (text(language, "receipt.paid_on"), full_date(order.paid_on, language)),
        (text(language, "receipt.number"), order.out_trade_no),
    ]
    if lenders:
        facts.append((text(language, "receipt.lent_by"), lenders))
    if order.refunded_minor:
        facts.append((text(language, "receipt.refunded"), money(order.refunded_minor, language)))
    waits = order.state is PaymentState.ESCROWED
    return Receipt(
        merchant=merchant_name(merchant, language),
        amount=money(order.amount_minor, language),
        title=text(language, _TITLES[order.state]),
        next_step=_next_step(order, program, language),
        facts=tuple(facts),
        return_url=hooks.return_url(trade),
        payment_id=order.payment_id if waits else 0,
    )


def paid_with(order: Order, program: Program | None, language: Language) -> str:
    """Pay later, 12 × ¥500.00; or the wallet; or both with their amounts."""
    parts = []
    if order.credit_minor:
        name = program_title(program, language)
        plan = "" if order.plan is None else text(language, "receipt.plan", count=order.plan.count)
        parts.append((name + plan, order.credit_minor))
    if order.wallet_minor:
        parts.append((text(language, "tender.wallet"), order.wallet_minor))
    if order.coupon is not None:
        parts.append((text(language, "tender.coupon"), order.coupon.amount_minor))
    if len(parts) == 1:
        return parts[0][0]
    joint = text(language, "receipt.and")
    return joint.join(f"{name} {money(minor, language)}" for name, minor in parts)


def program_title(program: Program | None, language: Language) -> str:
    if program is None:
        return text(language, "tender.credit")
    return program.title_zh if language == "zh" else program.title_en


def first_due_on(program: Program, bought_on: date) -> date:
    """When a debt of that day is to be paid: the due day of the first statement, or order, that bills it."""
    return program.due_on(program.first_bill_on(bought_on))


_TITLES = {
    PaymentState.AUTHORIZED: "receipt.reserved",
    PaymentState.ESCROWED: "receipt.paid",
    PaymentState.CAPTURED: "receipt.paid",
    PaymentState.VOIDED: "receipt.voided",
    PaymentState.REFUNDED: "receipt.all_refunded",
}


def _next_step(order: Order, program: Program | None, language: Language) -> str:
    if order.state is PaymentState.ESCROWED:
        if order.confirm_on is None:
            return text(language, "receipt.escrow_unsent")
        by = full_date(order.confirm_on, language)
        return text(language, "receipt.escrow_credit" if order.credit_minor else "receipt.escrow_wallet", date=by)
    if order.state is PaymentState.CAPTURED and order.credit_minor and program is not None:
        closes_on = program.first_bill_on(order.owed_from_on)
        closes, due = full_date(closes_on, language), full_date(program.due_on(closes_on), language)
        key = "receipt.due_plan" if order.plan is not None else "receipt.due"
        return text(language, key, closes=closes, date=due)
    return ""


def _credit(
    trade: Trade,
    merchant: Merchant,
    purse: Purse,
    held: Held | None,
    reference: Reference,
    at: At,
    language: Language,
    deals: Deals,
    *,
    several: bool = False,
) -> Tender:
    """held: the line; None when she has none. several: it is one of more that are shown."""
    line = None if held is None else held.line
    program = None if line is None else reference.program(line.program)
    terms = None if program is None else program.terms_on(at.on)
    trial = Pay(
        payment_id=0,
        trade_id=trade.id,
        person_id=purse.wallet.id,
        line_id=0 if line is None else line.id,
        credit_minor=trade.amount_minor - deals.coupon_minor,
        coupon_minor=deals.coupon_minor,
    )

    def refused(count: int) -> Refusal | None:
        """Why it cannot be paid in so many installments, 0: next month; a down payment comes off before."""
        asked, shared = with_down_payment(trial, count, terms), None if held is None else held.shared
        return refuse_tenders(trade, merchant, line, purse.wallet, terms, asked, at, shared, reference.acceptance)

    refusal, left_minor = refused(trade.installments), 0
    ways: tuple[Way, ...] = ()
    notes: tuple[str, ...] = ()
    if program is not None and terms is not None and held is not None and line is not None:
        left = spendable(line, terms, at.on, held.shared)
        place = place_of(merchant.market, merchant.category, trade.detail.sold, terms)
        left_minor = left.at(place)
        all_ways = _credit_ways(trade, program, terms, at, language, deals)
        ways = tuple(
            replace(way, value=way_value(purse, line, way.value))
            for count, way in all_ways.items()
            if refused(count) is None
        )
        if ways:
            short = [found for count in all_ways if (found := refused(count)) is not None]
            down_minor = down_payment_minor(trial.credit_minor, terms)
            notes = _credit_notes(sentence_at(left, place, language), refusal, short, down_minor, language)
            notes = _accepted_notes(line, trade, merchant, reference, at, language) + notes
            refusal = None
        elif refusal is None:
            refusal = PlanNotOffered(count=trade.installments, amount_minor=trade.amount_minor)
    return Tender(
        kind="credit" if program is None else program.tender,
        title=program_title(program, language),
        left_label=text(language, "tender.available"),
        left="" if isinstance(refusal, NoLine) or line is None else money(left_minor, language),
        reason="" if refusal is None else refusal.sentence(language),
        ways=ways,
        notes=notes,
        folded=several and len(ways) > 1,
        more=text(language, "tender.more", count=len(ways) - 1) if several and len(ways) > 1 else "",
        partners=() if program is None else partners_of(program, at, language),
    )


def _accepted_notes(
    line: Line, trade: Trade, merchant: Merchant, reference: Reference, at: At, language: Language
) -> tuple[str, ...]:
    """Up to how much one purchase, or all of a month, may be here, where there are such caps."""
    ruling = reference.acceptance.ruling(line.program, sold_at(trade, merchant), at.on)
    notes = []
    if ruling.cap_minor is not None:
        notes.append(text(language, "tender.cap", amount=money(ruling.cap_minor, language)))
    month_left_minor = ruling.month_left_minor(line, at.on)
    if ruling.month_cap_minor is not None and month_left_minor is not None:
        most, left = money(ruling.month_cap_minor, language), money(month_left_minor, language)
        notes.append(text(language, "tender.cap_month", amount=most, left=left))
    return tuple(notes)


def _credit_notes(
    room: str, refusal: Refusal | None, refused: Sequence[Refusal], down_minor: int, language: Language
) -> tuple[str, ...]:
    """Beside the ways that there are: why no more is left, and why others are not offered. refusal: of paying next month."""
    down = money(down_minor, language)
    notes = [room] if room else []
    if refusal is not None:
        notes.append(text(language, "way.plan.down_only", amount=down))
    poor = next((each for each in refused if isinstance(each, WalletTooLow)), None)
    if poor is not None:
        balance = money(poor.balance_minor, language)
        notes.append(text(language, "way.plan.down_short", amount=down, balance=balance))
    return tuple(notes)


def _credit_ways(
    trade: Trade, program: Program, terms: Terms, at: At, language: Language, deals: Deals
) -> dict[int, Way]:
    """Next month (0) and each plan, by its count; only the merchant's own choice when he made one."""
    due_on = first_due_on(program, at.on)
    left_minor = trade.amount_minor - deals.coupon_minor
    down_minor = down_payment_minor(left_minor, terms)
    lent_minor = left_minor - down_minor
    ways = {} if trade.installments else {0: _next_month(trade, terms, due_on, language)}
    for count in sorted(offer.count for offer in terms.installments):
        offered = quote(lent_minor, count, terms, trade.detail.fee_payer_of(count))
        if offered is not None and trade.installments in (0, count):
            borne = subsidized_quote(offered, lent_minor, trade, program, terms, deals, at, language)
            ways[count] = plan_way(*borne, trade, due_on, down_minor, language)
    return ways


def _next_month(trade: Trade, terms: Terms, due_on: date, language: Language) -> Way:
    yearly = terms.interest_daily_rate * _DAYS_A_YEAR
    due = full_date(due_on, language)
    if terms.interest_free == "never":
        return Way(
            value="0",
            title=text(language, "way.next_month"),
            notes=(text(language, "way.next_month.interest", date=due),),
            rate=percent(yearly),
            rate_label=text(language, "rate.from_payment"),
        )
    key = "way.next_month.due_escrow" if trade.flow is Flow.ESCROW else "way.next_month.due"
    return Way(
        value="0",
        title=text(language, "way.next_month"),
        notes=(text(language, key, date=due), text(language, "way.next_month.late", rate=percent(yearly))),
        rate=percent(Decimal(0)),
        rate_label=text(language, "rate.if_in_time"),
    )


def plan_way(
    quote: PlanQuote, borne: Deal | None, trade: Trade, due_on: date, down_minor: int, language: Language
) -> Way:
    """borne: by a campaign, of the plan's fee. down: what is paid at once."""
    last = quote.installments[-1]
    last_minor = last.principal_minor + last.fee_minor
    upfront = quote.fee_timing == "upfront" and quote.fee_payer == "shopper"
    each = money(last_minor if upfront else quote.per_period_minor, language)
    priced = "interest" if quote.method == "declining" else "fee"
    total, fee = money(quote.total_minor, language), money(quote.shopper_fee_minor or quote.fee_minor, language)
    notes = [text(language, "way.plan.down", amount=money(down_minor, language))] if down_minor else []
    if borne is None or quote.shopper_fee_minor:
        notes.append(text(language, f"way.plan.{priced}_{quote.fee_payer}", total=total, fee=fee))
    if borne is not None:
        notes.append(text(language, "way.plan.subsidy", name=borne.name, amount=money(borne.amount_minor, language)))
    if upfront:
        notes.append(text(language, "way.plan.with_fee", amount=money(quote.per_period_minor, language)))
    elif last_minor != quote.per_period_minor:
        notes.append(text(language, "way.plan.last", amount=money(last_minor, language)))
    first = "way.plan.first_escrow" if trade.flow is Flow.ESCROW else "way.plan.first"
    notes.append(text(language, first, date=full_date(due_on, language)))
    return Way(
        value=f"{quote.count}" + (f"-{borne.campaign_id}-{borne.amount_minor}" if borne else ""),
        title=text(language, "way.plan", count=quote.count, each=each),
        notes=tuple(notes),
        rate=percent(quote.annualized_rate),
        rate_label=text(language, f"rate.{quote.convention}"),
    )


def _wallet(trade: Trade, merchant: Merchant, purse: Purse, at: At, language: Language, deals: Deals) -> Tender:
    trial = Pay(
        payment_id=0,
        trade_id=trade.id,
        person_id=purse.wallet.id,
        wallet_minor=trade.amount_minor - deals.coupon_minor,
        coupon_minor=deals.coupon_minor,
    )
    refusal = refuse_tenders(trade, merchant, None, purse.wallet, None, trial, at)
    pay_now = Way(value="wallet-0", title=text(language, "way.wallet"), notes=(text(language, "way.wallet.note"),))
    return Tender(
        kind="wallet",
        title=text(language, "tender.wallet"),
        left_label=text(language, "tender.balance"),
        left=money(purse.wallet.balance_minor, language),
        reason="" if refusal is None else refusal.sentence(language),
        ways=(pay_now,) if refusal is None else (),
    )


def _with_choice(tender: Tender, value: str) -> Tender:
    return replace(tender, ways=tuple(replace(way, chosen=way.value == value) for way in tender.ways))
