"""Joint loans: which part of a line's debt is a partner bank's, and what of the money that arrives is passed on to it.

A loan is joint when the event that begins it says so: agreement and share. All else is derived. Of each joint loan the
partner's part is its share of the principal that is owed, rounded down: so the lender's own part carries the remainder, and
is never less than its share. After every step of the fold the difference is posted, whatever has caused it: repayment,
refund, correction, charge-off.

Installment fees are shared by the loan that they are for: the shopper's when she pays them, the merchant's as they are
earned. Interest and penalties are not charged by the loan, nor what a hardship plan spreads of them; what is collected is
shared by principal and days: a loan's principal-days to those of all principal of the line, counted since the last close
that left no interest owed. Costs of collection are the lender's own, and so is what a buyer pays for claims beside
principal. Of income below a minor unit the millionths are kept, loan by loan, until they make one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from msgspec.structs import replace

from florin.credit.items import Account, Funded
from florin.events import Captured, ClaimsSold, Escrowed, Event, LoanFunding, Received, Refunded, StatementIssued
from florin.ledger import Entry, Rule
from florin.money.amounts import MILLION

Entries = tuple[Entry, ...]

_INTEREST = frozenset({
    Rule.CLEAR_INTEREST_ACCRUED, Rule.CLEAR_INTEREST_BILLED, Rule.CLEAR_INTEREST_MEMO, Rule.CLEAR_CLAIM_INTEREST,
    Rule.USE_CREDIT_BALANCE_INTEREST, Rule.CLEAR_PENALTY, Rule.CLEAR_PENALTY_MEMO, Rule.CLEAR_CLAIM_PENALTY,
    Rule.USE_CREDIT_BALANCE_PENALTY,
})  # fmt: skip
_FEE = frozenset({
    Rule.CLEAR_FEE_UNBILLED, Rule.CLEAR_FEE_BILLED, Rule.CLEAR_CLAIM_FEE, Rule.USE_CREDIT_BALANCE_FEE,
    Rule.CHARGE_PLAN_PAYOFF,
})  # fmt: skip
_SOLD = frozenset({
    Rule.SELL_CLAIM_PRINCIPAL, Rule.SELL_CLAIM_FEE, Rule.SELL_CLAIM_INTEREST, Rule.SELL_CLAIM_PENALTY, Rule.SELL_CLAIM_COST,
})  # fmt: skip


def share_minor(principal_minor: int, share_ppm: int) -> int:
    """A partner's part of so much principal, rounded down: the rest, with the remainder, is the lender's own."""
    return principal_minor * share_ppm // MILLION


def after_event(before: Account, after: Account, event: Event, entries: Entries) -> tuple[Account, Entries]:
    """The account with its joint loans brought up to date, and what that posts beside an event's own entries.

    before, after: the account around the event. A loan that begins is posted by its event, and so is what is given back of
    one before receipt; those derive nothing here.
    """
    funding: LoanFunding | None = getattr(event, "funding", None)
    if not before.funded and funding is None:
        return after, ()
    after = _counted(before, after, event.value_on)
    if isinstance(event, Captured | Received | Escrowed | Refunded) and not entries:
        return _drawn(after, event, funding), ()
    owed, claimed = principal_by_item(after)
    income = _income(before, after, entries)
    funded, posted = [], []
    for loan in after.funded:
        changed = _shared(loan, owed[loan.item_id], claimed[loan.item_id], income[loan.item_id])
        if isinstance(event, ClaimsSold):
            posted += _sold(loan, changed, event, entries)
            loan = replace(loan, charged_off_minor=changed.charged_off_minor)
        posted += _difference(loan, changed)
        funded.append(changed)
    after = replace(after, funded=tuple(funded))
    if isinstance(event, StatementIssued) and after.interest_minor + after.penalty_minor == 0:
        after = _begun_anew(after)
    return after, tuple(posted)


def principal_by_item(account: Account) -> tuple[Counter[int], Counter[int]]:
    """What is owed of each purchase: on the books, and charged off. Escrow is neither."""
    owed: Counter[int] = Counter()
    for purchase in account.purchases:
        owed[purchase.item_id] += purchase.unbilled_minor
    for plan in account.plans:
        owed[plan.item_id] += plan.principal_minor
    for statement in account.statements:
        for item in statement.items:
            owed[item.item_id] += item.principal_minor
    claims = account.written_off.claims if account.written_off else ()
    claimed: Counter[int] = Counter()
    for claim in claims:
        if claim.bucket == "principal":
            claimed[claim.item_id] += claim.amount_minor
    return owed, claimed


def partner_minor(account: Account) -> int:
    """All that is partner banks' of the line's principal, charged off or not."""
    return sum(loan.partner_minor + loan.charged_off_minor for loan in account.funded)


def given_back(account: Account, event: Refunded) -> Refunded:
    """The refund of a loan that waits in escrow, with the partner's part of it, if one shares the loan."""
    for loan in account.funded:
        if loan.item_id == event.payment_id:
            left_minor = share_minor(loan.escrow_minor - event.credit_minor, loan.share_ppm)
            return replace(
                event,
                funding=LoanFunding(
                    agreement_id=loan.agreement_id,
                    share_ppm=loan.share_ppm,
                    servicing_ppm=loan.servicing_ppm,
                    partner_minor=loan.partner_minor - left_minor,
                ),
            )
    return event


# ── what is drawn ─────────────────────────────────────────────────────────────────────────────────────────────────


def _drawn(account: Account, event: Captured | Received | Escrowed | Refunded, funding: LoanFunding | None) -> Account:
    """A loan begins, leaves escrow, or is given back before it has left it."""
    loans = {loan.item_id: loan for loan in account.funded}
    loan = loans.get(event.payment_id)
    if funding is not None and loan is None:
        escrow_minor = event.credit_minor if isinstance(event, Escrowed) else 0
        loan = Funded(
            item_id=event.payment_id,
            agreement_id=funding.agreement_id,
            share_ppm=funding.share_ppm,
            servicing_ppm=funding.servicing_ppm,
            partner_minor=funding.partner_minor,
            escrow_minor=escrow_minor,
        )
    elif loan is not None and isinstance(event, Received | Refunded) and event.drawn:
        given_back_minor = funding.partner_minor if funding and isinstance(event, Refunded) else 0
        loan = replace(
            loan,
            escrow_minor=loan.escrow_minor - event.credit_minor,
            partner_minor=loan.partner_minor - given_back_minor,
        )
    return account if loan is None else replace(account, funded=tuple((loans | {loan.item_id: loan}).values()))


# ── what is the partner's ─────────────────────────────────────────────────────────────────────────────────────────


def _shared(loan: Funded, owed_minor: int, claimed_minor: int, income_millionths: int) -> Funded:
    charged_off_minor = share_minor(claimed_minor, loan.share_ppm)
    whole_minor = share_minor(owed_minor + claimed_minor + loan.escrow_minor, loan.share_ppm)
    income_millionths += loan.income_millionths
    passed_minor = income_millionths // MILLION
    return replace(
        loan,
        partner_minor=whole_minor - charged_off_minor,
        charged_off_minor=charged_off_minor,
        income_millionths=income_millionths,
        passed_minor=passed_minor,
        serviced_minor=passed_minor * loan.servicing_ppm // MILLION,
    )


def _difference(before: Funded, after: Funded) -> list[Entry]:
    """What brings the books from one state of a loan to the next.

    What leaves the books for a claim is charged off; a claim that falls was recovered; the rest was lent or repaid.
    """
    moved_minor = after.charged_off_minor - before.charged_off_minor
    lent_minor = after.partner_minor - before.partner_minor + max(0, moved_minor)
    entries = (
        Entry(Rule.CHARGE_OFF_SHARE, max(0, moved_minor), after.item_id),
        Entry(Rule.SHARE_RECOVERY, max(0, -moved_minor), after.item_id),
        Entry(Rule.FUND_LOAN, max(0, lent_minor), after.item_id),
        Entry(Rule.SHARE_PRINCIPAL, max(0, -lent_minor), after.item_id),
        _signed(Rule.SHARE_INCOME, after.passed_minor - before.passed_minor, after.item_id),
        _signed(Rule.CHARGE_SERVICING, after.serviced_minor - before.serviced_minor, after.item_id),
    )
    return [entry for entry in entries if entry.amount_minor]


def _sold(before: Funded, after: Funded, event: ClaimsSold, entries: Entries) -> list[Entry]:
    """What of a loan's claims was sold, and the partner's part of the price: as its claims are to all that were sold."""
    sold_minor = before.charged_off_minor - after.charged_off_minor
    all_minor = sum(entry.amount_minor for entry in entries if entry.rule in _SOLD)
    price_minor = event.price_minor * sold_minor // all_minor if sold_minor else 0
    entries = (
        Entry(Rule.SELL_SHARE, sold_minor, after.item_id),
        Entry(Rule.SHARE_SALE_PRICE, price_minor, after.item_id),
    )
    return [entry for entry in entries if entry.amount_minor]


def _signed(rule: Rule, amount_minor: int, item_id: int) -> Entry:
    return Entry(rule, abs(amount_minor), item_id, reversed=amount_minor < 0)


# ── income ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _income(before: Account, after: Account, entries: Iterable[Entry]) -> Counter[int]:
    """What these entries collected for partners beside principal, by loan, in millionths of a minor unit."""
    shares = {loan.item_id: loan.share_ppm for loan in after.funded}
    merchants = {plan.item_id for plan in before.plans if plan.fee_payer == "merchant"}
    income: Counter[int] = Counter()
    interest_minor = 0
    for entry in entries:
        minor = -entry.amount_minor if entry.reversed else entry.amount_minor
        item_id = entry.subject_id
        if entry.rule in _INTEREST or (entry.rule in _FEE and not item_id):
            interest_minor += minor
        elif entry.rule in _FEE or (entry.rule is Rule.EARN_FEE and item_id in merchants):
            income[item_id] += minor * shares.get(item_id, 0)
        elif entry.rule is Rule.GIVE_BACK_FEE:
            income[item_id] -= minor * shares.get(item_id, 0)
    if interest_minor:
        weights, whole = _weights(before, after)
        for item_id, weight in weights.items():
            income[item_id] += interest_minor * weight * shares[item_id] // whole
    return income


def _weights(before: Account, after: Account) -> tuple[Mapping[int, int], int]:
    """Principal-days of each joint loan and of all principal; what is owed, on a line on which no day has passed."""
    if after.funded_minor_days:
        return {loan.item_id: loan.minor_days for loan in after.funded}, after.funded_minor_days
    owed, claimed = principal_by_item(before)
    whole = before.principal_minor
    return ({loan.item_id: (owed + claimed)[loan.item_id] for loan in after.funded}, whole) if whole else ({}, 1)


def _counted(before: Account, after: Account, on: date) -> Account:
    """The principal-days of the days that have passed, by what was owed before the event."""
    days = (on - before.funded_through_on).days if before.funded else 0
    if days > 0:
        owed, claimed = principal_by_item(before)
        owed += claimed
        funded = tuple(replace(loan, minor_days=loan.minor_days + owed[loan.item_id] * days) for loan in after.funded)
        minor_days = after.funded_minor_days + before.principal_minor * days
        after = replace(after, funded=funded, funded_minor_days=minor_days)
    return replace(after, funded_through_on=max(on, before.funded_through_on))


def _begun_anew(account: Account) -> Account:
    """No interest is owed: the days are counted anew, and loans of which nothing is left are forgotten."""
    owed, claimed = principal_by_item(account)
    kept = tuple(
        replace(loan, minor_days=0)
        for loan in account.funded
        if loan.escrow_minor or loan.item_id in owed or loan.item_id in claimed
    )
    through_on = account.funded_through_on if kept else date.min
    return replace(account, funded=kept, funded_minor_days=0, funded_through_on=through_on)
