"""What the owner's program can do: people, wallets, lines, statements, repayments, agreements, merchants stopped.

An owner's key belongs to no app; its idempotency keys are the house's. What moves money or a line is a command to the engine; a
merchant's state and a standing agreement are reference data, set as often as one likes with the same result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any, cast

from florin.campaigns.coupon import CampaignNotRunning
from florin.credit.autopay import SetAutopay
from florin.credit.charge_off import ChargeOff
from florin.credit.close import CloseLine
from florin.credit.collect import AssignCase, ChargeCost, Contact, NoOpenCase, NoteCase, PromiseToPay
from florin.credit.explain import NothingToExplain, QuestionUnreadable, question_of
from florin.credit.freeze import FreezeLine, UnfreezeLine
from florin.credit.items import days_past_due
from florin.credit.limit import GiveUplift, SetLimit
from florin.credit.move_cycle import MoveCycle
from florin.credit.open import OpenLine
from florin.credit.plans import offers
from florin.credit.program import load_program, program_names
from florin.credit.repay import Repay
from florin.credit.repayment_hold import ConfirmRepayment
from florin.credit.return_repayment import ReturnRepayment
from florin.credit.shared_limit import SetSharedLimit
from florin.documents import sheet_of, statement_pdf
from florin.engine import ClaimKind, NotFound, Outcome, Submission, claim, clock, lane_for, lane_of
from florin.engine.listeners import TOPICS
from florin.engine.submission import Claim
from florin.events import (
    AutopaySet,
    CycleMoved,
    LimitSet,
    LineClosed,
    LineFrozen,
    LineOpened,
    LineUnfrozen,
    PersonJoined,
    Repaid,
    RepaymentConfirmed,
    RepaymentReturned,
    RepaymentSource,
    SharedLimitSet,
    ToppedUp,
    UpliftGiven,
)
from florin.money.at import At
from florin.payments.borne import borne_quote
from florin.payments.charge import Agreement
from florin.payments.receive import Receive
from florin.queries import is_id
from florin.queries.agreements import active_agreements, agreement_by_id, app_exists
from florin.queries.as_of import DayOutOfRange, LineAsOf, line_as_of_day
from florin.queries.campaigns import CampaignView, campaign_for
from florin.queries.documents import statement_document
from florin.queries.explain import Explained, explain_line, explain_payout
from florin.queries.limits import limit_history
from florin.queries.lines import LineView, line_by_id
from florin.queries.merchants import MerchantView, merchant_by_id
from florin.queries.partners import lenders_in_force
from florin.queries.payments import payment_by_trade
from florin.queries.persons import PersonView, person_by_id
from florin.queries.shared_limits import shared_limit_history, shared_limits
from florin.queries.statements import statements_of
from florin.queries.webhooks import webhook_of
from florin.wallet.join import Join
from florin.wallet.top_up import TopUp
from florin.wires.rest import shapes, show
from florin.wires.rest.problems import Refuse, RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call

# The owner's own keys, apart from every app's: ids of apps are above zero.
_SCOPE = 0


# ── people and wallets ────────────────────────────────────────────────────────────────────────────────────────────


async def join(call: Call, body: shapes.NewPerson) -> Answer:
    """POST /v1/owner/persons"""
    person_id = call.house.engine.new_id(lane_for(body.logon))
    command = Join(person_id=person_id, logon=body.logon, name=body.name)
    outcome = await execute(call, command, ("join", body), (claim(ClaimKind.LOGON, 0, body.logon),))
    event = cast(PersonJoined, outcome.event)
    shown = shapes.Person(
        id=str(event.person_id), name=event.name, logon=body.logon, wallet_balance_minor=0, line_id=None
    )
    return Answer(shown, 201, outcome.replayed)


async def get_person(call: Call, body: Any) -> Answer:
    """GET /v1/owner/persons/{person_id}"""
    person = await _person(call, _id(call, "person_id"))
    shown = shapes.Person(
        id=str(person.id),
        name=person.name,
        logon=person.logon,
        wallet_balance_minor=person.balance_minor,
        line_id=None if person.line_id is None else str(person.line_id),
        line_ids=tuple(map(str, person.line_ids)),
    )
    return Answer(shown)


async def top_up(call: Call, body: shapes.NewTopUp) -> Answer:
    """POST /v1/owner/persons/{person_id}/top-ups"""
    person_id = known_id(call, "person_id", "person")
    command = TopUp(person_id=person_id, amount_minor=body.amount_minor, bank_reference=body.bank_reference)
    once = (claim(ClaimKind.BANK, 0, body.bank_reference),)
    outcome = await execute(call, command, ("top-up", person_id, body), once)
    event = cast(ToppedUp, outcome.event)
    shown = shapes.TopUp(
        id=str(outcome.event_id),
        person_id=str(event.person_id),
        amount_minor=event.amount_minor,
        bank_reference=event.bank_reference,
        value_on=event.value_on,
    )
    return Answer(shown, 201, outcome.replayed)


async def get_shared_limits(call: Call, body: Any) -> Answer:
    """GET /v1/owner/persons/{person_id}/shared-limits"""
    person = await _person(call, _id(call, "person_id"))
    limits = await call.house.reads.ask_async(shared_limits, person_id=person.id)
    changes = await call.house.reads.ask_async(shared_limit_history, person_id=person.id)
    return Answer(show.shared_limits(limits, changes))


async def set_shared_limit(call: Call, body: shapes.NewSharedLimit) -> Answer:
    """POST /v1/owner/persons/{person_id}/shared-limits"""
    person_id = known_id(call, "person_id", "person")
    command = SetSharedLimit(person_id=person_id, group=body.group, limit_minor=body.limit_minor, reason=body.reason)
    outcome = await execute(call, command, ("shared-limit", person_id, body))
    event = cast(SharedLimitSet, outcome.event)
    shown = shapes.SharedLimitChange(
        id=str(outcome.event_id),
        group=event.group,
        value_on=event.value_on,
        limit_minor=event.limit_minor,
        reason=event.reason,
    )
    return Answer(shown, 201, outcome.replayed)


# ── lines ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def open_line(call: Call, body: shapes.NewLine) -> Answer:
    """POST /v1/owner/lines"""
    person = await _person(call, int(body.person_id))
    _refuse_program(body.program)
    command = OpenLine(
        person_id=person.id,
        line_id=call.house.engine.new_id(lane_of(person.id)),
        program=body.program,
        limit_minor=body.limit_minor,
    )
    outcome = await execute(call, command, ("open-line", body))
    event = cast(LineOpened, outcome.event)
    return _changed(outcome, "opened", limit_minor=event.limit_minor)


async def get_line(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}"""
    query: shapes.LineQuery = call.query
    if query.on is None and query.known_on is None:
        return Answer(show.line(await line_view(call), call.house.settings.lender))
    line_id = _id(call, "line_id")

    def question(connection: Any) -> LineAsOf | None:
        today = clock.read(connection).on
        on, known_on = query.on or today, query.known_on or today
        return line_as_of_day(connection, line_id=line_id, on=on, known_on=known_on, today=today)

    try:
        view = await call.house.reads.ask_async(question)
    except DayOutOfRange as wrong:
        raise invalid(wrong.which, wrong.problem, wrong.fix) from None
    if view is None:
        raise RefusedBy(NotFound(what="line", id=line_id))
    return Answer(show.line_as_of(view, call.house.settings.lender))


async def set_limit(call: Call, body: shapes.NewLimit) -> Answer:
    """POST /v1/owner/lines/{line_id}/limit"""
    line_id = known_id(call, "line_id", "line")
    command = SetLimit(line_id=line_id, limit_minor=body.limit_minor, reason=body.reason, code=body.code)
    outcome = await execute(call, command, ("limit", line_id, body))
    event = cast(LimitSet, outcome.event)
    return _changed(outcome, "limit-set", limit_minor=event.limit_minor, reason=event.reason)


async def give_uplift(call: Call, body: shapes.NewUplift) -> Answer:
    """POST /v1/owner/lines/{line_id}/uplifts"""
    line_id = known_id(call, "line_id", "line")
    command = GiveUplift(line_id=line_id, amount_minor=body.amount_minor, until_on=body.until_on, reason=body.reason)
    outcome = await execute(call, command, ("uplift", line_id, body))
    event = cast(UpliftGiven, outcome.event)
    shown = shapes.LimitChange(
        id=str(outcome.event_id),
        what="uplift-given",
        value_on=event.value_on,
        amount_minor=event.amount_minor,
        until_on=event.until_on,
        reason=event.reason,
    )
    return Answer(shown, 201, outcome.replayed)


async def move_bill_day(call: Call, body: shapes.NewBillDay) -> Answer:
    """POST /v1/owner/lines/{line_id}/bill-day"""
    line_id = known_id(call, "line_id", "line")
    outcome = await execute(call, MoveCycle(line_id=line_id, cycle_day=body.cycle_day), ("bill-day", line_id, body))
    event = cast(CycleMoved, outcome.event)
    shown = shapes.BillDay(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        cycle_day=event.cycle_day,
        due_day=event.due_day,
        value_on=event.value_on,
    )
    return Answer(shown, 201, outcome.replayed)


async def close_line(call: Call, body: shapes.NewClosing) -> Answer:
    """POST /v1/owner/lines/{line_id}/close"""
    line_id = known_id(call, "line_id", "line")
    command = CloseLine(line_id=line_id, reason=body.reason, when_paid=body.when_paid, code=body.code)
    outcome = await execute(call, command, ("close", line_id, body))
    event = outcome.event
    return _changed(outcome, "closed" if isinstance(event, LineClosed) else "closing", reason=body.reason)


async def set_autopay(call: Call, body: shapes.NewAutopay) -> Answer:
    """POST /v1/owner/lines/{line_id}/autopay"""
    line_id = known_id(call, "line_id", "line")
    outcome = await execute(call, SetAutopay(line_id=line_id, sources=body.sources), ("autopay", line_id, body))
    event = cast(AutopaySet, outcome.event)
    shown = shapes.Autopay(
        id=str(outcome.event_id), line_id=str(event.line_id), sources=event.sources, value_on=event.value_on
    )
    return Answer(shown, 201, outcome.replayed)


async def get_limit_history(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/limit-history"""
    line_id = _id(call, "line_id")
    found = await call.house.reads.ask_async(limit_history, line_id=line_id)
    if not found:
        raise RefusedBy(NotFound(what="line", id=line_id))
    return Answer(shapes.LimitHistory(items=tuple(map(show.limit_change, found))))


async def freeze_line(call: Call, body: shapes.NewFreeze) -> Answer:
    """POST /v1/owner/lines/{line_id}/freeze"""
    line_id = known_id(call, "line_id", "line")
    outcome = await execute(
        call, FreezeLine(line_id=line_id, reason=body.reason, code=body.code), ("freeze", line_id, body)
    )
    return _changed(outcome, "frozen", reason=cast(LineFrozen, outcome.event).reason)


async def unfreeze_line(call: Call, body: shapes.Reason) -> Answer:
    """POST /v1/owner/lines/{line_id}/unfreeze"""
    line_id = known_id(call, "line_id", "line")
    outcome = await execute(call, UnfreezeLine(line_id=line_id, reason=body.reason), ("unfreeze", line_id, body))
    return _changed(outcome, "unfrozen", reason=cast(LineUnfrozen, outcome.event).reason)


async def repay(call: Call, body: shapes.NewRepayment) -> Answer:
    """POST /v1/owner/lines/{line_id}/repayments"""
    line_id = known_id(call, "line_id", "line")
    once = once_by_bank(body.source, body.bank_reference)
    command = Repay(
        line_id=line_id,
        amount_minor=body.amount_minor,
        source=body.source,
        reference=body.bank_reference,
        value_on=body.value_on,
    )
    return repaid(await execute(call, command, ("repay", line_id, body), once))


async def return_repayment(call: Call, body: shapes.ReturnedRepayment) -> Answer:
    """POST /v1/owner/lines/{line_id}/repayments/return"""
    line_id = known_id(call, "line_id", "line")
    command = ReturnRepayment(
        line_id=line_id, amount_minor=body.amount_minor, reference=body.bank_reference, reason=body.reason
    )
    outcome = await execute(call, command, ("return-repayment", line_id, body))
    event = cast(RepaymentReturned, outcome.event)
    shown = shapes.RepaymentReturn(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        amount_minor=event.amount_minor,
        bank_reference=event.reference,
        reason=event.reason,
        value_on=event.value_on,
        known_on=event.known_on,
    )
    return Answer(shown, 201, outcome.replayed)


async def confirm_repayment(call: Call, body: shapes.ConfirmedRepayment) -> Answer:
    """POST /v1/owner/lines/{line_id}/repayments/confirm"""
    line_id = known_id(call, "line_id", "line")
    command = ConfirmRepayment(line_id=line_id, amount_minor=body.amount_minor, reference=body.bank_reference)
    outcome = await execute(call, command, ("confirm-repayment", line_id, body))
    event = cast(RepaymentConfirmed, outcome.event)
    shown = shapes.RepaymentConfirmation(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        amount_minor=event.amount_minor,
        bank_reference=event.reference,
        repaid_on=event.repaid_on,
        value_on=event.value_on,
    )
    return Answer(shown, 201, outcome.replayed)


async def get_statements(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/statements"""
    query: shapes.StatementQuery = call.query
    line_id = _id(call, "line_id")

    def question(connection: Any) -> Any:
        return statements_of(
            connection, line_id=line_id, at=clock.read(connection), before=query.closes_before, limit=query.limit + 1
        )

    found = await call.house.reads.ask_async(question)
    if found is None:
        raise RefusedBy(NotFound(what="line", id=line_id))
    shown = tuple(show.statement(line_id, statement) for statement in found[: query.limit])
    more = shown[-1].closes_on if len(found) > query.limit else None
    return Answer(shapes.StatementList(items=shown, next_closes_before=more))


async def get_statement(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/statements/{closes_on}: JSON, or a PDF for `Accept: application/pdf` or `.pdf`."""
    line_id = _id(call, "line_id")
    named = call.parts["closes_on"]
    as_pdf = named.endswith(".pdf") or b"application/pdf" in call.accepts
    try:
        closes_on = date.fromisoformat(named.removesuffix(".pdf"))
    except ValueError:
        raise invalid(
            "closes_on", "This is no date.", "Write the day on which the cycle closed, as in 2026-04-01."
        ) from None

    def question(connection: Any) -> Any:
        return statement_document(connection, line_id=line_id, closes_on=closes_on, at=clock.read(connection))

    found = await call.house.reads.ask_async(question)
    if found is None:
        raise RefusedBy(NotFound(what="statement", id=line_id), closes_on=closes_on)
    lender = call.house.settings.lender
    if as_pdf:
        drawn = await asyncio.to_thread(statement_pdf, sheet_of(found, lender, call.language))
        return Answer(drawn, content_type=b"application/pdf")
    return Answer(show.statement_document(found, lender, call.language))


async def explain(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/explain"""
    query: shapes.ExplainQuery = call.query
    line_id = _id(call, "line_id")
    try:
        asked = question_of(query.what)
    except QuestionUnreadable as unreadable:
        raise invalid("what", *_two_sentences(str(unreadable))) from None

    def question(connection: Any) -> Explained | None:
        return explain_line(
            connection,
            line_id=line_id,
            question=asked,
            at=clock.read(connection),
            language=call.language,
            on=query.on,
        )

    try:
        found = await call.house.reads.ask_async(question)
    except NothingToExplain as nothing:
        known = f"There is {', '.join(nothing.known)}." if nothing.known else "Ask for something that the line has."
        raise invalid("what", f"This line has no {nothing.what} to explain.", known) from None
    if found is None:
        raise RefusedBy(NotFound(what="line", id=line_id))
    return Answer(found)


async def explain_paid_out(call: Call, body: Any) -> Answer:
    """GET /v1/owner/payouts/{payout_id}/explain"""
    payout_id = _id(call, "payout_id")
    found = await call.house.reads.ask_async(explain_payout, payout_id=payout_id, language=call.language)
    if found is None:
        raise RefusedBy(NotFound(what="payout", id=payout_id))
    return Answer(found)


def _two_sentences(text: str) -> tuple[str, str]:
    problem, _, fix = text.partition(". ")
    return f"{problem}.", fix


# ── lines that are late ───────────────────────────────────────────────────────────────────────────────────────────


async def charge_off(call: Call, body: shapes.NewChargeOff) -> Answer:
    """POST /v1/owner/lines/{line_id}/charge-off"""
    line_id = known_id(call, "line_id", "line")
    command = ChargeOff(line_id=line_id, reason=body.reason, mode=body.mode, code=body.code)
    return step(await execute(call, command, ("charge-off", line_id, body)), "charged-off")


async def charge_cost(call: Call, body: shapes.NewCost) -> Answer:
    """POST /v1/owner/lines/{line_id}/costs"""
    line_id = known_id(call, "line_id", "line")
    command = ChargeCost(line_id=line_id, amount_minor=body.amount_minor, reason=body.reason)
    return step(await execute(call, command, ("cost", line_id, body)), "cost-charged")


async def get_case(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/case"""
    view = await line_view(call)
    case, on = view.account.case, view.at.on
    if case is None:
        raise RefusedBy(NoOpenCase(days_past_due=days_past_due(view.account, on), line_id=view.line.id))
    promise = case.promise
    shown = shapes.CollectionCase(
        line_id=str(view.line.id),
        opened_on=case.opened_on,
        assignee=case.assignee,
        past_due_on=view.line.past_due_on,
        owed_minor=view.account.owed_minor,
        promise=None
        if promise is None
        else shapes.CollectionPromise(
            amount_minor=promise.amount_minor, pay_by=promise.pay_by, paid_minor=promise.paid_minor
        ),
        promises_broken=case.promises_broken,
        contacted_on=case.contacted_on,
    )
    return Answer(shown)


async def assign_case(call: Call, body: shapes.NewAssignment) -> Answer:
    """POST /v1/owner/lines/{line_id}/case/assignment"""
    line_id = known_id(call, "line_id", "line")
    command = AssignCase(line_id=line_id, assignee=body.assignee)
    return step(await execute(call, command, ("assign", line_id, body)), "assigned")


async def note_case(call: Call, body: shapes.NewNote) -> Answer:
    """POST /v1/owner/lines/{line_id}/case/notes"""
    line_id = known_id(call, "line_id", "line")
    command = NoteCase(line_id=line_id, note=body.note, by=body.by)
    return step(await execute(call, command, ("note", line_id, body)), "noted")


async def contact(call: Call, body: shapes.NewContact) -> Answer:
    """POST /v1/owner/lines/{line_id}/case/contacts"""
    line_id = known_id(call, "line_id", "line")
    command = Contact(line_id=line_id, channel=body.channel, by=body.by)
    return step(await execute(call, command, ("contact", line_id, body)), "contacted")


async def promise(call: Call, body: shapes.NewPromise) -> Answer:
    """POST /v1/owner/lines/{line_id}/case/promises"""
    line_id = known_id(call, "line_id", "line")
    command = PromiseToPay(line_id=line_id, amount_minor=body.amount_minor, pay_by=body.pay_by, by=body.by)
    return step(await execute(call, command, ("promise", line_id, body)), "promised")


# ── payments ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def receive(call: Call, body: shapes.NewReceipt) -> Answer:
    """POST /v1/owner/payments/{payment_id}/receive: the buyer confirms receipt in the owner's own application."""
    trade_id = _id(call, "payment_id")
    view = await call.house.reads.ask_async(payment_by_trade, trade_id=trade_id)
    if view is None:
        raise RefusedBy(NotFound(what="payment", id=trade_id))
    if view.payment is None:
        raise Refuse("NotPaid", state="waiting for the shopper")
    command = Receive(payment_id=view.payment.id, person_id=int(body.person_id), by="buyer")
    outcome = await execute(call, command, ("receive", trade_id, body))
    return Answer(show.receipt(outcome), 201, outcome.replayed)


# ── agreements and merchants ──────────────────────────────────────────────────────────────────────────────────────


async def agree(call: Call, body: shapes.NewAgreement) -> Answer:
    """POST /v1/owner/agreements: the same again gives the one that is active."""
    person = await _person(call, int(body.person_id))
    app_id, line_id = int(body.app_id), int(body.line_id or 0)
    if not await call.house.reads.ask_async(app_exists, app_id=app_id):
        raise invalid("app_id", "There is no such app.", "Send the number of an app.")
    if line_id:
        line = await call.house.reads.ask_async(_line_question(line_id))
        if line is None or line.line.person_id != person.id:
            raise invalid("line_id", "This is no line of that person.", "Send a line of hers, or leave it out.")
    active = await call.house.reads.ask_async(active_agreements, person_id=person.id, app_id=app_id)
    for agreement in active:
        if (agreement.line_id, agreement.limit_minor) == (line_id, body.limit_minor):
            return Answer(_agreement(agreement, call), 201, replayed=True)
    agreement_id = await asyncio.to_thread(
        call.house.engine.add_agreement,
        app_id=app_id,
        person_id=person.id,
        line_id=line_id,
        limit_minor=body.limit_minor,
    )
    return Answer(_agreement(await _found_agreement(call, agreement_id), call), 201)


async def end_agreement(call: Call, body: Any) -> Answer:
    """DELETE /v1/owner/agreements/{agreement_id}: once ended, an agreement stays so."""
    agreement = await _found_agreement(call, _id(call, "agreement_id"))
    await asyncio.to_thread(call.house.engine.end_agreement, agreement.id, person_id=agreement.person_id)
    return Answer(_agreement(await _found_agreement(call, agreement.id), call))


async def freeze_merchant(call: Call, body: Any) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/freeze"""
    return await _move_merchant(call, call.house.engine.freeze_merchant)


async def unfreeze_merchant(call: Call, body: Any) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/unfreeze"""
    return await _move_merchant(call, call.house.engine.unfreeze_merchant)


# ── quotes and webhooks, for merchants too ────────────────────────────────────────────────────────────────────────


async def get_quotes(call: Call, body: Any) -> Answer:
    """GET /v1/quotes"""
    query: shapes.QuoteQuery = call.query
    _refuse_program(query.program)
    at = await call.house.reads.ask_async(clock.read)
    program = load_program(query.program)
    terms = program.terms_on(at.on)
    quotes = offers(query.amount_minor, terms, query.fee_payer)
    if query.subsidy_id:
        view = await _campaign_of(call, query, at)
        quotes = tuple(
            borne_quote(
                quote,
                query.amount_minor,
                terms,
                view.campaign,
                left_minor=view.left_minor,
                borne_minor=view.borne_minor,
                merchant_id=call.key.merchant_id or 0,
                program=program.name,
                at=at,
            )
            for quote in quotes
        )
    partners = await call.house.reads.ask_async(lenders_in_force, program=program, on=at.on)
    shown = shapes.Quotes(
        program=program.name,
        amount_minor=query.amount_minor,
        currency=program.currency,
        offers=tuple(show.offer(quote) for quote in quotes),
        lender=show.lender(call.house.settings.lender),
        partners=tuple(map(show.joint_lender, partners)),
    )
    return Answer(shown)


async def _campaign_of(call: Call, query: shapes.QuoteQuery, at: At) -> CampaignView:
    """The campaign that the quote is asked with, and what it has borne for the shopper of the agreement. Raises RefusedBy."""
    agreement_id, person_id = int(query.agreement_id or 0), 0
    if agreement_id:
        agreement = await call.house.reads.ask_async(agreement_by_id, agreement_id=agreement_id)
        if agreement is None or agreement.app_id != call.key.app_id:
            raise RefusedBy(NotFound(what="agreement", id=agreement_id))
        person_id = agreement.person_id
    campaign_id = int(query.subsidy_id)
    view = await call.house.reads.ask_async(campaign_for, campaign_id=campaign_id, person_id=person_id, on=at.on)
    if view is None:
        raise RefusedBy(NotFound(what="campaign", id=campaign_id))
    if not view.campaign.gives_on(at.on):
        raise RefusedBy(CampaignNotRunning(campaign=view.campaign.name))
    return view


async def get_webhooks(call: Call, body: Any) -> Answer:
    """GET /v1/webhooks"""
    app_id = cast(int, call.key.app_id)
    view = await call.house.reads.ask_async(webhook_of, app_id=app_id)
    assert view is not None, "a key's app exists"
    topics = tuple(sorted(set(TOPICS.values())))
    return Answer(shapes.Webhooks(app_id=str(app_id), url=view.url or None, signed=view.signed, topics=topics))


# ── what these share, and `plans.py` with them ─────────────────────────────────────────────────────────────────────────


async def execute(call: Call, command: Any, content: Any, more: tuple[Claim, ...] = ()) -> Outcome:
    """Run one command under the owner's key. Raises RefusedBy."""
    claims = (owner_claim(call, content), *more)
    (outcome,) = await call.house.engine.execute_async((Submission(command=command, claims=claims),))
    if outcome.refusal is not None:
        raise RefusedBy(outcome.refusal, replayed=outcome.replayed)
    return outcome


def owner_claim(call: Call, content: Any) -> Claim:
    """The owner's key for what he sends."""
    return claim(ClaimKind.REQUEST, _SCOPE, call.idempotency_key, content)


def once_by_bank(source: RepaymentSource, bank_reference: str) -> tuple[Claim, ...]:
    """The claim that takes a bank's money once; none for the wallet's. Raises FieldsInvalid when the two do not fit."""
    if (source == "bank") != bool(bank_reference):
        problem = "is needed for money from a bank" if source == "bank" else "belongs to money from a bank"
        raise invalid("bank_reference", f"The bank's reference {problem}.", "Send both, or `source` wallet without it.")
    return (claim(ClaimKind.BANK, 0, bank_reference),) if bank_reference else ()


def repaid(outcome: Outcome) -> Answer:
    """What a repayment made, of the line or of one plan."""
    event = cast(Repaid, outcome.event)
    shown = shapes.Repayment(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        amount_minor=event.amount_minor,
        source=event.source,
        bank_reference=event.reference,
        value_on=event.value_on,
        known_on=event.known_on or event.value_on,
    )
    return Answer(shown, 201, outcome.replayed)


def step(outcome: Outcome, what: Any) -> Answer:
    """Something that was done about a line that is late."""
    event = outcome.event
    assert event is not None
    shown = shapes.CollectionStep(
        id=str(outcome.event_id), line_id=str(event.line_id), what=what, value_on=event.value_on
    )
    return Answer(shown, 201, outcome.replayed)


def _changed(outcome: Outcome, what: Any, *, limit_minor: int | None = None, reason: str | None = None) -> Answer:
    event = outcome.event
    assert event is not None
    shown = shapes.Change(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        what=what,
        value_on=event.value_on,
        limit_minor=limit_minor,
        reason=reason,
    )
    return Answer(shown, 201, outcome.replayed)


async def _found_agreement(call: Call, agreement_id: int) -> Agreement:
    agreement = await call.house.reads.ask_async(agreement_by_id, agreement_id=agreement_id)
    if agreement is None:
        raise RefusedBy(NotFound(what="agreement", id=agreement_id))
    return agreement


def _agreement(agreement: Agreement, call: Call) -> shapes.Agreement:
    return shapes.Agreement(
        id=str(agreement.id),
        person_id=str(agreement.person_id),
        app_id=str(agreement.app_id),
        line_id=str(agreement.line_id) if agreement.line_id else None,
        state=agreement.state,  # type: ignore[arg-type]
        limit_minor=agreement.limit_minor,
        lender=show.lender(call.house.settings.lender),
    )


async def _move_merchant(call: Call, move: Callable[[int], bool]) -> Answer:
    merchant_id = _id(call, "merchant_id")
    before = await _merchant(call, merchant_id)
    if before.state == "closed":
        raise Refuse("MerchantClosed")
    await asyncio.to_thread(move, merchant_id)
    return Answer(show.merchant(await _merchant(call, merchant_id)))


async def place_merchant(call: Call, body: shapes.NewPlace) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/place"""
    merchant_id = _id(call, "merchant_id")
    await _merchant(call, merchant_id)
    place = call.house.engine.place_merchant
    await asyncio.to_thread(place, merchant_id, market=body.market, category=body.category)
    return Answer(show.merchant(await _merchant(call, merchant_id)))


async def _merchant(call: Call, merchant_id: int) -> MerchantView:
    found = await call.house.reads.ask_async(merchant_by_id, merchant_id=merchant_id)
    if found is None:
        raise RefusedBy(NotFound(what="merchant", id=merchant_id))
    return found


async def _person(call: Call, person_id: int) -> PersonView:
    person = await call.house.reads.ask_async(person_by_id, person_id=person_id)
    if person is None:
        raise RefusedBy(NotFound(what="person", id=person_id))
    return person


async def line_view(call: Call) -> LineView:
    line_id = _id(call, "line_id")
    view = await call.house.reads.ask_async(_line_question(line_id))
    if view is None:
        raise RefusedBy(NotFound(what="line", id=line_id))
    return view


def _line_question(line_id: int) -> Callable[[Any], LineView | None]:
    return lambda connection: line_by_id(connection, line_id=line_id, at=clock.read(connection))


def _id(call: Call, part: str) -> int:
    """The number in the path, or 0, which is nobody's."""
    text = call.parts[part]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def known_id(call: Call, part: str, what: str) -> int:
    """The number in the path, if it has the form of an id. Raises RefusedBy."""
    identifier = _id(call, part)
    if not is_id(identifier):
        raise RefusedBy(NotFound(what=what, id=identifier))
    return identifier


def _refuse_program(name: str) -> None:
    if name not in program_names():
        raise invalid("program", "There is no such program.", f"Send one of: {', '.join(program_names())}.")
