"""What the street shows, in words and amounts ready to print: the shopper's purse, five doors, and who got which fen today.

Every figure is asked of the house at this moment. What a shop itself knows, whether it was told that it is paid, comes from the
shop. The two need not agree for the blink of an eye, and the page says so: paid, and then told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from psycopg import Connection

from florin.engine import lane_of
from florin.events.refusals import Language
from florin.money.at import At
from florin.pages.cashier.page import program_title
from florin.pages.qr import qr_svg
from florin.pages.show import full_date, money
from florin.payments.fee_plan import FeeTerms
from florin.payments.fees import schedule_of
from florin.payments.merchant import Merchant
from florin.payments.payment import Payment, PaymentState
from florin.queries.lines import LineView, line_of_person
from florin.queries.merchant import read_payouts
from florin.queries.payments import payment_by_trade
from florin.queries.shares import Share, Shares, shares_of_days, shares_of_payment
from florin.queries.shopper import Order as Seen
from florin.queries.shopper import Purse, read_order, read_purse
from florin.sandbox.instance import Instance
from florin.town.answers import KINDS, Lamp, lamps_at
from florin.town.doors import DOORS, Door
from florin.town.fen import Bar, bar_of
from florin.town.people import RESIDENTS, Resident
from florin.town.shops import Order, Shops
from florin.town.texts import text
from florin.town.town import Town

PURCHASES_MAX = 6
_DAYS_A_YEAR = 365
_KIND_OF = {program: kind for kind, programs in KINDS.items() for program in programs}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonShown:
    logon: str
    name: str
    about: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShown:
    """One line at a glance. also: what the cashier calls it, where that is another name. used: of the limit, in thousandths.

    free: for how long a purchase of today bears nothing; bears: what it bears at once, where nothing is free.
    """

    kind: str
    title: str
    also: str
    left: str
    limit: str
    used: int
    free: str
    bears: str
    due: str
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LampShown:
    """One lamp. look: the color's name; answer: yes, no, or up to so much; why: the sentence that a tap shows."""

    kind: str
    title: str
    look: str
    answer: str
    why: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorShown:
    """One door. each: of an installment, empty without. waiting: her order that is asked for and not paid. code: of the stall.

    on_phone: it is paid in another window. bought: the shop was told that she has paid.
    """

    market: str
    place: str
    terms: str
    fees: str
    shop: str
    goods: str
    price: str
    installments: int
    each: str
    lamps: tuple[LampShown, ...]
    waiting: str
    code: str
    on_phone: bool
    bought: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareShown:
    """One party's share. causes: what for, and how much of it."""

    party: str
    name: str
    amount: str
    causes: tuple[tuple[str, str], ...]
    gains: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesShown:
    """rows: a party each. total: of all of them, as it was added up. promised: what waits for receipt, empty when nothing."""

    rows: tuple[ShareShown, ...]
    total: str
    bar: Bar
    promised: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShown:
    title: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseShown:
    """One paid order. number: the shop's own. by: what it was paid with."""

    number: str
    buyer: str
    logon: str
    shop: str
    market: str
    goods: str
    amount: str
    by: str
    steps: tuple[StepShown, ...]
    shares: SharesShown
    can_receive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetShown:
    """The whole page. bill_on: the day of the next bills. gains: of all that was posted today, over the whole street."""

    language: Language
    today: str
    bill_on: str
    logon: str
    name: str
    people: tuple[PersonShown, ...]
    wallet: str
    lines: tuple[LineShown, ...]
    doors: tuple[DoorShown, ...]
    purchases: tuple[PurchaseShown, ...]
    gains: SharesShown
    sales: int
    notice: str


def show_street(
    instance: Instance, town: Town, shops: Shops, *, logon: str, language: Language, notice: str = ""
) -> StreetShown:
    """The street as it is now, for one shopper."""
    resident, at = RESIDENTS[logon], instance.engine.at()
    with instance.reads.connection() as connection:
        purse = read_purse(connection, town.people[logon])
        assert purse is not None, "a resident is a person of the house"
        purchases = _purchases(connection, town, shops, language)
        bought = {purchase.market for purchase in purchases if purchase.logon == logon}
        today = shares_of_days(connection, from_on=at.on, until_on=at.on + timedelta(days=1), language=language)
        return StreetShown(
            language=language,
            today=full_date(at.on, language),
            bill_on=full_date(next_bill_on(at.on), language),
            logon=logon,
            name=resident.named(language),
            people=tuple(_person(each, language, chosen=each is resident) for each in RESIDENTS.values()),
            wallet=money(purse.wallet.balance_minor, language),
            lines=_lines(connection, town, resident, at, language),
            doors=tuple(
                _door(purse, instance, town, shops, door, resident, at, language, bought=door.market in bought)
                for door in DOORS.values()
            ),
            purchases=purchases,
            gains=_shares(today, language),
            sales=today.payments,
            notice=notice,
        )


def next_bill_on(today: date) -> date:
    """The first of the next month: every monthly bill of the street is made on it."""
    return (today.replace(day=1) + timedelta(days=31)).replace(day=1)


def _person(resident: Resident, language: Language, *, chosen: bool) -> PersonShown:
    return PersonShown(
        logon=resident.logon,
        name=resident.named(language),
        about=resident.described(language),
        chosen=chosen,
    )


def _lines(connection: Connection, town: Town, resident: Resident, at: At, language: Language) -> tuple[LineShown, ...]:
    views = [
        line_of_person(connection, person_id=town.people[resident.logon], at=at, program=program)
        for program in resident.lines
    ]
    return tuple(_line(view, language) for view in views if view is not None)


def _line(view: LineView, language: Language) -> LineShown:
    line, today = view.line, view.at.on
    limit_minor = view.limit_minor
    left_minor = max(0, view.available_minor)
    terms = view.program.terms_on(today)
    free, bears = "", ""
    if terms.interest_free == "never":
        bears = text(language, "line.bears", rate=_rate(terms.interest_daily_rate * _DAYS_A_YEAR))
    else:
        free_until = view.program.due_on(view.program.first_bill_on(today))
        free = text(language, "line.free", days=(free_until - today).days)
    is_late = line.past_due_on is not None
    kind = _KIND_OF[view.program.name]
    title, also = text(language, f"kind.{kind}"), program_title(view.program, language)
    due = ""
    if line.due_minor and line.due_on is not None:
        key = "line.late" if is_late else "line.due"
        due = text(language, key, amount=money(line.due_minor, language), date=full_date(line.due_on, language))
    return LineShown(
        kind=kind,
        title=title,
        also="" if title in also or kind == "card" else text(language, "line.also", name=also),
        left=money(left_minor, language),
        limit=_round(limit_minor, language),
        used=min(1_000, (limit_minor - left_minor) * 1_000 // limit_minor) if limit_minor else 1_000,
        free=free,
        bears=bears,
        due=due,
        is_late=is_late,
    )


# ── doors ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _door(
    purse: Purse,
    instance: Instance,
    town: Town,
    shops: Shops,
    door: Door,
    resident: Resident,
    at: At,
    language: Language,
    *,
    bought: bool,
) -> DoorShown:
    merchant_id = town.shops[door.market].merchant_id
    reference = instance.engine.reference
    lamps = lamps_at(purse, reference, door, merchant_id=merchant_id, at=at, language=language)
    # What the page explains unasked: the first line that she has.
    first = next((lamp for lamp in lamps if lamp.says != "none"), lamps[0])
    waiting = shops.waiting(door.market, now=at.instant, buyer=resident.logon)
    code = shops.waiting(door.market, now=at.instant) if door.by_code else None
    return DoorShown(
        market=door.market,
        place=text(language, f"door.{door.market}.place"),
        terms=text(language, f"door.{door.market}.terms"),
        fees=_fees(reference.merchants[merchant_id], door, at, language),
        shop=door.named(language),
        goods=door.sells(language),
        price=money(door.price_minor, language),
        installments=door.installments,
        each=money(door.price_minor // door.installments, language) if door.installments else "",
        lamps=tuple(_lamp(lamp, resident, language, chosen=lamp is first) for lamp in lamps),
        waiting="" if waiting is None else waiting.number,
        code=qr_svg(code.address) if code is not None else "",
        on_phone=door.on_phone,
        bought=bought,
    )


def _fees(merchant: Merchant, door: Door, at: At, language: Language) -> str:
    """What the shop pays by its plan of today: for a sale on credit, and for a bank's card where that costs otherwise."""
    rules = schedule_of(merchant, None, at.on, door.channel).rules
    rates = _first_rates(rule.terms for rule in rules if rule.terms.takes("credit", 0))
    card_rate = _first_rates(rule.terms for rule in rules if rule.terms.takes("card", 0)).get("mdr", Decimal(0))
    said = [text(language, f"fee.{fee}", rate=_rate(rate)) for fee, rate in rates.items() if rate]
    if card_rate != rates.get("mdr", Decimal(0)):
        said.append(text(language, "fee.card", rate=_rate(card_rate)))
    return text(language, "fees", fees=text(language, "fee.and").join(said))


def _first_rates(fees: Iterable[FeeTerms]) -> dict[str, Decimal]:
    """Of each kind of fee the first that holds."""
    found: dict[str, Decimal] = {}
    for each in fees:
        found.setdefault(each.fee, each.rate)
    return found


def _lamp(lamp: Lamp, resident: Resident, language: Language, *, chosen: bool) -> LampShown:
    is_capped = lamp.says == "yes" and lamp.cap_minor is not None
    key = "yes_capped" if is_capped else lamp.says
    amount_minor = lamp.most_minor if lamp.says == "limit" else lamp.cap_minor or lamp.most_minor
    title = text(language, f"kind.{lamp.kind}")
    why = lamp.reason or text(language, f"lamp.{lamp.says}.why", name=resident.named(language), kind=title)
    return LampShown(
        kind=lamp.kind,
        title=title,
        look=lamp.says,
        answer=text(language, f"lamp.{key}", amount=_round(amount_minor, language)),
        why=why,
        chosen=chosen,
    )


# ── purchases ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _purchases(connection: Connection, town: Town, shops: Shops, language: Language) -> tuple[PurchaseShown, ...]:
    """Of what the shops were told is paid, the newest first."""
    paid = sorted((order for order in shops.orders() if order.is_paid), key=lambda order: -order.turn)[:PURCHASES_MAX]
    found = [_purchase(connection, town, order, language) for order in paid]
    return tuple(purchase for purchase in found if purchase is not None)


def _purchase(connection: Connection, town: Town, order: Order, language: Language) -> PurchaseShown | None:
    """None when the house knows nothing of it any more, after a reset."""
    view = payment_by_trade(connection, trade_id=order.trade_id)
    shares = shares_of_payment(connection, payment_id=order.trade_id, language=language)
    if view is None or view.payment is None or shares is None:
        return None
    payment, door = view.payment, DOORS[order.market]
    buyer = next((each for each in RESIDENTS.values() if town.people[each.logon] == payment.person_id), None)
    seen = read_order(connection, payment.id, person_id=payment.person_id)
    assert seen is not None, "the payment was read a moment ago"
    return PurchaseShown(
        number=order.number,
        buyer=buyer.named(language) if buyer is not None else text(language, "somebody"),
        logon=buyer.logon if buyer is not None else "",
        shop=door.named(language),
        market=door.market,
        goods=door.sells(language),
        amount=money(payment.amount_minor, language),
        by=_paid_by(seen, language),
        steps=_steps(connection, payment, town.shops[door.market].merchant_id, language),
        shares=_shares(shares, language),
        can_receive=payment.state is PaymentState.ESCROWED,
    )


def _paid_by(seen: Seen, language: Language) -> str:
    """Huabei in 12 installments; the wallet; or both."""
    means = []
    if seen.program:
        kind = text(language, f"kind.{_KIND_OF[seen.program]}")
        means.append(text(language, "by.plan", kind=kind, count=seen.plan.count) if seen.plan is not None else kind)
    if seen.wallet_minor:
        means.append(text(language, "by.wallet"))
    return text(language, "by.and").join(means)


def _steps(connection: Connection, payment: Payment, merchant_id: int, language: Language) -> tuple[StepShown, ...]:
    """Paid, received where that is a step, and at the shop's bank."""
    steps = [StepShown(title=text(language, "step.paid"), done=True)]
    if payment.flow.name == "ESCROW":
        steps.append(StepShown(title=text(language, "step.received"), done=payment.state is not PaymentState.ESCROWED))
    steps.append(StepShown(title=text(language, "step.paid_out"), done=_is_paid_out(connection, payment, merchant_id)))
    return tuple(steps)


def _is_paid_out(connection: Connection, payment: Payment, merchant_id: int) -> bool:
    """Whether a payout that was asked for after the day of this sale has reached the shop's bank."""
    if payment.payable_on is None:
        return False
    payouts = read_payouts(connection, lane=lane_of(merchant_id), merchant_id=merchant_id)
    return any(each.state == "settled" and each.requested_on > payment.payable_on for each in payouts)


def _shares(shares: Shares, language: Language) -> SharesShown:
    return SharesShown(
        rows=tuple(_share(share, language) for share in shares.shares),
        total=_signed(sum(share.amount_minor for share in shares.shares), language),
        bar=bar_of(shares),
        promised=money(shares.promised_minor, language) if shares.promised_minor else "",
    )


def _share(share: Share, language: Language) -> ShareShown:
    return ShareShown(
        party=share.party,
        name=share.name,
        amount=_signed(share.amount_minor, language),
        causes=tuple((cause.text, _signed(cause.amount_minor, language)) for cause in share.causes),
        gains=share.amount_minor > 0,
    )


def _rate(rate: Decimal) -> str:
    """0.006 is 0.6%"""
    return f"{(rate * 100).normalize():f}%"


def _round(amount_minor: int, language: Language) -> str:
    """¥500 where there are no fen: a lamp is small."""
    return money(amount_minor, language).removesuffix(".00")


def _signed(amount_minor: int, language: Language) -> str:
    """+¥5,514.00, −¥6,000.00"""
    sign = "+" if amount_minor > 0 else "−" if amount_minor < 0 else ""
    return f"{sign}{money(abs(amount_minor), language)}"
