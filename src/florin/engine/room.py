"""The room: everything that a batch has loaded, and what it changes there.

Commands are ruled here one after the other, each seeing those before it; nothing is written until all are ruled. A linked
group that is refused is undone from a log of what it replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from florin.campaigns.budget import allot, borne_in_year_by, draw, drawn_by
from florin.campaigns.use import CampaignUse
from florin.credit import account as accounts
from florin.credit import funding
from florin.credit import line as lines
from florin.credit.account import Account
from florin.credit.correction import correct, difference, refold
from florin.credit.line import Line, LineState
from florin.credit.shared_limit import SharedExposure
from florin.credit.terms import Program, Terms
from florin.engine.ids import IdBlocks, lane_of
from florin.engine.reference import Reference
from florin.engine.tables.event import Recorded
from florin.engine.tables.table import Table
from florin.events import (
    Authorized,
    BillConverted,
    CampaignRecalled,
    CampaignToppedUp,
    Captured,
    CaseAssigned,
    CaseNoted,
    ChargedOffByOwner,
    ClaimsSold,
    CollectionPaused,
    CollectionResumed,
    Contacted,
    CostCharged,
    CreditBalancePaid,
    CycleMoved,
    DisputeFunded,
    Escrowed,
    Event,
    FellPastDue,
    HardshipAgreed,
    HardshipEndedEarly,
    LineClosed,
    LineOpened,
    LoanFunding,
    MerchantPaidBack,
    PaidOut,
    ParentPaid,
    PayoutReturned,
    PayoutsHeld,
    PayoutsReleased,
    PersonJoined,
    Promised,
    PurchaseConverted,
    ReAged,
    Received,
    ReceiverAdded,
    ReceiverRemoved,
    Refolded,
    Refunded,
    RefundFunded,
    RefundRequested,
    RefundReversed,
    Repaid,
    RepaymentConfirmed,
    RepaymentReturned,
    ReserveHeld,
    ReserveReleased,
    ShareReceived,
    ShareTakenBack,
    StatementIssued,
    TransferFunded,
    Voided,
    WindowReceived,
)
from florin.ledger import Entry
from florin.money.at import At
from florin.payments import payment as payments
from florin.payments.charge import Agreement
from florin.payments.merchant import Merchant, MerchantBalance, evolve_balance
from florin.payments.parent import Parent
from florin.payments.payment import Payment, PaymentState
from florin.payments.post import entries_of
from florin.payments.requests import request as requests
from florin.payments.requests.request import OF_REQUEST, RefundRequest
from florin.payments.sharing import receivers
from florin.payments.trade import Trade
from florin.wallet import wallet as wallets
from florin.wallet.wallet import Wallet, change_minor

_BY_ACCOUNT = (
    PurchaseConverted,
    BillConverted,
    ReAged,
    HardshipAgreed,
    HardshipEndedEarly,
    Repaid,
    RepaymentConfirmed,
    RepaymentReturned,
    Refolded,
    CreditBalancePaid,
    CycleMoved,
    StatementIssued,
    FellPastDue,
    ChargedOffByOwner,
    CostCharged,
    CaseAssigned,
    CaseNoted,
    Contacted,
    Promised,
    CollectionPaused,
    CollectionResumed,
    ClaimsSold,
    RefundReversed,
)
_OF_BUDGET = (
    Authorized, Escrowed, Captured, Received, Voided, Refunded, Repaid, CampaignToppedUp, CampaignRecalled,
    ParentPaid,
)  # fmt: skip
_OF_BALANCE = (
    WindowReceived, RefundFunded, DisputeFunded, PaidOut, PayoutReturned, ReserveHeld, ReserveReleased, PayoutsHeld,
    PayoutsReleased, MerchantPaidBack, TransferFunded, ShareReceived, ShareTakenBack,
)  # fmt: skip


class Shelf(dict[Any, Any]):
    """States of one kind by id. `added` are new rows, `changed` loaded ones that an event touched."""

    def __init__(self) -> None:
        super().__init__()
        self.added: set[Any] = set()
        self.changed: set[Any] = set()


class Room:
    """One batch's states by id, what became of them, and the events recorded so far."""

    def __init__(self, reference: Reference, at: At, ids: IdBlocks) -> None:
        self.reference = reference
        self.at = at
        self.ids = ids
        self.trades, self.payments, self.lines = Shelf(), Shelf(), Shelf()
        self.accounts, self.wallets = Shelf(), Shelf()
        self.balances, self.payouts, self.reserves = Shelf(), Shelf(), Shelf()
        self.breaks, self.receipts, self.receivers = Shelf(), Shelf(), Shelf()
        self.campaigns, self.budgets, self.uses = Shelf(), Shelf(), Shelf()
        self.uses_of: set[int] = set()
        self.fundings, self.caps_left = Shelf(), Shelf()
        self.parents, self.requests = Shelf(), Shelf()
        self.shared = Shelf()
        self.agreements: dict[int, Agreement] = {}
        self.lines_seen: dict[int, list[Line]] = {}
        self.recorded: list[Recorded] = []
        self.accounts_before: dict[int, Account] = {}
        self.histories: dict[int, list[Event]] = {}
        self.posted: dict[int, list[Entry]] = {}
        self.rows: dict[Table, list[tuple[Any, ...]]] = {}
        self._undo: list[tuple[Shelf, Any, Any]] | None = None
        self._marked: tuple[int, dict[Table, int]] = (0, {})

    # ── what rules ask for ────────────────────────────────────────────────────────────────────────────────────────

    def trade(self, identifier: int) -> Trade:
        return self.trades[identifier]  # type: ignore[no-any-return]

    def parent(self, identifier: int) -> Parent:
        return self.parents[identifier]  # type: ignore[no-any-return]

    def request(self, identifier: int) -> RefundRequest:
        return self.requests[identifier]  # type: ignore[no-any-return]

    def payment(self, identifier: int) -> Payment:
        return self.payments[identifier]  # type: ignore[no-any-return]

    def line(self, identifier: int) -> Line | None:
        return self.lines.get(identifier)

    def named_line(self, command: Any) -> Line:
        """The line that the command names by its `line_id`; without it the command is not ruled."""
        return self.lines[command.line_id]  # type: ignore[no-any-return]

    def line_under(self, person_id: int, program: str) -> Line | None:
        """The person's line under the program, one of this batch included; a closed one only when there is no other."""
        seen = {line.id: line for line in self.lines_seen.get(person_id, ())}
        seen |= {line.id: line for line in self.lines.values() if line.person_id == person_id}
        found = [line for line in seen.values() if line.program == program]
        return next((line for line in found if line.state is not LineState.CLOSED), found[-1] if found else None)

    def shared_by(self, line: Line | None) -> SharedExposure | None:
        """The guard of what the line shares with the person's others; None when its program is of no group."""
        group = "" if line is None else self.reference.group_of(line.program)
        return self.shared[line.person_id, group] if line is not None and group else None

    def account(self, identifier: int) -> Account:
        return self.accounts[identifier]  # type: ignore[no-any-return]

    def wallet(self, person_id: int) -> Wallet:
        """The wallet, or an empty one when the command does not touch it and so did not load it."""
        return self.wallets.get(person_id) or Wallet(id=person_id, lane=lane_of(person_id))

    def balance(self, merchant_id: int) -> MerchantBalance | None:
        return self.balances.get(merchant_id)

    def use(self, person_id: int, campaign_id: int, year: int = 0) -> CampaignUse:
        """What the person has had of a campaign, by years where it counts so; of a command that has locked her wallet."""
        found: CampaignUse | None = self.uses.get((person_id, campaign_id, year))
        if found is not None:
            return found
        return CampaignUse(
            person_id=person_id,
            campaign_id=campaign_id,
            lane=lane_of(person_id),
            year=year,
            most_minor=self.reference.campaigns[campaign_id].terms.person_year_minor_max,
        )

    def merchant(self, identifier: int) -> Merchant:
        return self.reference.merchants[identifier]

    def program(self, line: Line) -> Program:
        return self.reference.program(line.program)

    def funded(self, event: Event) -> Event:
        """The event with its funding, if a loan begins with it that a partner bank shares."""
        line = self.lines.get(event.line_id)
        if line is None or not self.caps_left:
            return event
        agreements = self.reference.fundings_of(line.program, event.value_on)
        terms = self.reference.terms(line.program, event.value_on)
        event = funding.funded(
            event, agreements, line.program, terms, lambda identifier: self.caps_left.get(identifier, 0)
        )
        agreed: LoanFunding | None = getattr(event, "funding", None)
        if agreed is not None:
            left_minor = self.caps_left[agreed.agreement_id] - agreed.partner_minor
            self.change(self.caps_left, agreed.agreement_id, left_minor)
        return event

    def terms(self, line: Line | None) -> Terms | None:
        return None if line is None else self.reference.terms(line.program, self.at.on)

    def history(self, line_id: int) -> Sequence[Event] | None:
        """All events of a line, in the order of their recording; None when the command did not ask for them."""
        stored = self.histories.get(line_id)
        if stored is None:
            return None
        return (*stored, *(one.event for one in self.recorded if one.sequence and one.event.line_id == line_id))

    def posted_of(self, line_id: int) -> list[Entry]:
        """All entries that a line's events have derived, those of this batch included."""
        history = self.history(line_id) or ()
        of_events = [entry for event in history for entry in entries_of(event)]
        recorded = [one.entries for one in self.recorded if one.sequence and one.event.line_id == line_id]
        all_posted = (*self.posted[line_id], *(entry for entries in recorded for entry in entries))
        return list(difference(all_posted, of_events))

    def begin_account(self, line: Line, account: Account, steps: Sequence[accounts.Step]) -> None:
        """Shelve a line's items, caught up; what the clock did on the way is recorded."""
        assert self._undo is None, "a group's lines are loaded before it is ruled, or the clock could be undone with it"
        self.accounts[line.id] = account
        for number, step in enumerate(steps, start=1):
            identifier = self.ids.take(line.lane)
            event = replace(step.event, person_id=line.person_id)
            self.recorded.append(Recorded(identifier, event, line.sequence + number, step.entries))
        caught_up = accounts.summary(account, line, self.program(line))
        if steps:
            self.accounts.changed.add(line.id)
        if caught_up != line:
            self.change(self.lines, line.id, caught_up)
            self._close_when_settled(caught_up)

    # ── what events do ────────────────────────────────────────────────────────────────────────────────────────────

    def record(self, event: Event, identifier: int) -> None:
        """Let an event act on everything it names, and keep it with the entries it moves."""
        entries: list[Entry] = entries_of(event)
        sequence = None
        if event.line_id:
            sequence = self._on_line(event, entries)
        if event.payment_id in self.payments and not isinstance(event, _OF_BALANCE):
            self.change(
                self.payments,
                event.payment_id,
                payments.evolve(self.payments[event.payment_id], event, cut=self.at.cut),
            )
        if event.person_id and change_minor(event):
            self.change(self.wallets, event.person_id, wallets.evolve(self.wallets[event.person_id], event))
        if isinstance(event, PersonJoined):
            self.add(self.wallets, event.person_id, Wallet(id=event.person_id, lane=lane_of(event.person_id)))
        if event.merchant_id in self.balances and isinstance(event, _OF_BALANCE):
            self.change(self.balances, event.merchant_id, evolve_balance(self.balances[event.merchant_id], event))
        if isinstance(event, ReceiverAdded | ReceiverRemoved):
            known = self.receivers[event.merchant_id]
            self.change(self.receivers, event.merchant_id, receivers.evolve(known, event))
        if isinstance(event, _OF_BUDGET):
            self._on_budget(event)
        if isinstance(event, RefundRequested):
            self.add(self.requests, event.request_id, requests.new_request(event, lane=lane_of(event.request_id)))
        elif isinstance(event, OF_REQUEST):
            self.change(self.requests, event.request_id, requests.evolve(self.requests[event.request_id], event))
        self.recorded.append(Recorded(identifier, event, sequence, entries))
        if event.line_id:
            self._close_when_settled(self.lines[event.line_id])

    def _on_budget(self, event: Event) -> None:
        """What a campaign gives and gets back: of its budget, and of the most that the shopper may have."""
        match event:
            case CampaignToppedUp() | CampaignRecalled():
                sign = 1 if isinstance(event, CampaignToppedUp) else -1
                budget = allot(self.budgets[event.campaign_id], sign * event.amount_minor)
                self.change(self.budgets, event.campaign_id, budget)
            case Authorized(coupon=part) | Escrowed(coupon=part) | Captured(coupon=part) if part is not None:
                if part.held_minor == 0 and not part.of_parent:
                    self._use(event.person_id, part.campaign_id, times=+1)
            case ParentPaid(campaign_id=campaign_id) if campaign_id:
                self._use(event.person_id, campaign_id, times=+1)
            case Voided(coupon=part) | Refunded(coupon=part) if part is not None and not part.of_parent:
                # All of it was given back, in however many parts: then her coupon is as if she had not used it. What was
                # used over several orders stays used: what is left of them keeps its part.
                if self.payments[event.payment_id].state in (PaymentState.VOIDED, PaymentState.REFUNDED):
                    self._use(event.person_id, part.campaign_id, times=-1)
        for campaign_id, amount_minor in drawn_by(event).items():
            self.change(self.budgets, campaign_id, draw(self.budgets[campaign_id], amount_minor))

        for (campaign_id, year), amount_minor in borne_in_year_by(event).items():
            self._use(event.person_id, campaign_id, year, borne_minor=amount_minor)

    def _use(self, person_id: int, campaign_id: int, year: int = 0, *, times: int = 0, borne_minor: int = 0) -> None:
        use, key = self.use(person_id, campaign_id, year), (person_id, campaign_id, year)
        keep = self.change if key in self.uses else self.add
        keep(self.uses, key, replace(use, used=use.used + times, borne_minor=use.borne_minor + borne_minor))

    def _close_when_settled(self, line: Line) -> None:
        """A line that was to close when all is paid closes with the event that leaves nothing of it."""
        if line.particulars.closing and line.is_settled and line.state is not LineState.CLOSED:
            closed = LineClosed(value_on=self.at.on, line_id=line.id, person_id=line.person_id, reason="all is paid")
            self.record(closed, self.ids.take(line.lane))

    def _on_line(self, event: Event, entries: list[Entry]) -> int:
        if isinstance(event, LineOpened):
            line = lines.open_line(event, lane=lane_of(event.line_id))
            self.add(self.lines, line.id, line)
            self.add(self.accounts, line.id, accounts.open_account(event))
            return line.sequence
        line = self.lines[event.line_id]
        account = self.accounts.get(event.line_id)
        needs_account = isinstance(event, _BY_ACCOUNT) or (isinstance(event, Refunded) and not event.before_receipt)
        if isinstance(event, Captured | Received):
            close_on = self.reference.first_bill_on(line.program, event.value_on, line.cycle_day)
            line = lines.evolve(line, event, next_close_on=close_on)
        elif not needs_account:
            line = lines.evolve(line, event)
        if account is not None:
            program = self.program(line)
            account, derived = self._evolved(account, event, program)
            entries += derived
            self.change(self.accounts, line.id, account)
            if needs_account:
                line = accounts.summary(account, line, program)
                line = lines.answered(line, event) if isinstance(event, Repaid) else lines.counted(line, event)
        else:
            assert not needs_account, f"{type(event).__name__} came without its account"
        self.change(self.lines, line.id, line)
        return line.sequence

    def _evolved(self, account: Account, event: Event, program: Program) -> tuple[Account, Sequence[Entry]]:
        """The account after an event; one that counts on a day that is over corrects the history."""
        if event.value_on >= self.at.on and not isinstance(event, RepaymentReturned | Refolded):
            return accounts.evolve(account, event, program)
        history = self.history(event.line_id)
        if isinstance(event, Refolded):
            return refold(history or (), self.posted_of(event.line_id), event, program)
        assert history is not None, f"{type(event).__name__} of {event.value_on} came without its line's history"
        return correct(history, event, program)

    def add(self, shelf: Shelf, identifier: Any, state: Any) -> None:
        """A new row."""
        self._log(shelf, identifier)
        shelf.added.add(identifier)
        shelf[identifier] = state

    def change(self, shelf: Shelf, identifier: Any, state: Any) -> None:
        """Another state for a row, loaded or new."""
        if shelf is self.lines:
            self._expose(shelf[identifier], state)
        self._log(shelf, identifier)
        shelf[identifier] = state
        if identifier not in shelf.added:
            shelf.changed.add(identifier)

    def _expose(self, before: Line, after: Line) -> None:
        """What the line uses more or less is used more or less of what it shares."""
        guard = self.shared_by(after)
        change_minor = after.exposure_minor - before.exposure_minor
        if guard is not None and change_minor:
            exposed = replace(guard, exposure_minor=guard.exposure_minor + change_minor)
            self.change(self.shared, (guard.person_id, guard.group), exposed)

    def add_row(self, table: Table, row: tuple[Any, ...]) -> None:
        """A new row of a table that no rule reads."""
        self.rows.setdefault(table, []).append(row)

    # ── linked groups ─────────────────────────────────────────────────────────────────────────────────────────────

    def mark(self) -> None:
        """From here on, `undo` takes everything back."""
        self._undo = []
        self._marked = (len(self.recorded), {table: len(rows) for table, rows in self.rows.items()})

    def keep(self) -> None:
        """What was done since the mark stays."""
        self._undo = None

    def undo(self) -> None:
        """Back to the mark: states, rows and recorded events."""
        assert self._undo is not None, "nothing was marked"
        for shelf, key, before in reversed(self._undo):
            if before is None:
                del shelf[key]
                shelf.added.discard(key)
            else:
                shelf[key] = before
        recorded, rows = self._marked
        del self.recorded[recorded:]
        for table, added in self.rows.items():
            del added[rows.get(table, 0) :]
        self._undo = None

    def _log(self, shelf: Shelf, key: Any) -> None:
        if self._undo is not None:
            self._undo.append((shelf, key, shelf.get(key)))
