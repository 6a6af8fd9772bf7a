"""Fees as a merchant, an owner and a shopper read them: what is charged here, what a sale would cost, why one did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, get_args

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from florin.credit.explain.tell import percent
from florin.credit.explain.words import CATALOGS
from florin.engine.ids import lane_of
from florin.engine.reference import fee_assignments, fee_plans
from florin.engine.tables.payment import PAYMENT, payment_of
from florin.engine.tables.table import READ
from florin.events import Channel, FeePart
from florin.events.refusals import Language, full_date, yuan
from florin.money import MILLION
from florin.payments.fee_plan import FeeAssignment, FeeTender, FeeTerms, version_of
from florin.payments.fees import FeeSchedule, FeeTaken, Rule, charged
from florin.payments.merchant import Merchant
from florin.payments.payment import Payment
from florin.queries import is_id
from florin.queries.payments import payment_by_trade
from florin.wallet.fee import WithdrawalTerms


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A fee in words. fee: its name; text: all of it in a sentence. Minor units."""

    fee: str
    name: str
    text: str
    amount_minor: int
    back_minor: int = 0


class FeeOffered(msgspec.Struct, frozen=True, kw_only=True):
    """One fee of a plan, where a merchant sells. rate: in percent; rate_ppm: parts per million; cap_minor: 0: none. Empty
    lists: everywhere.
    """

    fee: str
    name: str
    rate: str
    text: str
    rate_ppm: int
    floor_minor: int
    cap_minor: int
    refunded: bool
    channels: tuple[str, ...]
    tenders: tuple[str, ...]
    counts: tuple[int, ...]
    from_on: date | None
    until_on: date | None


class PlanOfDay(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that a merchant is on from a day on."""

    plan: str
    from_on: date


class MerchantFees(msgspec.Struct, frozen=True, kw_only=True):
    """What a merchant pays on a day. plan: empty where he has none, and pays the mdr alone. plans: his, the oldest first."""

    merchant_id: str
    name: str
    market: str
    category: str
    on: date
    plan: str
    title: str
    plans: tuple[PlanOfDay, ...]
    fees: tuple[FeeOffered, ...]


class FeePlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """A plan of the house's or of the software's."""

    name: str
    title: str
    versions: tuple[date, ...]
    fees: int
    withdrawal: str


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """What taking an amount out of a wallet costs now. free_minor: what is left of the allowance. most_minor: that the
    balance lets her take out. text: why the fee is what it is.
    """

    balance_minor: int
    free_minor: int
    most_minor: int
    amount_minor: int
    fee_minor: int
    text: str


def plans(connection: Connection[Any], *, on: date, language: Language = "en") -> list[FeePlanRow]:
    """Every plan that merchants can be on, by name, as of a day."""
    found = []
    for plan in sorted(fee_plans(connection).values(), key=lambda one: one.name):
        version = plan.version_on(on)
        withdrawal = None if version is None else version.withdrawal
        found.append(
            FeePlanRow(
                name=plan.name,
                title=plan.title_zh if language == "zh" else plan.title_en,
                versions=tuple(one.from_on for one in plan.versions),
                fees=0 if version is None else len(version.fees),
                withdrawal="" if withdrawal is None else withdrawal_text(withdrawal, language),
            )
        )
    return found


def fees_of_merchant(
    connection: Connection[Any], *, merchant_id: int, on: date, language: Language = "en"
) -> MerchantFees | None:
    """What a merchant is charged on a day, where and what he sells now; None where there is no such merchant."""
    found = _merchant(connection, merchant_id)
    if found is None:
        return None
    return fees_of(found, fee_assignments(connection).get(merchant_id, ()), on=on, language=language)


def fees_of(
    merchant: _Merchant | Merchant, assignments: Sequence[FeeAssignment], *, on: date, language: Language = "en"
) -> MerchantFees:
    """The same of a merchant who is known already, as every process that serves knows them."""
    current = [one for one in assignments if one.from_on <= on]
    plan = current[-1].plan if current else None
    return MerchantFees(
        merchant_id=str(merchant.id),
        name=merchant.name,
        market=merchant.market,
        category=merchant.category,
        on=on,
        plan="" if plan is None else plan.name,
        title="" if plan is None else (plan.title_zh if language == "zh" else plan.title_en),
        plans=tuple(PlanOfDay(plan=one.plan.name, from_on=one.from_on) for one in assignments),
        fees=tuple(_offered(fee, language) for fee in _terms_of(merchant, assignments, on)),
    )


def price(
    connection: Connection[Any],
    *,
    merchant_id: int,
    amount_minor: int,
    tender: FeeTender,
    on: date,
    count: int = 0,
    channel: Channel = "online",
    language: Language = "en",
) -> list[FeeLine] | None:
    """What a sale of so much, paid so, would cost this merchant on a day; None where there is no such merchant."""
    found = _merchant(connection, merchant_id)
    if found is None:
        return None
    rules = tuple(
        Rule(number, fee)
        for number, fee in enumerate(_terms_of(found, fee_assignments(connection).get(merchant_id, ()), on))
        if fee.holds(on, market=found.market, category=found.category, channel=channel)
    )
    schedule = FeeSchedule(rules=rules, planned=True, tender=tender)
    of_line = 0 if tender == "wallet" else amount_minor
    parts = charged(schedule, (), credit_minor=of_line, wallet_minor=amount_minor - of_line, count=count)
    return [_charged_line(part, language) for part in parts]


def fees_of_payment(connection: Connection[Any], *, payment_id: int, language: Language = "en") -> list[FeeLine] | None:
    """Each fee that one payment was charged, and why it is what it is; None where there is no such payment. payment_id: the
    payment's or its trade's.
    """
    payment = _payment(connection, payment_id)
    return None if payment is None else list(_lines_of(payment, language))


class WithdrawalMade(NamedTuple):
    """One of a person's withdrawals. state: sent, settled or returned; reason, reason_code: why it came back."""

    amount_minor: int
    requested_on: date
    state: str
    settled_on: date | None
    reason: str
    reason_code: str


def withdrawals_made(connection: Connection[Any], *, person_id: int, limit: int = 5) -> list[WithdrawalMade]:
    """The newest first."""
    with connection.cursor(row_factory=class_row(WithdrawalMade)) as cursor:
        return cursor.execute(
            _WITHDRAWALS, {"lane": lane_of(person_id), "person_id": person_id, "limit": limit}
        ).fetchall()


_WITHDRAWALS = """
    SELECT amount_minor, requested_on, state, settled_on, reason, reason_code
      FROM payout
     WHERE lane = %(lane)s AND person_id = %(person_id)s AND person_id <> 0
  ORDER BY requested_on DESC, id DESC
     LIMIT %(limit)s
"""


def withdrawal(
    connection: Connection[Any],
    *,
    person_id: int,
    amount_minor: int,
    terms: WithdrawalTerms,
    language: Language = "en",
) -> Withdrawal | None:
    """What it costs a person to take an amount out now; None where she has no wallet. terms: of today."""
    row = connection.execute(_WALLET, {"lane": lane_of(person_id), "id": person_id}).fetchone()
    if row is None:
        return None
    balance_minor, withdrawn_minor = row
    return Withdrawal(
        balance_minor=balance_minor,
        free_minor=max(terms.allowance_minor - withdrawn_minor, 0),
        most_minor=terms.most_minor(balance_minor, withdrawn_minor),
        amount_minor=amount_minor,
        fee_minor=terms.fee_minor(amount_minor, withdrawn_minor),
        text=withdrawal_why(terms, amount_minor, withdrawn_minor, language),
    )


_WALLET = "SELECT balance_minor, withdrawn_minor FROM wallet WHERE lane = %(lane)s AND id = %(id)s"


def withdrawal_text(terms: WithdrawalTerms, language: Language) -> str:
    """The rule in a sentence."""
    return CATALOGS[language]["withdrawal.rule"].format(
        rate=percent(terms.rate), floor=yuan(terms.floor_minor), allowance=yuan(terms.allowance_minor)
    )


def withdrawal_why(terms: WithdrawalTerms, amount_minor: int, used_minor: int, language: Language) -> str:
    """Why a withdrawal costs what it costs."""
    above_minor = terms.above_minor(amount_minor, used_minor)
    fee_minor = terms.fee_minor(amount_minor, used_minor)
    key = "withdrawal.free" if not fee_minor else "withdrawal.fee"
    return CATALOGS[language][key].format(
        rate=percent(terms.rate),
        above=yuan(above_minor),
        allowance=yuan(terms.allowance_minor),
        floor=yuan(terms.floor_minor),
        fee=yuan(fee_minor),
    )


# ── one payment ───────────────────────────────────────────────────────────────────────────────────────────────────


def _payment(connection: Connection[Any], payment_id: int) -> Payment | None:
    if not is_id(payment_id):
        return None
    rows = PAYMENT.load(connection, [(lane_of(payment_id), payment_id)], READ)
    if rows:
        return payment_of(rows[0])
    view = payment_by_trade(connection, trade_id=payment_id)
    return None if view is None else view.payment


def _lines_of(payment: Payment, language: Language) -> Iterator[FeeLine]:
    if payment.mdr_minor and not any(one.fee == "mdr" for one in payment.fees):
        yield _own_rate_line(payment, language)
    for one in payment.fees:
        if one.amount_minor:
            yield _taken_line(one, language)
    plan = payment.plan
    if plan is not None and plan.fee_payer == "merchant" and payment.received_minor:
        words = CATALOGS[language]
        yield FeeLine(
            fee="installments",
            name=words["share.merchant_fee"],
            text=words["fee.installments"].format(count=plan.count, amount=yuan(plan.fee_minor))
            + _back_text(payment.merchant_fee_back_minor, language),
            amount_minor=plan.fee_minor,
            back_minor=payment.merchant_fee_back_minor,
        )


def _own_rate_line(payment: Payment, language: Language) -> FeeLine:
    """The merchant's own rate, where he has no plan."""
    words = CATALOGS[language]
    own = 0 if payment.coupon is None else payment.coupon.amount_minor - payment.coupon.funded_minor
    text = words["fee.charged"].format(
        rate=percent(Decimal(payment.mdr_ppm) / MILLION),
        base=yuan(payment.received_minor - own),
        amount=yuan(payment.mdr_minor),
    )
    return FeeLine(
        fee="mdr",
        name=words["share.mdr"],
        text=text + _back_text(payment.mdr_back_minor, language),
        amount_minor=payment.mdr_minor,
        back_minor=payment.mdr_back_minor,
    )


def _taken_line(one: FeeTaken, language: Language) -> FeeLine:
    part = FeePart(
        fee=one.fee,
        rate_ppm=one.rate_ppm,
        credit_minor=one.credit_minor,
        wallet_minor=one.wallet_minor,
        amount_minor=one.amount_minor,
        bound=one.bound,
    )
    line = _charged_line(part, language)
    return msgspec.structs.replace(
        line, text=line.text + _back_text(one.back_minor, language), back_minor=one.back_minor
    )


def _charged_line(part: FeePart, language: Language) -> FeeLine:
    words = CATALOGS[language]
    key = {"": "fee.charged", "floor": "fee.floor", "cap": "fee.cap"}[part.bound]
    if part.fee in ("network_acquirer", "network_issuer"):
        key = f"fee.{part.fee}"
    return FeeLine(
        fee=part.fee,
        name=words[_NAMES[part.fee]],
        text=words[key].format(
            rate=percent(Decimal(part.rate_ppm) / MILLION),
            base=yuan(part.credit_minor + part.wallet_minor),
            amount=yuan(part.amount_minor),
        ),
        amount_minor=part.amount_minor,
    )


def _back_text(back_minor: int, language: Language) -> str:
    return CATALOGS[language]["fee.back"].format(back=yuan(back_minor)) if back_minor else ""


_NAMES = {
    "mdr": "share.mdr",
    "credit_fee": "share.credit_fee",
    "commission": "share.commission",
    "software_fee": "share.software_fee",
    "interchange": "share.interchange",
    "network_acquirer": "share.network",
    "network_issuer": "share.network",
}

# ── one merchant ──────────────────────────────────────────────────────────────────────────────────────────────────


class _Merchant(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    market: str
    category: str
    mdr_ppm: int
    mdr_refunded: bool


_MERCHANT = "SELECT id, name, market, category, mdr_ppm, mdr_refunded FROM merchant WHERE id = %(id)s"


def _merchant(connection: Connection[Any], merchant_id: int) -> _Merchant | None:
    with connection.cursor(row_factory=class_row(_Merchant)) as cursor:
        return cursor.execute(_MERCHANT, {"id": merchant_id}).fetchone()


def _terms_of(merchant: _Merchant | Merchant, assignments: Sequence[FeeAssignment], on: date) -> list[FeeTerms]:
    """The fees that hold where he sells, by whatever channel, in their order; without a plan his own rate."""
    version = version_of(assignments, on)
    if version is None:
        return [FeeTerms(fee="mdr", rate_ppm=merchant.mdr_ppm, refunded=merchant.mdr_refunded)]
    place = {"market": merchant.market, "category": merchant.category}
    found: list[FeeTerms] = []
    for fee in version.fees:
        holds = any(fee.holds(on, **place, channel=channel) for channel in get_args(Channel))
        if holds and not any(_covers(before, fee) for before in found):
            found.append(fee)
    return found


def _covers(before: FeeTerms, fee: FeeTerms) -> bool:
    """Whether a fee can never be the first that fits, because this one before it fits whatever it would."""
    return before.fee == fee.fee and all(
        not of_before or (of_fee and set(of_fee) <= set(of_before))
        for of_before, of_fee in (
            (before.channels, fee.channels),
            (before.tenders, fee.tenders),
            (before.counts, fee.counts),
        )
    )


def _offered(fee: FeeTerms, language: Language) -> FeeOffered:
    return FeeOffered(
        fee=fee.fee,
        name=CATALOGS[language][_NAMES[fee.fee]],
        rate=percent(fee.rate),
        text=_offer_text(fee, language),
        rate_ppm=fee.rate_ppm,
        floor_minor=fee.floor_minor,
        cap_minor=fee.cap_minor,
        refunded=fee.refunded,
        channels=fee.channels,
        tenders=fee.tenders,
        counts=fee.counts,
        from_on=fee.from_on,
        until_on=fee.until_on,
    )


def _offer_text(fee: FeeTerms, language: Language) -> str:
    """For what it is charged, and its bounds; empty where there is nothing to say beside the rate."""
    words = CATALOGS[language]
    said = [words[f"fee.tender.{tender}"] for tender in fee.tenders]
    said += [words["fee.count"].format(count=count) for count in fee.counts]
    said += [words[f"fee.channel.{channel}"] for channel in fee.channels]
    said += [words["fee.from_floor"].format(amount=yuan(fee.floor_minor))] if fee.floor_minor else []
    said += [words["fee.to_cap"].format(amount=yuan(fee.cap_minor))] if fee.cap_minor else []
    said += [words["fee.until"].format(on=full_date(fee.until_on, language))] if fee.until_on else []
    if fee.rate_ppm or fee.floor_minor:
        said.append(words["fee.refunded" if fee.refunded else "fee.kept"])
    return ("，" if language == "zh" else ", ").join(said)
