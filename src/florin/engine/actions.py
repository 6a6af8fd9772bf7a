"""Actions: for each command, which rows it needs and which pure rule it runs. The whole of what the engine can do.

`place` is the id of the command's first event: it says in which lane the answer is kept. `needs` names rows by id: first
those that the command names itself, then, when these are loaded, those that they name. `rule` runs in the room and gives
events or a refusal; what the events do is `Room.record`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from florin.campaigns import open as open_campaign
from florin.campaigns.budget import (
    Budget,
    Draw,
    RecallBudget,
    TopUpCampaign,
    decide_recall,
    decide_top_up,
    new_budget,
)
from florin.campaigns.campaign import Campaign, CampaignState
from florin.campaigns.state import RecordStatePayment
from florin.campaigns.state import decide as decide_state_payment
from florin.credit import (
    autopay,
    charge_off,
    collect,
    convert,
    decline,
    freeze,
    funding,
    hardship,
    joint,
    limit,
    move_cycle,
    pause,
    plan_payoff,
    provision,
    reage,
    refold,
    repay,
    repayment_hold,
    return_repayment,
    sell_claims,
    shared_limit,
)
from florin.credit import close as close_line
from florin.credit import open as open_line
from florin.credit import refund as credit_refund
from florin.credit.line import LineState
from florin.credit.program import program_names
from florin.credit.shared_limit import SetSharedLimit, SharedExposure
from florin.engine import delinquency, plan_actions
from florin.engine.ids import IdBlocks, is_id, lane_of
from florin.engine.lanes import LANES
from florin.engine.room import Room
from florin.engine.submission import NotFound
from florin.engine.tables.joint import FUNDING_CAP
from florin.engine.tables.small import PERSON, SWEEP
from florin.events import Event, Refunded
from florin.events.refusals import Refusal
from florin.payments import ask, capture, charge, close, pay, receive, refund, reverse_refund, settle, void
from florin.payments.down_payment import with_down_payment
from florin.payments.merchant import Merchant
from florin.payments.payment import Payment, PaymentState
from florin.payments.trade import Trade, TradeState
from florin.wallet import join, top_up, withdraw
from florin.wallet.payout import Payout, answered

Events = Sequence[Event]


class Needs(NamedTuple):
    """Ids of rows. Trades in `trades_seen` are read without a lock; a line in `accounts` comes with its items, caught up.

    lines_seen: persons whose lines are read without a lock; only for a command that has locked their wallets. histories:
    lines of `accounts` whose events are all needed, because something counts on a day that is over; posted: and all
    entries that they have derived. uses: persons, of `wallets`, whose uses of coupons are read without a lock. budgets: what
    is wanted of campaigns' budgets; those of a command's first needs alone may be above zero. shared: persons whose guards of
    shared limits are needed beside those of the lines, which come by themselves.
    """

    trades: tuple[int, ...] = ()
    trades_seen: tuple[int, ...] = ()
    payments: tuple[int, ...] = ()
    agreements: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()
    accounts: tuple[int, ...] = ()
    wallets: tuple[int, ...] = ()
    balances: tuple[int, ...] = ()
    payouts: tuple[int, ...] = ()
    campaigns: tuple[int, ...] = ()
    fundings: tuple[int, ...] = ()
    lines_seen: tuple[int, ...] = ()
    histories: tuple[int, ...] = ()
    posted: tuple[int, ...] = ()
    uses: tuple[int, ...] = ()
    budgets: tuple[Draw, ...] = ()
    shared: tuple[int, ...] = ()


NOTHING = Needs()


class Action(NamedTuple):
    """place: lane id source of the command's first event. needs, then_needs, rule: see the module."""

    place: Callable[[Any, IdBlocks], int]
    needs: Callable[[Any], Needs]
    rule: Callable[[Room, Any], Events | Refusal]
    then_needs: Callable[[Room, Any], Needs] = lambda room, command: NOTHING


class AdvanceLine(msgspec.Struct, frozen=True, kw_only=True):
    """Let the clock act on one line up to the business date: the day close's own command. It has no event of its own."""

    line_id: int


# ── people and wallets ────────────────────────────────────────────────────────────────────────────────────────────


def _join(room: Room, command: join.Join) -> Events:
    room.add_row(PERSON, (lane_of(command.person_id), command.person_id, command.name, command.logon))
    return join.decide(command, room.at)


def _top_up(room: Room, command: top_up.TopUp) -> Events | Refusal:
    return top_up.decide(command, room.at)


def _withdraw(room: Room, command: withdraw.Withdraw) -> Events | Refusal:
    decided = withdraw.decide(room.wallet(command.person_id), command, room.at)
    if not isinstance(decided, Refusal):
        _send(room, command.withdrawal_id, command.amount_minor, person_id=command.person_id)
    return decided


def _settle_withdrawal(room: Room, command: withdraw.SettleWithdrawal) -> Events | Refusal:
    sent = room.payouts[command.withdrawal_id]
    decided = withdraw.decide_settled(sent, command, room.at)
    return decided if isinstance(decided, Refusal) else _answered(room, sent, command, decided)


# ── the line ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _open_line(room: Room, command: open_line.OpenLine) -> Events | Refusal:
    existing = room.line_under(command.person_id, command.program)
    decided = open_line.decide(command, room.at, program=room.reference.program(command.program), existing=existing)
    if not isinstance(decided, Refusal):
        _share(room, command.person_id, room.reference.group_of(command.program))
    return decided


def _share(room: Room, person_id: int, group: str) -> None:
    """The guard of the first line in a group."""
    if group and (person_id, group) not in room.shared:
        guard = SharedExposure(lane=lane_of(person_id), person_id=person_id, group=group)
        room.add(room.shared, (person_id, group), guard)


def _set_shared_limit(room: Room, command: SetSharedLimit) -> Events | Refusal:
    key = (command.person_id, command.group)
    guard: SharedExposure | None = room.shared.get(key)
    decided = shared_limit.decide(guard, command, room.at)
    if guard is not None and not isinstance(decided, Refusal):
        room.change(room.shared, key, replace(guard, limit_minor=command.limit_minor))
    return decided


def _set_limit(room: Room, command: limit.SetLimit) -> Events | Refusal:
    line = room.named_line(command)
    return limit.decide(line, command, room.at, program=room.program(line))


def _give_uplift(room: Room, command: limit.GiveUplift) -> Events | Refusal:
    line = room.named_line(command)
    return limit.decide_uplift(line, command, room.at, program=room.program(line))


def _decline(room: Room, command: decline.DeclineCredit) -> Events | Refusal:
    return decline.decide(room.line(command.line_id), command, room.at)


def _set_autopay(room: Room, command: autopay.SetAutopay) -> Events | Refusal:
    line = room.named_line(command)
    return autopay.decide_sources(line, command, room.at)


def _try_autopay(room: Room, command: autopay.TryAutopay) -> Events:
    line = room.named_line(command)
    return autopay.decide(
        line,
        room.account(line.id),
        command,
        room.at,
        wallet_balance_minor=room.wallet(line.person_id).balance_minor,
        program=room.program(line),
    )


def _fail_autopay(room: Room, command: autopay.FailAutopay) -> Events:
    line = room.named_line(command)
    return autopay.decide_failed(line, command, room.at)


def _freeze(room: Room, command: freeze.FreezeLine) -> Events | Refusal:
    line = room.named_line(command)
    return freeze.decide(line, command, room.at)


def _close_line(room: Room, command: close_line.CloseLine) -> Events | Refusal:
    line = room.named_line(command)
    return close_line.decide(line, room.account(line.id), command, room.at, program=room.program(line))


def _move_cycle(room: Room, command: move_cycle.MoveCycle) -> Events | Refusal:
    line = room.named_line(command)
    return move_cycle.decide(line, room.account(line.id), command, room.at, program=room.program(line))


def _repay(room: Room, command: repay.Repay) -> Events | Refusal:
    line = room.named_line(command)
    return repay.decide(
        line,
        room.account(line.id),
        command,
        room.at,
        wallet_balance_minor=room.wallet(line.person_id).balance_minor,
        program=room.program(line),
        history=room.history(line.id),
    )


def _confirm_repayment(room: Room, command: repayment_hold.ConfirmRepayment) -> Events | Refusal:
    line = room.named_line(command)
    return repayment_hold.decide(line, room.account(line.id), command, room.at, program=room.program(line))


def _pay_credit_balance(room: Room, command: repayment_hold.PayCreditBalance) -> Events:
    line = room.named_line(command)
    return repayment_hold.decide_payment(line, room.account(line.id), room.at, program=room.program(line))


def _return_repayment(room: Room, command: return_repayment.ReturnRepayment) -> Events | Refusal:
    line = room.named_line(command)
    return return_repayment.decide(line, command, room.at, history=room.history(line.id))


def _refold(room: Room, command: refold.RefoldLine) -> Events | Refusal:
    line = room.named_line(command)
    return refold.decide(
        line,
        room.account(line.id),
        command,
        room.at,
        program=room.program(line),
        history=room.history(line.id) or (),
        posted=room.posted_of(line.id),
    )


# ── trades and payments ───────────────────────────────────────────────────────────────────────────────────────────


def _unknown(room: Room, command: ask.Ask | charge.Charge) -> Refusal | None:
    """Reference data is not locked; that it is there at all is asked here."""
    if command.merchant_id not in room.reference.merchants:
        return NotFound(what="merchant", id=command.merchant_id)
    if command.app_id not in room.reference.apps:
        return NotFound(what="app", id=command.app_id)
    return None


def _ask(room: Room, command: ask.Ask) -> Events | Refusal:
    if refusal := _unknown(room, command):
        return refusal
    decided = ask.decide(room.merchant(command.merchant_id), command, room.at)
    if not isinstance(decided, Refusal):
        trade = Trade(
            id=command.trade_id,
            lane=lane_of(command.trade_id),
            app_id=command.app_id,
            merchant_id=command.merchant_id,
            flow=command.flow,
            amount_minor=command.amount_minor,
            out_trade_no=command.out_trade_no,
            subject=command.subject,
            asked_at=room.at.instant,
            installments=command.installments,
            expires_at=command.expires_at,
            detail=command.detail,
        )
        room.add(room.trades, trade.id, trade)
    return decided


def _pay(room: Room, command: pay.Pay) -> Events | Refusal:
    trade = room.trade(command.trade_id)
    terms = room.terms(room.line(command.line_id))
    command = with_down_payment(command, trade.installments or command.installments, terms)
    decided = pay.decide(
        trade=trade,
        merchant=room.merchant(trade.merchant_id),
        line=room.line(command.line_id),
        wallet=room.wallet(command.person_id),
        terms=terms,
        command=command,
        at=room.at,
        offers=_offers(room, command),
        shared=room.shared_by(room.line(command.line_id)),
    )
    if not isinstance(decided, Refusal):
        decided = (room.funded(decided[0]),)
        _begin_payment(room, trade, decided[0], command)
        room.change(room.trades, trade.id, replace(trade, state=TradeState.PAID, payment_id=command.payment_id))
    return decided


def _charge(room: Room, command: charge.Charge) -> Events | Refusal:
    if refusal := _unknown(room, command):
        return refusal
    if command.agreement_id:
        agreement = room.agreements.get(command.agreement_id)
        if refusal := charge.refuse_agreement(agreement, command):
            return refusal
        assert agreement is not None
        command = replace(command, person_id=agreement.person_id, line_id=agreement.line_id)
    trade = charge.trade_of(command, lane=lane_of(command.trade_id), at=room.at)
    line = room.line(command.line_id)
    terms = room.terms(line)
    command = with_down_payment(command, command.installments, terms)
    decided = charge.decide(
        trade=trade,
        merchant=room.merchant(command.merchant_id),
        line=line,
        wallet=room.wallet(command.person_id),
        terms=terms,
        command=command,
        at=room.at,
        offers=_offers(room, command),
        shared=room.shared_by(line),
    )
    if not isinstance(decided, Refusal):
        decided = (room.funded(decided[0]),)
        _begin_payment(room, trade, decided[0], charge.pay_of(command))
        room.add(room.trades, trade.id, replace(trade, state=TradeState.PAID, payment_id=command.payment_id))
    return decided


def _offers(room: Room, command: pay.Pay | charge.Charge) -> pay.Offers:
    """The campaigns that the command names, with what this batch holds of their budgets."""
    if not command.campaign_id and not command.subsidy_id:
        return pay.NO_OFFERS
    coupon, subsidy = (
        pay.Offer(campaign, room.budgets[campaign.id], room.use(command.person_id, campaign.id).used)
        if (campaign := room.reference.campaigns.get(identifier))
        else None
        for identifier in (command.campaign_id, command.subsidy_id)
    )
    return pay.Offers(coupon, subsidy)


def _begin_payment(room: Room, trade: Trade, event: Event, command: pay.Pay) -> None:
    line = room.line(command.line_id)
    merchant: Merchant = room.merchant(trade.merchant_id)
    shared = room.shared_by(line)
    payment = pay.new_payment(trade, merchant, line, room.terms(line), event, command, shared)
    room.add(room.payments, payment.id, replace(payment, lane=lane_of(payment.id)))


def _capture(room: Room, command: capture.Capture) -> Events | Refusal:
    payment = room.payment(command.payment_id)
    terms = room.terms(room.line(payment.line_id))
    decided = capture.decide(payment, room.merchant(payment.merchant_id), terms, command, room.at)
    if isinstance(decided, Refusal) or decided[0].credit_minor != payment.credit_authorized_minor:
        return decided  # what is captured in parts the house lends alone: a loan is funded as one
    return (room.funded(decided[0]),)


def _receive(room: Room, command: receive.Receive) -> Events | Refusal:
    payment = room.payment(command.payment_id)
    terms = room.terms(room.line(payment.line_id))
    decided = receive.decide(payment, room.merchant(payment.merchant_id), terms, command, room.at)
    return decided if isinstance(decided, Refusal) else (room.funded(decided[0]),)


def _void(room: Room, command: void.Void) -> Events | Refusal:
    return void.decide(room.payment(command.payment_id), command, room.at)


def _refund(room: Room, command: refund.Refund) -> Events | Refusal:
    payment = room.payment(command.payment_id)
    decided = refund.decide(
        payment=payment,
        merchant=room.merchant(payment.merchant_id),
        balance=room.balance(payment.merchant_id),
        preview=_refund_preview(room, command),
        command=command,
        at=room.at,
        campaign=_campaign_of(room, payment),
    )
    if isinstance(decided, Refusal) or not (isinstance(decided[0], Refunded) and decided[0].drawn):
        return decided
    return (joint.given_back(room.account(payment.line_id), decided[0]), *decided[1:])


def _campaign_of(room: Room, payment: Payment) -> Campaign | None:
    return None if payment.coupon is None else room.reference.campaigns[payment.coupon.campaign_id]


def _reverse_refund(room: Room, command: reverse_refund.ReverseRefund) -> Events | Refusal:
    payment = room.payment(command.payment_id)
    history = room.history(payment.line_id) or ()
    return reverse_refund.decide(payment, room.wallet(payment.person_id), command, room.at, history=history)


def _refund_preview(room: Room, command: refund.Refund) -> refund.CreditRefundPreview:
    """What the lender's side makes of the credit part; nothing before receipt, when there is no debt yet."""
    payment = room.payment(command.payment_id)
    line = room.line(payment.line_id)
    if refund.refuse_refund(payment, command.amount_minor) or line is None or payment.state is PaymentState.ESCROWED:
        return refund.NO_PREVIEW
    merchant, campaign = room.merchant(payment.merchant_id), _campaign_of(room, payment)
    credit_minor = refund.split(payment, merchant, campaign, command.amount_minor).credit_minor
    if not credit_minor:
        return refund.NO_PREVIEW
    found = credit_refund.preview(
        room.account(line.id),
        payment.id,
        credit_minor,
        command.value_on or room.at.on,
        room.program(line),
        history=room.history(line.id),
        closed=line.state is LineState.CLOSED,
    )
    return refund.CreditRefundPreview(
        excess_minor=found.excess_minor,
        merchant_fee_back_minor=found.merchant_fee_back_minor,
        subsidy_back=found.subsidy_back,
    )


def _close(room: Room, command: close.Close) -> Events | Refusal:
    trade = room.trade(command.trade_id)
    decided = close.decide(trade, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.trades, trade.id, replace(trade, state=TradeState.CLOSED))
    return decided


# ── campaigns ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _open_campaign(room: Room, command: open_campaign.OpenCampaign) -> Events | Refusal:
    unknown = next((i for i in command.terms.merchants if i not in room.reference.merchants), None)
    if unknown is not None:
        return NotFound(what="merchant", id=unknown)
    decided = open_campaign.decide(command, room.at)
    if not isinstance(decided, Refusal):
        campaign = open_campaign.opened(decided[0], lane=lane_of(command.campaign_id))
        room.add(room.campaigns, campaign.id, campaign)
        budget = new_budget(
            campaign.id, lane=campaign.lane, budget_minor=command.budget_minor, slices=command.terms.slices
        )
        room.add(room.budgets, budget.id, budget)
    return decided


def _close_campaign(room: Room, command: open_campaign.CloseCampaign) -> Events | Refusal:
    campaign: Campaign = room.campaigns[command.campaign_id]
    decided = open_campaign.decide_close(campaign, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.campaigns, campaign.id, replace(campaign, state=CampaignState.CLOSED))
    return decided


def _top_up_campaign(room: Room, command: TopUpCampaign) -> Events | Refusal:
    return decide_top_up(command, room.at)


def _recall_budget(room: Room, command: RecallBudget) -> Events | Refusal:
    budget: Budget = room.budgets[command.campaign_id]
    return decide_recall(budget, command, room.at)


# ── partner banks ─────────────────────────────────────────────────────────────────────────────────────────────────


def _open_funding(room: Room, command: funding.OpenFunding) -> Events | Refusal:
    decided = funding.decide(
        command,
        room.at,
        terms_of=lambda program: room.reference.terms(program, room.at.on),
        programs=program_names(),
        others=[*room.reference.fundings, *room.fundings.values()],
    )
    if not isinstance(decided, Refusal):
        agreement = funding.agreement_of(decided[0], lane=lane_of(command.agreement_id))
        room.add(room.fundings, agreement.id, agreement)
        room.add_row(FUNDING_CAP, (agreement.lane, agreement.id, agreement.cap_minor))
    return decided


def _close_funding(room: Room, command: funding.CloseFunding) -> Events | Refusal:
    agreement: funding.FundingAgreement = room.fundings[command.agreement_id]
    decided = funding.decide_closed(agreement, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.fundings, agreement.id, replace(agreement, state="closed"))
    return decided


# ── settlement ────────────────────────────────────────────────────────────────────────────────────────────────────


def _sweep(room: Room, command: settle.Sweep) -> Events:
    room.add_row(SWEEP, (command.lane, command.merchant_id, command.window_on, command.amount_minor, room.at.on))
    return settle.decide_sweep(command, room.at)


def _pay_out(room: Room, command: settle.PayOut) -> Events | Refusal:
    balance = room.balance(command.merchant_id)
    assert balance is not None
    decided = settle.decide_payout(balance, command, room.at)
    if not isinstance(decided, Refusal):
        _send(room, command.payout_id, decided[0].amount_minor, merchant_id=balance.id)
    return decided


def _settle_payout(room: Room, command: settle.SettlePayout) -> Events | Refusal:
    sent = room.payouts[command.payout_id]
    decided = settle.decide_settled_payout(sent, command, room.at)
    return decided if isinstance(decided, Refusal) else _answered(room, sent, command, decided)


def _send(room: Room, identifier: int, amount_minor: int, *, merchant_id: int = 0, person_id: int = 0) -> None:
    sent = Payout(
        id=identifier,
        lane=lane_of(identifier),
        amount_minor=amount_minor,
        requested_on=room.at.on,
        merchant_id=merchant_id,
        person_id=person_id,
    )
    room.add(room.payouts, sent.id, sent)


def _answered(
    room: Room, sent: Payout, command: settle.SettlePayout | withdraw.SettleWithdrawal, events: Events
) -> Events:
    answer = answered(sent, returned=command.returned, bank_reference=command.bank_reference, on=room.at.on)
    room.change(room.payouts, sent.id, answer)
    return events


# ── the table ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _own(name: str) -> Callable[[Any, IdBlocks], int]:
    """The command brings the id of its first event."""
    return lambda command, ids: int(getattr(command, name))


def _beside(name: str) -> Callable[[Any, IdBlocks], int]:
    """A fresh id in the lane of what the command names; a number that is no id of ours is refused from the first lane."""

    def place(command: Any, ids: IdBlocks) -> int:
        identifier: int = getattr(command, name)
        return ids.take(lane_of(identifier) if is_id(identifier) else LANES[0])

    return place


def _by(**needed: str) -> Callable[[Any], Needs]:
    """Rows named by the command's own fields."""
    return lambda command: Needs(**{kind: (getattr(command, field),) for kind, field in needed.items()})


def _of_payment(room: Room, command: Any) -> Needs:
    payment = room.payments.get(command.payment_id)
    if payment is None:
        return NOTHING
    return Needs(
        trades_seen=(payment.trade_id,),
        lines=(payment.line_id,) if payment.line_id else (),
        wallets=(payment.person_id,) if payment.wallet_authorized_minor or payment.coupon else (),
        uses=(payment.person_id,) if payment.coupon else (),
        budgets=_gives_back(payment),
    )


def _of_refund(room: Room, command: refund.Refund) -> Needs:
    payment = room.payments.get(command.payment_id)
    if payment is None:
        return NOTHING
    before = payment.state is PaymentState.ESCROWED
    line = (payment.line_id,) if payment.line_id else ()
    return Needs(
        trades_seen=(payment.trade_id,),
        lines=line if before and not payment.drawn else (),
        accounts=line if payment.drawn or not before else (),  # of a loan in escrow a part may be a partner bank's
        histories=line if command.value_on and not before else (),
        # The excess of a refund above all debt goes to the wallet, so it is locked with the account.
        wallets=(payment.person_id,) if payment.wallet_authorized_minor or payment.coupon or not before else (),
        uses=(payment.person_id,) if payment.coupon else (),
        budgets=_gives_back(payment),
        balances=(payment.merchant_id,) if not before and payment.payable_on != room.at.on else (),
    )


def _of_reversal(room: Room, command: reverse_refund.ReverseRefund) -> Needs:
    payment = room.payments.get(command.payment_id)
    if payment is None:
        return NOTHING
    line = (payment.line_id,) if payment.line_id else ()
    return Needs(trades_seen=(payment.trade_id,), accounts=line, histories=line, wallets=(payment.person_id,))


def _repayment_needs(command: repay.Repay) -> Needs:
    backdated = (command.line_id,) if command.value_on else ()
    return Needs(accounts=(command.line_id,), histories=backdated)


def _of_repayment(room: Room, command: Any) -> Needs:
    """The wallet beside the line: what it pays, or is paid."""
    line = room.line(command.line_id)
    if line is None:
        return NOTHING
    budgets: tuple[Draw, ...] = ()
    if isinstance(command, plan_payoff.PayOffPlan):
        plans = room.account(line.id).plans
        borne = {plan.subsidy.campaign_id for plan in plans if plan.item_id == command.item_id and plan.subsidy}
        budgets = tuple(Draw(campaign_id, 0) for campaign_id in sorted(borne))
    return Needs(wallets=(line.person_id,), budgets=budgets)


def _of_opening(room: Room, command: open_line.OpenLine) -> Needs:
    """Her wallet is locked by now, so nobody opens a line for her between this look and the commit."""
    if command.person_id not in room.wallets:
        return NOTHING
    shared = (command.person_id,) if room.reference.group_of(command.program) else ()
    return Needs(lines_seen=(command.person_id,), shared=shared)


def _pay_needs(command: Any) -> Needs:
    return Needs(
        trades=(command.trade_id,),
        lines=(command.line_id,) if command.credit_minor and command.line_id else (),
        # Her wallet is locked with a coupon too: so nobody counts her uses at the same time.
        wallets=(command.person_id,) if command.wallet_minor or command.campaign_id else (),
        uses=(command.person_id,) if command.campaign_id else (),
        budgets=_draws_of(command),
    )


def _charge_needs(command: Any) -> Needs:
    if command.agreement_id:
        return Needs(agreements=(command.agreement_id,), budgets=_draws_of(command))
    return Needs(
        lines=(command.line_id,) if command.credit_minor and command.line_id else (),
        wallets=(command.person_id,) if command.wallet_minor or command.campaign_id else (),
        uses=(command.person_id,) if command.campaign_id else (),
        budgets=_draws_of(command),
    )


def _gives_back(payment: Payment) -> tuple[Draw, ...]:
    """Campaigns that bear a part of a payment, or of its plan's fee: something of it may come back."""
    parts = (payment.coupon, payment.plan.subsidy if payment.plan else None)
    return tuple(Draw(part.campaign_id, 0) for part in parts if part is not None)


def _draws_of(command: Any) -> tuple[Draw, ...]:
    of_order = (Draw(command.campaign_id, max(command.coupon_minor, 0)),) if command.campaign_id else ()
    of_fee = (Draw(command.subsidy_id, max(command.subsidy_minor, 0)),) if command.subsidy_id else ()
    return of_order + of_fee


def _of_down_payment(room: Room, command: pay.Pay | charge.Charge) -> Needs:
    """Her wallet, where the terms of her line take a part of an order in installments from it."""
    trade: Trade | None = room.trades.get(command.trade_id)
    terms = room.terms(room.line(command.line_id))
    count = command.installments or (trade.installments if trade is not None else 0)
    if not count or terms is None or not terms.down_payment_share or command.person_id in room.wallets:
        return NOTHING
    return Needs(wallets=(command.person_id,))


def _of_agreement(room: Room, command: charge.Charge) -> Needs:
    if not command.agreement_id:
        return _of_down_payment(room, command)
    agreement = room.agreements.get(command.agreement_id)
    if agreement is None:
        return NOTHING
    # Whether the terms ask for a down payment is known only when the line is there.
    from_wallet = command.wallet_minor or command.campaign_id or (command.credit_minor and command.installments)
    return Needs(
        lines=(agreement.line_id,) if command.credit_minor and agreement.line_id else (),
        wallets=(agreement.person_id,) if from_wallet else (),
        uses=(agreement.person_id,) if command.campaign_id else (),
    )


ACTIONS: dict[type, Action] = {
    join.Join: Action(_own("person_id"), lambda command: NOTHING, _join),
    top_up.TopUp: Action(_beside("person_id"), _by(wallets="person_id"), _top_up),
    withdraw.Withdraw: Action(_own("withdrawal_id"), _by(wallets="person_id"), _withdraw),
    withdraw.SettleWithdrawal: Action(
        _beside("person_id"), _by(wallets="person_id", payouts="withdrawal_id"), _settle_withdrawal
    ),
    open_line.OpenLine: Action(_beside("line_id"), _by(wallets="person_id"), _open_line, _of_opening),
    SetSharedLimit: Action(_beside("person_id"), _by(wallets="person_id", shared="person_id"), _set_shared_limit),
    limit.SetLimit: Action(_beside("line_id"), _by(lines="line_id"), _set_limit),
    limit.GiveUplift: Action(_beside("line_id"), _by(lines="line_id"), _give_uplift),
    decline.DeclineCredit: Action(
        _beside("person_id"),
        lambda command: Needs(wallets=(command.person_id,), lines=(command.line_id,) if command.line_id else ()),
        _decline,
    ),
    autopay.SetAutopay: Action(_beside("line_id"), _by(lines="line_id"), _set_autopay),
    autopay.TryAutopay: Action(_beside("line_id"), _by(accounts="line_id"), _try_autopay, _of_repayment),
    autopay.FailAutopay: Action(_beside("line_id"), _by(lines="line_id"), _fail_autopay),
    freeze.FreezeLine: Action(_beside("line_id"), _by(lines="line_id"), _freeze),
    freeze.UnfreezeLine: Action(_beside("line_id"), _by(lines="line_id"), _freeze),
    move_cycle.MoveCycle: Action(_beside("line_id"), _by(accounts="line_id"), _move_cycle),
    close_line.CloseLine: Action(_beside("line_id"), _by(accounts="line_id"), _close_line),
    repay.Repay: Action(_beside("line_id"), _repayment_needs, _repay, _of_repayment),
    repayment_hold.ConfirmRepayment: Action(
        _beside("line_id"), _by(accounts="line_id"), _confirm_repayment, _of_repayment
    ),
    repayment_hold.PayCreditBalance: Action(
        _beside("line_id"), _by(accounts="line_id"), _pay_credit_balance, _of_repayment
    ),
    return_repayment.ReturnRepayment: Action(
        _beside("line_id"), _by(accounts="line_id", histories="line_id"), _return_repayment
    ),
    charge_off.ChargeOff: Action(_beside("line_id"), _by(accounts="line_id"), delinquency.charge_off),
    plan_payoff.PayOffPlan: Action(
        _beside("line_id"), _by(accounts="line_id"), plan_actions.pay_off_plan, _of_repayment
    ),
    convert.ConvertPurchase: Action(_beside("line_id"), _by(accounts="line_id"), plan_actions.convert_purchase),
    convert.ConvertBill: Action(_beside("line_id"), _by(accounts="line_id"), plan_actions.convert_bill),
    reage.ReAge: Action(_beside("line_id"), _by(accounts="line_id"), delinquency.reage),
    hardship.AgreeHardship: Action(_beside("line_id"), _by(accounts="line_id"), delinquency.agree_hardship),
    **{
        work: Action(_beside("line_id"), _by(accounts="line_id"), delinquency.work_case)
        for work in (collect.AssignCase, collect.NoteCase, collect.Contact, collect.PromiseToPay)
    },
    **{
        change: Action(_beside("line_id"), _by(accounts="line_id"), delinquency.pause_collection)
        for change in (pause.PauseCollection, pause.ResumeCollection)
    },
    sell_claims.SellClaims: Action(_beside("line_id"), _by(accounts="line_id"), delinquency.sell),
    collect.ChargeCost: Action(_beside("line_id"), _by(accounts="line_id"), delinquency.charge_cost),
    refold.RefoldLine: Action(
        _beside("line_id"), _by(accounts="line_id", histories="line_id", posted="line_id"), _refold
    ),
    AdvanceLine: Action(_beside("line_id"), _by(accounts="line_id"), lambda room, command: ()),
    ask.Ask: Action(_own("trade_id"), lambda command: NOTHING, _ask),
    pay.Pay: Action(_own("payment_id"), _pay_needs, _pay, _of_down_payment),
    charge.Charge: Action(_own("payment_id"), _charge_needs, _charge, _of_agreement),
    capture.Capture: Action(_beside("payment_id"), _by(payments="payment_id"), _capture, _of_payment),
    receive.Receive: Action(_beside("payment_id"), _by(payments="payment_id"), _receive, _of_payment),
    void.Void: Action(_beside("payment_id"), _by(payments="payment_id"), _void, _of_payment),
    refund.Refund: Action(_beside("payment_id"), _by(payments="payment_id"), _refund, _of_refund),
    reverse_refund.ReverseRefund: Action(
        _beside("payment_id"), _by(payments="payment_id"), _reverse_refund, _of_reversal
    ),
    close.Close: Action(_beside("trade_id"), _by(trades="trade_id"), _close),
    open_campaign.OpenCampaign: Action(_own("campaign_id"), lambda command: NOTHING, _open_campaign),
    open_campaign.CloseCampaign: Action(_beside("campaign_id"), _by(campaigns="campaign_id"), _close_campaign),
    TopUpCampaign: Action(_beside("campaign_id"), lambda c: Needs(budgets=(Draw(c.campaign_id, 0),)), _top_up_campaign),
    RecallBudget: Action(
        _beside("campaign_id"), lambda c: Needs(budgets=(Draw(c.campaign_id, max(c.amount_minor, 0)),)), _recall_budget
    ),
    RecordStatePayment: Action(
        _beside("campaign_id"),
        _by(campaigns="campaign_id"),
        lambda room, c: decide_state_payment(room.campaigns[c.campaign_id], c, room.at),
    ),
    settle.SettleMall: Action(
        lambda command, ids: ids.take(command.lane), lambda c: NOTHING, lambda room, c: settle.decide_mall(c, room.at)
    ),
    settle.Sweep: Action(lambda command, ids: ids.take(command.lane), _by(balances="merchant_id"), _sweep),
    settle.PayOut: Action(_own("payout_id"), _by(balances="merchant_id"), _pay_out),
    settle.SettlePayout: Action(
        _beside("merchant_id"), _by(balances="merchant_id", payouts="payout_id"), _settle_payout
    ),
    settle.SettleBooks: Action(
        lambda command, ids: ids.take(command.lane), lambda c: NOTHING, lambda room, c: settle.decide_books(c, room.at)
    ),
    provision.Provision: Action(
        lambda command, ids: ids.take(command.lane), lambda command: NOTHING, delinquency.provide
    ),
    funding.OpenFunding: Action(_own("agreement_id"), lambda command: NOTHING, _open_funding),
    funding.CloseFunding: Action(_beside("agreement_id"), _by(fundings="agreement_id"), _close_funding),
    funding.SettlePartner: Action(
        lambda command, ids: ids.take(command.lane),
        lambda command: NOTHING,
        lambda room, command: funding.decide_settled(command, room.at),
    ),
    settle.SweepFees: Action(
        lambda command, ids: ids.take(command.lane), lambda c: NOTHING, lambda room, c: settle.decide_fees(c, room.at)
    ),
}

# Commands that may begin a loan: for these alone the batch looks at what the caps of funding agreements leave.
DRAWING = (pay.Pay, charge.Charge, capture.Capture, receive.Receive)
