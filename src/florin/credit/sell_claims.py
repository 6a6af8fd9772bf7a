"""Sell claims: what was charged off belongs to a buyer from now on, and he pays a price for it.

The memo leaves the books, the price is income and owed by the buyer. Nothing is owed here any more of what was sold: who still
pays is told whom to pay, or, by the term `sold_repayments`, her money is passed on. A refund of a sold purchase follows the
owner of the receivable: it is passed on to him, as far as he may still claim it. All claims of a line are sold at once.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from florin.credit.charge_off import claim_interest_minor, claimed_interest
from florin.credit.items import Account, Claim, Sold
from florin.credit.line import Line
from florin.credit.terms import Bucket, Program
from florin.events import ClaimsSold
from florin.events.refusals import Refusal
from florin.ledger import Entry, Rule
from florin.money.at import At

Entries = tuple[Entry, ...]

_SELLS: dict[Bucket, Rule] = {
    "cost": Rule.SELL_CLAIM_COST,
    "penalty": Rule.SELL_CLAIM_PENALTY,
    "interest": Rule.SELL_CLAIM_INTEREST,
    "fee": Rule.SELL_CLAIM_FEE,
    "principal": Rule.SELL_CLAIM_PRINCIPAL,
}


class SellClaims(msgspec.Struct, frozen=True, kw_only=True):
    """Sell all claims of a line. price: of this line, zero or more. buyer, contact: whom the customer pays, and where."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    buyer: str
    contact: str
    price_minor: int
    reference: str


class NoClaimToSell(Refusal, frozen=True, kw_only=True):
    en = "There is no claim to sell: {owed_minor} is owed on this line, none of it charged off. Charge it off first."
    zh = "没有可转让的债权：该额度共欠 {owed_minor}，均未核销。请先核销。"

    owed_minor: int
    line_id: int


class SalePriceOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "A price of {price_minor} does not fit claims of {claimed_minor}. Choose one from zero to {claimed_minor}."
    zh = "转让价 {price_minor} 与债权 {claimed_minor} 不符。请填写零至 {claimed_minor} 之间的价格。"

    price_minor: int
    claimed_minor: int
    line_id: int


class SoldToSomebodyElse(Refusal, frozen=True, kw_only=True):
    en = "{left_minor} of this line was sold to {buyer}, who may still claim it. Sell what is left to {buyer} too."
    zh = "该额度已有 {left_minor} 转让给{buyer}，尚未结清。其余债权也请转让给{buyer}。"

    buyer: str
    left_minor: int
    line_id: int


class ClaimIsSold(Refusal, frozen=True, kw_only=True):
    en = "This debt was sold to {buyer} on {sold_on}. Pay the {left_minor} left to {buyer} ({contact}); nothing was taken here."
    zh = (
        "该笔欠款已于{sold_on}转让给{buyer}，尚有 {left_minor} 未还。请向{buyer}还款（{contact}），我们未收取任何款项。"
    )

    buyer: str
    contact: str
    sold_on: date
    left_minor: int
    line_id: int


def decide(
    line: Line, account: Account, command: SellClaims, at: At, *, program: Program
) -> tuple[ClaimsSold] | Refusal:
    """The account must have been advanced to `at.on`."""
    claimed_minor = account.claimed_minor + claim_interest_minor(account, at.on, program)
    if account.claimed_minor == 0:
        return NoClaimToSell(owed_minor=account.owed_minor, line_id=line.id)
    if account.sold is not None and account.sold.left_minor and account.sold.buyer != command.buyer:
        return SoldToSomebodyElse(buyer=account.sold.buyer, left_minor=account.sold.left_minor, line_id=line.id)
    if not 0 <= command.price_minor <= claimed_minor:
        return SalePriceOutOfRange(price_minor=command.price_minor, claimed_minor=claimed_minor, line_id=line.id)
    return (
        ClaimsSold(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            buyer=command.buyer,
            contact=command.contact,
            reference=command.reference,
            price_minor=command.price_minor,
            sold_minor=claimed_minor,
        ),
    )


def refuse_sold(account: Account, *, line_id: int) -> ClaimIsSold | None:
    """Why money for what was sold is not taken; None where nothing was."""
    sold = account.sold
    if sold is None:
        return None
    return ClaimIsSold(
        buyer=sold.buyer, contact=sold.contact, sold_on=sold.on, left_minor=sold.left_minor, line_id=line_id
    )


def passes_on_minor(account: Account, on: date, program: Program) -> int:
    """What a repayment may bring for the buyer; nothing where the terms refuse it."""
    sold = account.sold
    return sold.left_minor if sold is not None and program.terms_on(on).sold_repayments == "pass_on" else 0


def sold_principal_minor(account: Account, item_id: int) -> int:
    """What a buyer may still claim of one purchase."""
    claims = () if account.sold is None else account.sold.claims
    return sum(claim.amount_minor for claim in claims if (claim.item_id, claim.bucket) == (item_id, "principal"))


def after_sale(account: Account, event: ClaimsSold, program: Program) -> tuple[Account, Entries]:
    """The memo is off. In a corrected history there may be less to sell, or nothing; the price stands."""
    price = (Entry(Rule.EARN_SALE_PRICE, event.price_minor),) if event.price_minor else ()
    if account.written_off is None:
        return account, price
    account, claimed = claimed_interest(account, event.value_on, program)
    written_off = account.written_off
    assert written_off is not None
    before = written_off.sold.claims if written_off.sold else ()
    sold = Sold(on=event.value_on, buyer=event.buyer, contact=event.contact, claims=(*before, *written_off.claims))
    off = tuple(Entry(_SELLS[claim.bucket], claim.amount_minor, claim.item_id) for claim in written_off.claims)
    account = replace(account, written_off=replace(written_off, claims=(), sold=sold))
    return account, (*claimed, *off, *price)


def pass_on(account: Account, amount_minor: int, *, item_id: int = 0) -> tuple[Account, Entries, int]:
    """Money that belongs to the buyer, as far as it reaches: the account, the entry, and what is left over.

    item_id: only the principal of that purchase, for its refund.
    """
    sold = account.sold
    if sold is None or amount_minor == 0:
        return account, (), amount_minor
    left_minor = amount_minor
    claims: list[Claim] = []
    for claim in sold.claims:
        takes = not item_id or (claim.item_id, claim.bucket) == (item_id, "principal")
        part_minor = min(claim.amount_minor, left_minor) if takes else 0
        left_minor -= part_minor
        if part_minor < claim.amount_minor:
            claims.append(replace(claim, amount_minor=claim.amount_minor - part_minor))
    passed_minor = amount_minor - left_minor
    if passed_minor == 0:
        return account, (), amount_minor
    assert account.written_off is not None
    written_off = replace(account.written_off, sold=replace(sold, claims=tuple(claims)))
    entry = Entry(Rule.PASS_TO_CLAIM_BUYER, passed_minor, item_id)
    return replace(account, written_off=written_off), (entry,), left_minor


def claim_again(account: Account, amount_minor: int, item_id: int) -> tuple[Account, Entries]:
    """A refund of a charged-off purchase was reversed: it is claimed again, by whoever owns the claims of the line now."""
    written_off = account.written_off
    assert written_off is not None, "only of a charged-off line"
    claim = Claim.of("principal", amount_minor, item_id)
    if written_off.sold is not None and not written_off.claims:
        sold = replace(written_off.sold, claims=(*written_off.sold.claims, claim))
        entry = Entry(Rule.PASS_TO_CLAIM_BUYER, amount_minor, item_id, reversed=True)
        return replace(account, written_off=replace(written_off, sold=sold)), (entry,)
    written_off = replace(written_off, claims=(*written_off.claims, claim))
    entry = Entry(Rule.CLEAR_CLAIM_PRINCIPAL, amount_minor, item_id, reversed=True)
    return replace(account, written_off=written_off), (entry,)
