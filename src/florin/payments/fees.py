"""Fees: what one payment is charged by its merchant's plan and by a card's network, and what a refund gives back of it.

Each fee is counted on all that has been taken so far, rounded half up to the fen once, less what was charged before: so several
captures pay what the whole would, and several refunds give back exactly what they are to. The merchant pays the fees of the
plan. A bank's card moves two more, which he does not see: interchange from the payment institution to the issuer, and the
network's fee, of which each side bears half; the odd fen of the two halves is the institution's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from florin.credit.terms import Terms
from florin.events import Channel, FeeBound, FeeName, FeePart
from florin.money import MILLION, round_half_up, share_minor
from florin.payments.fee_plan import PLAN_FEES, FeeTender, FeeTerms, FeeVersion
from florin.payments.merchant import Merchant

# What a merchant pays beside the mdr, which his events count by itself.
_OF_MERCHANT: tuple[FeeName, ...] = ("credit_fee", "commission", "software_fee")
_OF_NETWORK: tuple[FeeName, ...] = ("interchange", "network_acquirer", "network_issuer")


class Rule(NamedTuple):
    """A fee of the plan, and its place in it."""

    number: int
    terms: FeeTerms


class FeeSchedule(NamedTuple):
    """What may be charged on one payment: fees of the plan that hold on its day, in its place, in their order; and a card's.

    planned: whether the merchant has a plan; without one his own rate is charged. tender: what its credit part is.
    interchange_ppm, network_ppm: parts per million of what is paid by card; network_refunded: given back with a refund.
    """

    rules: tuple[Rule, ...] = ()
    planned: bool = False
    tender: FeeTender = "credit"
    interchange_ppm: int = 0
    network_ppm: int = 0
    network_refunded: bool = True


NO_FEES = FeeSchedule()


class FeeTaken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a payment has been charged by one fee so far, and on what; back_*: what was given back, and on what. Minor units.

    rate_ppm, bound: of the last time.
    """

    fee: FeeName
    rule: int = 0
    rate_ppm: int = 0
    credit_minor: int = 0
    wallet_minor: int = 0
    amount_minor: int = 0
    refunded: bool = False
    bound: FeeBound = ""
    back_credit_minor: int = 0
    back_wallet_minor: int = 0
    back_minor: int = 0

    @property
    def base_minor(self) -> int:
        return self.credit_minor + self.wallet_minor


def schedule_of(merchant: Merchant, terms: Terms | None, on: date, channel: Channel) -> FeeSchedule:
    """The schedule of a payment that was authorized on a day. terms: of the line that pays; None: from the wallet alone."""
    version = merchant.fee_version(on) if merchant.fee_plans else None
    is_card = terms is not None and terms.tender == "card"
    if version is None and not is_card:
        return NO_FEES
    return FeeSchedule(
        rules=() if version is None else _rules_of(version, on, merchant.market, merchant.category, channel),
        planned=version is not None,
        tender="card" if is_card else "credit",
        **(_network_of(terms, merchant) if is_card else {}),
    )


# By version (a process keeps the same one until reference data changes), day and place: the till asks for few of them, often.
_HOLDING: dict[tuple[int, date, str, str, str], tuple[FeeVersion, tuple[Rule, ...]]] = {}
_HOLDING_MAX = 4_096


def _rules_of(version: FeeVersion, on: date, market: str, category: str, channel: Channel) -> tuple[Rule, ...]:
    """The fees of a version that hold on a day in a place, in their order."""
    key = (id(version), on, market, category, channel)
    known = _HOLDING.get(key)
    if known is not None and known[0] is version:
        return known[1]
    rules = tuple(
        Rule(number, fee)
        for number, fee in enumerate(version.fees)
        if fee.holds(on, market=market, category=category, channel=channel)
    )
    if len(_HOLDING) >= _HOLDING_MAX:
        _HOLDING.clear()
    _HOLDING[key] = (version, rules)
    return rules


def _network_of(terms: Terms | None, merchant: Merchant) -> dict[str, Any]:
    if terms is None or merchant.category in terms.network_exempt:
        return {}
    return {
        "interchange_ppm": int(terms.interchange_rate * MILLION),
        "network_ppm": int(terms.network_rate * MILLION),
        "network_refunded": terms.network_refunded,
    }


def charged(
    schedule: FeeSchedule, taken: Sequence[FeeTaken], *, credit_minor: int, wallet_minor: int, count: int = 0
) -> tuple[FeePart, ...]:
    """The fees on what is taken now. taken: what was charged on this payment before. wallet_minor: with the coupon's part
    that somebody pays in. count: of installments, for the credit part.
    """
    if schedule is NO_FEES:
        return ()
    before = {(one.fee, one.rule): one for one in taken}
    parts: list[FeePart] = []
    for rule, credit, wallet in _bases(schedule, credit_minor, wallet_minor, count):
        terms = rule.terms
        base_minor, before_minor = credit + wallet, 0
        if (old := before.get((terms.fee, rule.number))) is not None:
            base_minor, before_minor = base_minor + old.base_minor, old.amount_minor
        fee_minor = terms.minor(base_minor)
        share = share_minor(base_minor, terms.rate_ppm)
        parts.append(
            FeePart(
                fee=terms.fee,
                rule=rule.number,
                rate_ppm=terms.rate_ppm,
                credit_minor=credit,
                wallet_minor=wallet,
                amount_minor=max(fee_minor - before_minor, 0),
                refunded=terms.refunded,
                bound="" if fee_minor == share else "floor" if fee_minor > share else "cap",
            )
        )
    return (*parts, *_of_network(schedule, before, credit_minor))


def given_back(taken: Sequence[FeeTaken], *, credit_minor: int, wallet_minor: int) -> tuple[FeePart, ...]:
    """What a refund of so much credit and money gives back of the fees on them: the share of all refunds so far, rounded half
    up, less what was given back before.
    """
    parts = []
    for one in taken:
        credit, wallet = (credit_minor if one.credit_minor else 0), (wallet_minor if one.wallet_minor else 0)
        if not one.refunded or not credit + wallet:
            continue
        back_minor = one.back_credit_minor + one.back_wallet_minor + credit + wallet
        share = round_half_up(Fraction(one.amount_minor * back_minor, one.base_minor))
        parts.append(
            FeePart(
                fee=one.fee,
                rule=one.rule,
                credit_minor=credit,
                wallet_minor=wallet,
                amount_minor=max(min(share, one.amount_minor) - one.back_minor, 0),
                refunded=True,
            )
        )
    return tuple(parts)


def mdr_of(parts: Iterable[FeePart]) -> int:
    """What the parts named `mdr` come to."""
    return sum(part.amount_minor for part in parts if part.fee == "mdr")


def merchant_fees_of(parts: Iterable[FeePart]) -> int:
    """What the merchant pays, or gets back, beside the mdr."""
    return sum(part.amount_minor for part in parts if part.fee in _OF_MERCHANT)


def plan_fees_left(taken: Iterable[FeeTaken]) -> int:
    """What the merchant has paid beside the mdr, less what he got back of it."""
    return sum(one.amount_minor - one.back_minor for one in taken if one.fee in _OF_MERCHANT)


def taken_after(taken: Sequence[FeeTaken], parts: Sequence[FeePart]) -> tuple[FeeTaken, ...]:
    """What was charged in all, after an event that charges the parts."""
    if not parts:
        return tuple(taken)
    known = {(one.fee, one.rule): one for one in taken}
    for part in parts:
        old = known.get((part.fee, part.rule), FeeTaken(fee=part.fee, rule=part.rule, refunded=part.refunded))
        known[part.fee, part.rule] = replace(
            old,
            rate_ppm=part.rate_ppm,
            bound=part.bound,
            credit_minor=old.credit_minor + part.credit_minor,
            wallet_minor=old.wallet_minor + part.wallet_minor,
            amount_minor=old.amount_minor + part.amount_minor,
        )
    return tuple(known.values())


def back_after(taken: Sequence[FeeTaken], parts: Sequence[FeePart], *, sign: int = 1) -> tuple[FeeTaken, ...]:
    """What was given back in all, after a refund that gives back the parts; sign -1: after one that is reversed."""
    if not parts:
        return tuple(taken)
    back = {(part.fee, part.rule): part for part in parts}
    return tuple(
        one
        if (part := back.get((one.fee, one.rule))) is None
        else replace(
            one,
            back_credit_minor=one.back_credit_minor + sign * part.credit_minor,
            back_wallet_minor=one.back_wallet_minor + sign * part.wallet_minor,
            back_minor=one.back_minor + sign * part.amount_minor,
        )
        for one in taken
    )


def _bases(schedule: FeeSchedule, credit_minor: int, wallet_minor: int, count: int) -> Iterator[tuple[Rule, int, int]]:
    """(fee, credit, money) of each fee that is charged: of each kind the first that fits, for each tender."""
    for name in PLAN_FEES:
        of_credit = _first(schedule, name, schedule.tender, count) if credit_minor else None
        of_wallet = _first(schedule, name, "wallet", 0) if wallet_minor else None
        if of_credit is not None and of_credit == of_wallet:
            yield of_credit, credit_minor, wallet_minor
            continue
        if of_credit is not None:
            yield of_credit, credit_minor, 0
        if of_wallet is not None:
            yield of_wallet, 0, wallet_minor


def _first(schedule: FeeSchedule, name: str, tender: FeeTender, count: int) -> Rule | None:
    """The fee of a kind that is charged on a tender; None where none is, or where it is nothing whatever is paid."""
    for rule in schedule.rules:
        if rule.terms.fee == name and rule.terms.takes(tender, count):
            return rule if rule.terms.rate_ppm or rule.terms.floor_minor else None
    return None


def _of_network(
    schedule: FeeSchedule, before: dict[tuple[FeeName, int], FeeTaken], card_minor: int
) -> Iterator[FeePart]:
    """Interchange, and the two halves of the network's fee, on what is paid by card."""
    if schedule.tender != "card" or not card_minor:
        return
    for fee in _OF_NETWORK:
        ppm = schedule.interchange_ppm if fee == "interchange" else schedule.network_ppm
        if not ppm:
            continue
        old = before.get((fee, 0), FeeTaken(fee=fee))
        yield FeePart(
            fee=fee,
            rate_ppm=ppm,
            credit_minor=card_minor,
            amount_minor=max(_network_minor(fee, old.credit_minor + card_minor, ppm) - old.amount_minor, 0),
            refunded=schedule.network_refunded,
        )


def _network_minor(fee: FeeName, base_minor: int, ppm: int) -> int:
    """Interchange, or one side's half of the network's fee; that is rounded as a whole, and the institution has its odd fen."""
    whole_minor = share_minor(base_minor, ppm)
    match fee:
        case "network_acquirer":
            return whole_minor - whole_minor // 2
        case "network_issuer":
            return whole_minor // 2
    return whole_minor
