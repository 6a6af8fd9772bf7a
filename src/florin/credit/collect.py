"""Collection: a case is opened when a line has been past due for long enough, and closed by the clock when nothing is.

In between somebody works it: it is assigned, notes are kept, the customer promises to pay so much by a day, and is
contacted: within the hours and no oftener than the terms allow, because the law and decency say so. The clock judges a promise
the day after. Costs of collection are owed with the arrears. Nothing here moves money but the costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from florin.credit.items import Account, Case, Claim, Promise, days_past_due
from florin.credit.line import Line
from florin.credit.pause import paused_on
from florin.credit.terms import Program, Terms
from florin.events import (
    CaseAssigned,
    CaseClosed,
    CaseNoted,
    CaseOpened,
    Contacted,
    CostCharged,
    Promised,
    PromiseJudged,
    Repaid,
)
from florin.events.refusals import Refusal
from florin.ledger import Entry, Rule
from florin.money.at import At

Work = CaseAssigned | CaseNoted | Contacted | Promised
CONTACTS_LOOKED_AT_DAYS = 7


class AssignCase(msgspec.Struct, frozen=True, kw_only=True):
    needs_advance: ClassVar[bool] = True

    line_id: int
    assignee: str


class NoteCase(msgspec.Struct, frozen=True, kw_only=True):
    needs_advance: ClassVar[bool] = True

    line_id: int
    note: str
    by: str


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Record that the customer is about to be contacted. A refusal means: do not."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    channel: Literal["call", "message", "letter", "visit"]
    by: str


class PromiseToPay(msgspec.Struct, frozen=True, kw_only=True):
    """The customer promises so much, by the end of a day."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    amount_minor: int
    pay_by: date
    by: str


class ChargeCost(msgspec.Struct, frozen=True, kw_only=True):
    """A cost of collection, owed with what is past due."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    amount_minor: int
    reason: str


class NoOpenCase(Refusal, frozen=True, kw_only=True):
    en = "There is no open case on this line: it is {days_past_due} days past due."
    zh = "该额度没有进行中的催收案件：目前逾期 {days_past_due} 天。"

    days_past_due: int
    line_id: int


class OutsideContactHours(Refusal, frozen=True, kw_only=True):
    en = "It is {now_at}: customers are contacted from {opens_at} to {closes_at}. Try again {next_at}."
    zh = "现在是 {now_at}：只可在 {opens_at} 至 {closes_at} 之间联系客户。请于 {next_at} 再联系。"

    now_at: str
    opens_at: str
    closes_at: str
    next_at: str
    line_id: int


class ContactedTooOften(Refusal, frozen=True, kw_only=True):
    en = (
        "This customer was contacted {made} times within {days} days, today included; {allowed} are allowed. "
        "Try again on {next_on}."
    )
    zh = "最近 {days} 天（含今天）已联系该客户 {made} 次，最多 {allowed} 次。请于 {next_on} 再联系。"

    made: int
    allowed: int
    days: int
    next_on: date
    line_id: int


class CollectionIsPaused(Refusal, frozen=True, kw_only=True):
    en = "Collection of this line is paused through {until_on}: do not contact the customer before {next_on}."
    zh = "该额度暂停催收至{until_on}：请于{next_on}之后再联系客户。"

    until_on: date
    next_on: date
    line_id: int


class PromiseRefused(Refusal, frozen=True, kw_only=True):
    en = (
        "A promise is for an amount above zero and at most the {owed_minor} owed, by a day from {first_on} to {last_on}; "
        "this one is for {amount_minor} by {pay_by}."
    )
    zh = (
        "承诺还款金额须大于零且不超过所欠 {owed_minor}，日期须在 {first_on} 至 {last_on} 之间；"
        "本次为 {pay_by} 还 {amount_minor}。"
    )

    amount_minor: int
    pay_by: date
    owed_minor: int
    first_on: date
    last_on: date
    line_id: int


class CostRefused(Refusal, frozen=True, kw_only=True):
    en = "A cost of collection is above zero and needs something past due: {amount_minor} asked, {past_due_minor} past due."
    zh = "催收费用须大于零，且须有逾期欠款：本次 {amount_minor}，逾期 {past_due_minor}。"

    amount_minor: int
    past_due_minor: int
    line_id: int


def decide(
    line: Line,
    account: Account,
    command: AssignCase | NoteCase | Contact | PromiseToPay,
    at: At,
    *,
    local: datetime,
    program: Program,
) -> tuple[Work] | Refusal:
    """local: the instant in the zone of the business. The account must have been advanced to `at.on`."""
    case = account.case
    if case is None:
        return NoOpenCase(days_past_due=days_past_due(account, at.on), line_id=line.id)
    if isinstance(command, AssignCase):
        return (CaseAssigned(value_on=at.on, line_id=line.id, person_id=line.person_id, assignee=command.assignee),)
    if isinstance(command, NoteCase):
        return (CaseNoted(value_on=at.on, line_id=line.id, person_id=line.person_id, note=command.note, by=command.by),)
    terms = program.terms_on(at.on)
    if isinstance(command, Contact):
        if account.pause is not None and paused_on(account, at.on):
            until_on = account.pause.until_on
            return CollectionIsPaused(until_on=until_on, next_on=until_on + timedelta(days=1), line_id=line.id)
        refusal = refuse_contact(case, local, terms, line_id=line.id)
        if refusal is not None:
            return refusal
        return (
            Contacted(
                value_on=at.on,
                line_id=line.id,
                person_id=line.person_id,
                channel=command.channel,
                by=command.by,
                at=at.instant,
            ),
        )
    last_on = at.on + timedelta(days=terms.promise_days_max)
    if not (0 < command.amount_minor <= account.owed_minor and at.on <= command.pay_by <= last_on):
        return PromiseRefused(
            amount_minor=command.amount_minor,
            pay_by=command.pay_by,
            owed_minor=account.owed_minor,
            first_on=at.on,
            last_on=last_on,
            line_id=line.id,
        )
    return (
        Promised(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            amount_minor=command.amount_minor,
            pay_by=command.pay_by,
            by=command.by,
        ),
    )


def refuse_contact(case: Case, local: datetime, terms: Terms, *, line_id: int) -> Refusal | None:
    """Why the customer may not be contacted at a local time; None when she may."""
    opens, closes = time(terms.contact_from_hour), _until(terms)
    if not opens <= local.time() <= closes:
        return OutsideContactHours(
            now_at=f"{local:%H:%M}",
            opens_at=f"{opens:%H:%M}",
            closes_at=f"{terms.contact_until_hour:02d}:00",
            next_at=f"{may_contact_from(local, terms):%Y-%m-%d %H:%M}",
            line_id=line_id,
        )
    today = local.date()
    made_today = case.contacted_on.count(today)
    if made_today >= terms.contacts_a_day:
        return ContactedTooOften(
            made=made_today,
            allowed=terms.contacts_a_day,
            days=1,
            next_on=today + timedelta(days=1),
            line_id=line_id,
        )
    week = [on for on in case.contacted_on if on > today - timedelta(days=CONTACTS_LOOKED_AT_DAYS)]
    if len(week) >= terms.contacts_a_week:
        free_on = sorted(week)[len(week) - terms.contacts_a_week] + timedelta(days=CONTACTS_LOOKED_AT_DAYS)
        return ContactedTooOften(
            made=len(week),
            allowed=terms.contacts_a_week,
            days=CONTACTS_LOOKED_AT_DAYS,
            next_on=free_on,
            line_id=line_id,
        )
    return None


def may_contact_from(local: datetime, terms: Terms) -> datetime:
    """That local time if customers may be contacted then, else the beginning of the next contact hours."""
    opens = time(terms.contact_from_hour)
    if local.time() < opens:
        return datetime.combine(local.date(), opens, local.tzinfo)
    if local.time() > _until(terms):
        return datetime.combine(local.date() + timedelta(days=1), opens, local.tzinfo)
    return local


def decide_cost(line: Line, account: Account, command: ChargeCost, at: At) -> tuple[CostCharged] | Refusal:
    past_due_minor = sum(statement.remaining_minor for statement in account.statements if statement.past_due)
    past_due_minor += account.claimed_minor
    if command.amount_minor <= 0 or past_due_minor == 0:
        return CostRefused(amount_minor=command.amount_minor, past_due_minor=past_due_minor, line_id=line.id)
    return (
        CostCharged(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            amount_minor=command.amount_minor,
            reason=command.reason,
        ),
    )


# ── what events do ────────────────────────────────────────────────────────────────────────────────────────────────


def after_work(account: Account, event: Work | CaseOpened | CaseClosed | PromiseJudged) -> Account:
    """The account after something happened to its case; nothing where a corrected history has no case then."""
    case = account.case
    if isinstance(event, CaseOpened):
        return account if case is not None else replace(account, case=Case(opened_on=event.value_on))
    if case is None or isinstance(event, CaseClosed):
        return replace(account, case=None)
    match event:
        case CaseAssigned():
            case = replace(case, assignee=event.assignee)
        case Promised():
            promise = Promise(amount_minor=event.amount_minor, pay_by=event.pay_by)
            case = replace(case, promise=promise, silent_until=event.pay_by + timedelta(days=1))
        case PromiseJudged():
            broken = case.promises_broken + (0 if event.kept else 1)
            case = replace(case, promise=None, promises_broken=broken)
        case Contacted():
            since_on = event.value_on - timedelta(days=CONTACTS_LOOKED_AT_DAYS)
            case = replace(case, contacted_on=(*(on for on in case.contacted_on if on > since_on), event.value_on))
    return replace(account, case=case)


def counted_toward_promise(account: Account, event: Repaid) -> Account:
    """What is paid after a promise keeps it."""
    case = account.case
    if case is None or case.promise is None:
        return account
    promise = replace(case.promise, paid_minor=case.promise.paid_minor + event.amount_minor)
    return replace(account, case=replace(case, promise=promise))


def after_cost_of_collection(account: Account, event: CostCharged) -> tuple[Account, tuple[Entry, ...]]:
    """Owed with the oldest debt: a claim where there are claims. Nothing where a corrected history owes nothing then."""
    if account.written_off is None or not account.written_off.claims:
        return _on_oldest_statement(account, event) if account.statements else (account, ())
    claim = Claim.of("cost", event.amount_minor)
    written_off = replace(account.written_off, claims=(*account.written_off.claims, claim))
    return replace(account, written_off=written_off), (Entry(Rule.CLAIM_COST, event.amount_minor),)


def _on_oldest_statement(account: Account, event: CostCharged) -> tuple[Account, tuple[Entry, ...]]:
    oldest, *newer = account.statements
    oldest = replace(oldest, cost_minor=oldest.cost_minor + event.amount_minor)
    return replace(account, statements=(oldest, *newer)), (Entry(Rule.CHARGE_COST, event.amount_minor),)


# ── the clock's part ──────────────────────────────────────────────────────────────────────────────────────────────


def case_events(account: Account, program: Program) -> Iterator[CaseOpened | CaseClosed | PromiseJudged]:
    """What the clock does to the case next, each on its due day; `appointments.py` puts it after what is over."""
    since_on, case = _arrears_since_on(account), account.case
    if case is None:
        if since_on is not None and (days := program.terms_on(since_on).collection_days):
            yield CaseOpened(value_on=since_on + timedelta(days=days), line_id=account.line_id, days_past_due=days)
        return
    if since_on is None:
        kept = case.promise is None or case.promise.paid_minor >= case.promise.amount_minor
        last_on = account.written_off.accrued_through_on if account.written_off else case.opened_on
        yield CaseClosed(value_on=last_on, line_id=account.line_id, promise_kept=kept)
    elif case.promise is not None:
        promise = case.promise
        yield PromiseJudged(
            value_on=promise.pay_by + timedelta(days=1),
            line_id=account.line_id,
            kept=promise.paid_minor >= promise.amount_minor,
            promised_minor=promise.amount_minor,
            paid_minor=promise.paid_minor,
        )


def _arrears_since_on(account: Account) -> date | None:
    if account.written_off is not None and account.written_off.claims:
        return account.written_off.since_on
    return account.past_due_on()


def _until(terms: Terms) -> time:
    """The last minute of the contact hours."""
    return time(terms.contact_until_hour - 1, 59, 59)
