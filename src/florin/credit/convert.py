"""Convert: one purchase, or a bill, goes into installments after it was made.

A purchase that is not billed yet, or stands on the newest bill, becomes a plan; a bill becomes one in a window, from its
close to its due day, once, and only up to a share of its purchases. What was converted is billed again by installments, the
first with the next bill; it is agreed for good. Items that are in installments already stay as they are, and nothing is
converted while anything is past due. A bill's plan is kept purchase by purchase, so a refund finds its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from florin.credit.hardship import refuse_in_hardship
from florin.credit.interest import accrued
from florin.credit.items import Account, Billed, Statement
from florin.credit.line import Line
from florin.credit.plan_payoff import refuse_past_due
from florin.credit.plans import PlanQuote, choice_of, plans_over, quote_of
from florin.credit.terms import Program, Terms
from florin.events import BillConverted, PurchaseConverted
from florin.events.refusals import Refusal
from florin.ledger import Entry, Rule
from florin.money.amounts import share_out
from florin.money.at import At

What = Literal["purchase", "bill"]


class ConvertPurchase(msgspec.Struct, frozen=True, kw_only=True):
    """All that is left of one purchase (item_id: its payment), in so many installments."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    item_id: int
    installments: int


class ConvertBill(msgspec.Struct, frozen=True, kw_only=True):
    """So much of the bill closed on a day, in so many installments."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    closes_on: date
    amount_minor: int
    installments: int


class ConversionQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What a conversion comes to. payable_now: what stays to be paid of the bill, by due_on (None: nothing was billed).
    first_bill_on: the close that bills the first installment. least, most: what could be converted.
    """

    amount_minor: int
    least_minor: int
    most_minor: int
    plan: PlanQuote
    first_bill_on: date
    payable_now_minor: int
    due_on: date | None


class ConversionNotOffered(Refusal, frozen=True, kw_only=True):
    en = "Installments after the purchase are not offered here. Pay the bill, or at least its minimum."
    zh = "本产品不支持事后分期。请按账单还款，或至少还最低还款额。"

    what: str


class NothingToConvert(Refusal, frozen=True, kw_only=True):
    en = "There is nothing here to put into installments: it is paid, in installments already, or not on this bill."
    zh = "没有可分期的金额：可能已还清、已分期，或不在本期账单内。"

    line_id: int


class AlreadyConverted(Refusal, frozen=True, kw_only=True):
    en = "The bill of {closes_on} was put into installments already; that is possible once. Pay what is left of it."
    zh = "{closes_on}的账单已办理过分期，每期账单只能办理一次。剩余部分请按时还款。"

    closes_on: date


class ConversionWindowOver(Refusal, frozen=True, kw_only=True):
    en = "The bill of {closes_on} could be put into installments until {until_on}. Pay it, or at least its minimum."
    zh = "{closes_on}的账单只能在{until_on}之前办理分期。请按账单还款，或至少还最低还款额。"

    closes_on: date
    until_on: date


class ConversionAboveShare(Refusal, frozen=True, kw_only=True):
    en = "At most {most_minor} of this bill can be put into installments; {amount_minor} is {over_minor} too much."
    zh = "本期账单最多可分期 {most_minor}，您申请的 {amount_minor} 超出 {over_minor}。"

    amount_minor: int
    most_minor: int
    over_minor: int


class ConversionTooSmall(Refusal, frozen=True, kw_only=True):
    en = "Installments begin at {least_minor}; this is {amount_minor}. Pay it with the bill."
    zh = "分期金额最低 {least_minor}，当前为 {amount_minor}。请随账单还款。"

    amount_minor: int
    least_minor: int


class CountNotOffered(Refusal, frozen=True, kw_only=True):
    en = "{count} installments are not offered. Choose one of: {offered}."
    zh = "不支持分{count}期，可选期数：{offered}。"

    count: int
    offered: str


def preview_purchase(
    account: Account, item_id: int, installments: int, on: date, program: Program
) -> ConversionQuote | Refusal:
    """What converting a purchase would come to on a day to which the account has been advanced, or why it cannot be."""
    terms = program.terms_on(on)
    if refusal := _refuse(account, "purchase", terms):
        return refusal
    statement = _statement_with(account, item_id)
    amount_minor = _unbilled_minor(account, item_id) + _of_items(_billed(statement, item_id))
    if statement is not None and on > statement.due_on:
        return ConversionWindowOver(closes_on=statement.closes_on, until_on=statement.due_on)
    if amount_minor == 0:
        return NothingToConvert(line_id=account.line_id)
    return _quoted(account, amount_minor, amount_minor, statement, installments, on, program)


def preview_bill(
    account: Account, closes_on: date, amount_minor: int | None, installments: int, on: date, program: Program
) -> ConversionQuote | Refusal:
    """What converting so much of a bill (None: the most that may be) would come to, or why it cannot be."""
    terms = program.terms_on(on)
    if refusal := _refuse(account, "bill", terms):
        return refusal
    statement = next((one for one in account.statements if one.closes_on == closes_on), None)
    if statement is None:
        return NothingToConvert(line_id=account.line_id)
    if statement.converted:
        return AlreadyConverted(closes_on=closes_on)
    if on > statement.due_on:
        return ConversionWindowOver(closes_on=closes_on, until_on=statement.due_on)
    most_minor = (_of_items(_billed(statement)) * Fraction(terms.convert_share_max)).__floor__()
    if most_minor == 0:
        return NothingToConvert(line_id=account.line_id)
    if amount_minor is None:
        amount_minor = most_minor
    if amount_minor > most_minor:
        over_minor = amount_minor - most_minor
        return ConversionAboveShare(amount_minor=amount_minor, most_minor=most_minor, over_minor=over_minor)
    return _quoted(account, amount_minor, most_minor, statement, installments, on, program)


def decide_purchase(
    line: Line, account: Account, command: ConvertPurchase, at: At, *, program: Program
) -> tuple[PurchaseConverted] | Refusal:
    found = preview_purchase(account, command.item_id, command.installments, at.on, program)
    if isinstance(found, Refusal):
        return found
    return (
        PurchaseConverted(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            item_id=command.item_id,
            amount_minor=found.amount_minor,
            plan=found.plan.choice(),
        ),
    )


def decide_bill(
    line: Line, account: Account, command: ConvertBill, at: At, *, program: Program
) -> tuple[BillConverted] | Refusal:
    found = preview_bill(account, command.closes_on, command.amount_minor, command.installments, at.on, program)
    if isinstance(found, Refusal):
        return found
    return (
        BillConverted(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            closes_on=command.closes_on,
            amount_minor=found.amount_minor,
            plan=found.plan.choice(),
        ),
    )


def after_conversion(
    account: Account, event: PurchaseConverted | BillConverted, program: Program
) -> tuple[Account, tuple[Entry, ...]]:
    """What is converted is unbilled again, in plans. A corrected history may have left less of it than was agreed."""
    account = accrued(account, event.value_on, program)
    entries: list[Entry] = []
    if isinstance(event, PurchaseConverted):
        account, shares = _take_unbilled(account, event.item_id, event.amount_minor)
        statement = _statement_with(account, event.item_id)
        left_minor = event.amount_minor - sum(shares.values())
        if statement is not None and left_minor:
            account, billed = _take_billed(account, statement, left_minor, item_id=event.item_id)
            entries += billed
            shares[event.item_id] = shares.get(event.item_id, 0) + sum(entry.amount_minor for entry in billed)
    else:
        shares = {}
        statement = next((one for one in account.statements if one.closes_on == event.closes_on), None)
        if statement is not None:
            account, billed = _take_billed(account, replace(statement, converted=True), event.amount_minor)
            entries += billed
            for entry in billed:
                shares[entry.subject_id] = shares.get(entry.subject_id, 0) + entry.amount_minor
    if not shares:
        return account, ()
    plans = plans_over(
        shares,
        event.plan,
        event.value_on,
        program,
        opens_on=account.opens_on,
        cycle_day=account.cycle_day,
        bill_on=event.closes_on if isinstance(event, BillConverted) else None,
    )
    entries += [Entry(Rule.CHARGE_SHOPPER_FEE, plan.fee_minor, plan.item_id) for plan in plans if plan.fee_minor]
    return replace(account, plans=(*account.plans, *plans)), tuple(entries)


def _refuse(account: Account, what: What, terms: Terms) -> Refusal | None:
    if what not in terms.convert:
        return ConversionNotOffered(what=what)
    return refuse_in_hardship(account) or refuse_past_due(account)


def _quoted(
    account: Account,
    amount_minor: int,
    most_minor: int,
    statement: Statement | None,
    installments: int,
    on: date,
    program: Program,
) -> ConversionQuote | Refusal:
    terms = program.terms_on(on)
    offers = {offer.count: offer for offer in terms.convert_installments or terms.installments}
    if installments not in offers:
        return CountNotOffered(count=installments, offered=", ".join(map(str, sorted(offers))) or "–")
    least_minor = max(terms.convert_amount_minor_min or terms.installment_amount_minor_min, installments)
    if amount_minor < least_minor:
        return ConversionTooSmall(amount_minor=amount_minor, least_minor=least_minor)
    choice = choice_of(amount_minor, offers[installments], terms)
    billed_minor = min(amount_minor, _of_items(_billed(statement)))
    return ConversionQuote(
        amount_minor=amount_minor,
        least_minor=least_minor,
        most_minor=most_minor,
        plan=quote_of(amount_minor, choice, terms),
        first_bill_on=program.bills_on(on, 1, account.opens_on, account.cycle_day),
        payable_now_minor=0 if statement is None else statement.remaining_minor - billed_minor,
        due_on=None if statement is None else statement.due_on,
    )


def _statement_with(account: Account, item_id: int) -> Statement | None:
    """The newest statement, if it asks for the purchase as a whole."""
    newest = account.statements[-1] if account.statements else None
    return newest if _billed(newest, item_id) else None


def _billed(statement: Statement | None, item_id: int = 0) -> list[Billed]:
    """Items of a statement that are in no installments: of one purchase, or all."""
    items = () if statement is None else statement.items
    return [item for item in items if not item.number and item.item_id == (item_id or item.item_id)]


def _of_items(items: list[Billed]) -> int:
    return sum(item.principal_minor for item in items)


def _unbilled_minor(account: Account, item_id: int) -> int:
    return sum(purchase.unbilled_minor for purchase in account.purchases if purchase.item_id == item_id)


def _take_unbilled(account: Account, item_id: int, amount_minor: int) -> tuple[Account, dict[int, int]]:
    kept, taken_minor = [], 0
    for purchase in account.purchases:
        minor = min(amount_minor - taken_minor, purchase.unbilled_minor) if purchase.item_id == item_id else 0
        taken_minor += minor
        if purchase.unbilled_minor > minor:
            kept.append(replace(purchase, unbilled_minor=purchase.unbilled_minor - minor))
    return replace(account, purchases=tuple(kept)), {item_id: taken_minor} if taken_minor else {}


def _take_billed(
    account: Account, statement: Statement, amount_minor: int, *, item_id: int = 0
) -> tuple[Account, list[Entry]]:
    """Take so much off a statement's purchases, in proportion; it is unbilled again."""
    meant = [
        index
        for index, item in enumerate(statement.items)
        if not item.number and item.item_id == (item_id or item.item_id)
    ]
    weights = [statement.items[index].principal_minor for index in meant]
    amount_minor = min(amount_minor, sum(weights))
    if amount_minor == 0:
        return account, []
    taken: Mapping[int, int] = dict(zip(meant, share_out(amount_minor, weights), strict=True))
    items = tuple(
        replace(item, principal_minor=item.principal_minor - taken.get(index, 0))
        for index, item in enumerate(statement.items)
    )
    left = tuple(item for item in items if item.principal_minor + item.fee_minor > 0)
    after = tuple(
        replace(statement, items=left) if one.closes_on == statement.closes_on else one for one in account.statements
    )
    entries = [
        Entry(Rule.BILL_PRINCIPAL, minor, statement.items[index].item_id, reversed=True)
        for index, minor in taken.items()
        if minor
    ]
    return replace(account, statements=after), entries
