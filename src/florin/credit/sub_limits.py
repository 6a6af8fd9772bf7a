"""Sub-limits: how much of the limit may be outstanding from purchases in one market, of one category, by one channel.

Outstanding is what is held, paid into escrow or owed of them, as principal; a repayment or a refund makes room again as far as
it lowers such principal. All sub-limits that cover a purchase must have room for it, beside the limit itself; the tolerance of
the limit is none of theirs. The till decides by sums in the line's one row, by place; what is owed there the account knows from
its items, and what is reserved the line keeps, as it keeps `held` and `committed`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec.structs import replace

from florin.credit.items import Account, ItemPlace, principal_by_item
from florin.credit.line import Line, in_order
from florin.credit.particulars import Outstanding
from florin.credit.terms import SubLimit, Terms
from florin.events import Captured, Channel, Place, Received, RefundReversed
from florin.events.refusals import Language, Refusal
from florin.money.at import At


class SubLimitExceeded(Refusal, frozen=True, kw_only=True):
    """market, category, channel: what the sub-limit is for; empty: any."""

    en = (
        "This purchase is {over_minor} over the part of your limit that is for {which}: {sub_limit_minor}, of which "
        "{outstanding_minor} is in use. Repay what you bought there, buy for less, or pay another way."
    )
    zh = (
        "这笔消费超出{which}的分项额度 {over_minor}：该分项额度为 {sub_limit_minor}，已用 {outstanding_minor}。"
        "您可以先还清该类消费、减少金额，或换一种付款方式。"
    )

    market: str
    category: str
    channel: str
    requested_minor: int
    sub_limit_minor: int
    outstanding_minor: int
    over_minor: int
    line_id: int

    def shown(self, language: Language) -> dict[str, str]:
        return {**super().shown(language), "which": purchases_at(self, language)}


def place_of(market: str, category: str, channel: Channel, terms: Terms) -> Place | None:
    """Where a purchase is made; None where the terms do not ask."""
    return Place(market=market, category=category, channel=channel) if terms.sub_limits else None


def refuse_place(line: Line, amount_minor: int, place: Place, at: At, terms: Terms) -> SubLimitExceeded | None:
    """The first sub-limit that has no room for `amount_minor` more at this place; None when all have."""
    limit_minor = line.limit_minor_on(at.on)
    for sub_limit in terms.sub_limits:
        if not sub_limit.covers(place):
            continue
        used_minor, most_minor = outstanding_minor(line, sub_limit), sub_limit.most_minor(limit_minor)
        if used_minor + amount_minor > most_minor:
            return SubLimitExceeded(
                market=sub_limit.market,
                category=sub_limit.category,
                channel=sub_limit.channel,
                requested_minor=amount_minor,
                sub_limit_minor=most_minor,
                outstanding_minor=used_minor,
                over_minor=used_minor + amount_minor - most_minor,
                line_id=line.id,
            )
    return None


def outstanding_minor(line: Line, sub_limit: SubLimit) -> int:
    """What is outstanding on the line from purchases that a sub-limit covers."""
    return sum(each.amount_minor for each in line.particulars.outstanding if sub_limit.covers(each.place))


def purchases_at(where: SubLimit | SubLimitExceeded, language: Language) -> str:
    """What a sub-limit is for, in words."""
    words = _WORDS[language]
    parts = [words[where.channel]] if where.channel else []
    parts += [words["category"].format(where.category)] if where.category else []
    parts += [words["market"].format(where.market)] if where.market else []
    return words["and"].join(parts)


def outstanding_after(outstanding: tuple[Outstanding, ...], account: Account) -> tuple[Outstanding, ...]:
    """The same reserved sums, and what the account's items say is owed at each place."""
    if not (outstanding or account.places):
        return ()
    owed = Counter[Place]()
    principal = principal_by_item(account) if account.places else {}
    for item in account.places:
        owed[item.place] += principal.get(item.item_id, 0)
    reserved = {each.place: each.reserved_minor for each in outstanding}
    sums = (
        Outstanding(place=place, reserved_minor=reserved.get(place, 0), owed_minor=owed[place])
        for place in {*reserved, *owed}
    )
    return in_order(sums)


def after_bought(account: Account, event: Captured | Received | RefundReversed) -> Account:
    """The account that knows where a purchase was made. A capture in parts is one purchase."""
    if event.place is None or event.credit_minor == 0 or event.payment_id in _ids(account.places):
        return account
    return replace(account, places=(*account.places, ItemPlace(item_id=event.payment_id, place=event.place)))


def without_paid_off(account: Account) -> Account:
    """Without the places of purchases on which no principal is owed any more."""
    principal = principal_by_item(account)
    if all(principal.get(item.item_id) for item in account.places):
        return account
    return replace(account, places=tuple(item for item in account.places if principal.get(item.item_id)))


def _ids(places: Iterable[ItemPlace]) -> set[int]:
    return {item.item_id for item in places}


_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "online": "purchases online",
        "offline": "purchases in shops",
        "category": "goods of the kind {}",
        "market": "the market {}",
        "and": ", ",
    },
    "zh": {"online": "线上消费", "offline": "线下消费", "category": "“{}”类商品", "market": "“{}”市场", "and": "、"},
}
