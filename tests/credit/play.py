"""One shopper's line, played as the engine plays it: hot events touch the line alone, the others load the account.

Every event is posted, so that the book can be compared with the account. Dates are written "03-05" (of 2026) or in
full, amounts in yuan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from florin.credit import account as accounts
from florin.credit import charge_off, convert, end_hardship, hardship, plan_payoff, reage, refund, repay, repayment_hold
from florin.credit import line as lines
from florin.credit.authorize import refuse_credit
from florin.credit.correction import correct
from florin.credit.items import Account
from florin.credit.limit import GiveUplift, decide_uplift
from florin.credit.line import Line
from florin.credit.plans import installment_choice
from florin.credit.program import load_program
from florin.credit.terms import ChargeOffMode, HardshipRest, Program, Version
from florin.events import (
    Authorized,
    CampaignPart,
    Captured,
    Escrowed,
    Event,
    FeePayer,
    InstallmentChoice,
    LimitSet,
    LineOpened,
    Place,
    Received,
    Refunded,
    RefundReversed,
    Repaid,
    RepaymentReturned,
    StatementIssued,
    Voided,
)
from florin.events.refusals import Refusal
from florin.ledger import ACCOUNTS, Entry, Rule, transfers_of
from florin.ledger import Account as Ledger
from florin.money import At, parse_yuan, yuan_text
from florin.payments.post import entries_of

HUABEI = load_program("huabei")


def program_with(**changes: Any) -> Program:
    """Huabei with other terms."""
    version = HUABEI.versions[0]
    return replace(HUABEI, versions=(replace(version, terms=replace(version.terms, **changes)),))


def preset_with(name: str, **changes: Any) -> Program:
    """A preset, with other terms where they are named."""
    program = load_program(name)
    version = program.versions[0]
    return replace(program, versions=(replace(version, terms=replace(version.terms, **changes)),))


def with_rate_from(on: str, rate: str, applies_to: str) -> Program:
    """Huabei whose interest rate changes on a day."""
    first = HUABEI.versions[0]
    terms = replace(first.terms, interest_daily_rate=Decimal(rate))
    return replace(HUABEI, versions=(first, Version(from_on=day(on), applies_to=applies_to, terms=terms)))


def day(text: str | date) -> date:
    if isinstance(text, date):
        return text
    return date.fromisoformat(text if len(text) == 10 else f"2026-{text}")


def at(on: str | date) -> At:
    return At(on=day(on), instant=datetime.combine(day(on), time(4), UTC))


class Play:
    """A line from its opening on. pending: hot events that the account has not folded yet; log: all events, in order."""

    def __init__(self, program: Program = HUABEI, *, limit: str = "10000.00", opened: str = "03-02") -> None:
        self.program = program
        event = LineOpened(
            value_on=day(opened), line_id=1, person_id=7, program=program.name, limit_minor=parse_yuan(limit)
        )
        self.line: Line = lines.open_line(event, lane=3)
        self.account: Account = accounts.open_account(event)
        self.pending: list[Event] = []
        self.log: list[tuple[Event, tuple[Entry, ...]]] = [(event, ())]
        self.balances: Counter[Ledger] = Counter()
        self.today = day(opened)
        self.places: dict[int, Place] = {}  # where items are bought, under terms with sub-limits

    # ── what the hot path records ────────────────────────────────────────────────────────────────────────────────

    def hold(self, on: str | date, yuan: str, item: int) -> None:
        self._hot(Authorized(**self._paid(on, yuan, item), expires_at=at(on).instant))

    def void(self, on: str | date, yuan: str, item: int) -> None:
        self._hot(Voided(**self._paid(on, yuan, item), reason="voided"))

    def escrow(self, on: str | date, yuan: str, item: int) -> None:
        self._hot(Escrowed(**self._paid(on, yuan, item)))

    def receive(
        self, on: str | date, yuan: str, item: int, *, installments: int = 0, fee_payer: FeePayer = "shopper"
    ) -> None:
        plan = self._plan(on, yuan, installments, fee_payer)
        self._hot(Received(**self._paid(on, yuan, item), mdr_minor=0, plan=plan))

    def buy(
        self,
        on: str | date,
        yuan: str,
        item: int,
        *,
        installments: int = 0,
        fee_payer: FeePayer = "shopper",
        subsidy: str = "0.00",
    ) -> None:
        """A direct sale: owed at once. subsidy: what a campaign bears of the fee."""
        plan = self._plan(on, yuan, installments, fee_payer)
        if plan is not None and parse_yuan(subsidy):
            plan = replace(plan, subsidy=CampaignPart(campaign_id=9, amount_minor=parse_yuan(subsidy)))
        self._hot(Captured(**self._paid(on, yuan, item), mdr_minor=0, plan=plan))

    def return_before_receipt(self, on: str | date, yuan: str, item: int) -> None:
        self._hot(Refunded(**self._paid(on, yuan, item), before_receipt=True, request_no="in-sale"))

    def set_limit(self, on: str | date, yuan: str) -> None:
        self._hot(LimitSet(value_on=day(on), line_id=1, person_id=7, limit_minor=parse_yuan(yuan), reason="reviewed"))

    def uplift(self, on: str | date, yuan: str, until: str | date) -> Refusal | None:
        """The limit is lifted for a time."""
        command = GiveUplift(line_id=1, amount_minor=parse_yuan(yuan), until_on=day(until), reason="festival")
        decided = decide_uplift(self.line, command, at(on), program=self.program)
        if isinstance(decided, Refusal):
            return decided
        self._hot(*decided)
        return None

    def refused(self, on: str | date, yuan: str, place: Place | None = None) -> Refusal | None:
        return refuse_credit(self.line, parse_yuan(yuan), 0, at(on), self.program.terms_on(day(on)), place=place)

    # ── what needs the account ───────────────────────────────────────────────────────────────────────────────────

    def until(self, on: str | date) -> None:
        """Let the clock act up to a day."""
        self.today = max(self.today, day(on))
        self.account, steps = accounts.catch_up(self.account, self.pending, day(on), self.program)
        self.pending.clear()
        for event, entries in steps:
            self._post(event, entries)
        self.line = accounts.summary(self.account, self.line, self.program)

    def repay(
        self, on: str | date, yuan: str, source: str = "bank", *, wallet: str = "100000.00", reference: str = "r1"
    ) -> Refusal | None:
        self.until(on)
        command = repay.Repay(line_id=1, amount_minor=parse_yuan(yuan), source=source, reference=reference)
        decided = repay.decide(
            self.line, self.account, command, at(on), wallet_balance_minor=parse_yuan(wallet), program=self.program
        )
        if isinstance(decided, Refusal):
            return decided
        for event in decided:
            self._load(event)
        return None

    def pay_off_plan(
        self, on: str | date, item: int = 0, *, bill: str | None = None, yuan: str = "", wallet: str = "100000.00"
    ) -> Refusal | None:
        """For what is quoted that day, or for another amount."""
        self.until(on)
        closes_on = None if bill is None else day(bill)
        said = plan_payoff.quote(self.account, day(on), self.program, item_id=item, closes_on=closes_on)
        command = plan_payoff.PayOffPlan(
            line_id=1,
            item_id=item,
            closes_on=closes_on,
            amount_minor=parse_yuan(yuan) if yuan else said.total_minor if said else 0,
            source="wallet",
        )
        return self._decided(
            plan_payoff.decide(
                self.line,
                self.account,
                command,
                at(on),
                wallet_balance_minor=parse_yuan(wallet),
                program=self.program,
            )
        )

    def convert(self, on: str | date, item: int, installments: int) -> Refusal | None:
        self.until(on)
        command = convert.ConvertPurchase(line_id=1, item_id=item, installments=installments)
        return self._decided(convert.decide_purchase(self.line, self.account, command, at(on), program=self.program))

    def convert_bill(self, on: str | date, closes: str | date, yuan: str, installments: int) -> Refusal | None:
        self.until(on)
        command = convert.ConvertBill(
            line_id=1, closes_on=day(closes), amount_minor=parse_yuan(yuan), installments=installments
        )
        return self._decided(convert.decide_bill(self.line, self.account, command, at(on), program=self.program))

    def reage(self, on: str | date) -> Refusal | None:
        self.until(on)
        command = reage.ReAge(line_id=1, reason="pays again")
        return self._decided(reage.decide(self.line, self.account, command, at(on), program=self.program))

    def agree_hardship(self, on: str | date, installments: int, *, waive_penalty: bool = False) -> Refusal | None:
        self.until(on)
        command = hardship.AgreeHardship(
            line_id=1, installments=installments, waive_penalty=waive_penalty, reason="lost her work"
        )
        return self._decided(hardship.decide(self.line, self.account, command, at(on), program=self.program))

    def end_hardship(self, on: str | date, rest: HardshipRest | None = None) -> Refusal | None:
        self.until(on)
        command = end_hardship.EndHardship(line_id=1, rest=rest, reason="works again")
        return self._decided(end_hardship.decide(self.line, self.account, command, at(on), program=self.program))

    def _decided(self, decided: Iterable[Event] | Refusal) -> Refusal | None:
        if isinstance(decided, Refusal):
            return decided
        for event in decided:
            self._load(event)
        return None

    def refund(self, on: str | date, yuan: str, item: int) -> refund.RefundPreview:
        """A refund after receipt, with what it was said to do before it was agreed."""
        self.until(on)
        said = refund.preview(self.account, item, parse_yuan(yuan), day(on), self.program)
        self._load(
            Refunded(
                **self._paid(on, yuan, item) | {"place": None},
                before_receipt=False,
                request_no="after-sale",
                merchant_fee_back_minor=said.merchant_fee_back_minor,
                subsidy_back=said.subsidy_back,
            )
        )
        excess = repayment_hold.credit_balance_paid(self.line, self.account, at(on), self.program)
        if excess is not None:
            self._load(excess)
        return said

    def backdate_repayment(self, today: str | date, on: str | date, yuan: str) -> None:
        """A repayment of a day that is over, booked today."""
        self.until(today)
        repaid = Repaid(
            value_on=day(on),
            line_id=1,
            person_id=7,
            amount_minor=parse_yuan(yuan),
            source="bank",
            reference="late",
            known_on=day(today),
        )
        self._correct(repaid)

    def confirm(self, on: str | date, yuan: str, reference: str = "r1") -> Refusal | None:
        """The bank confirms a repayment that is held."""
        self.until(on)
        command = repayment_hold.ConfirmRepayment(line_id=1, amount_minor=parse_yuan(yuan), reference=reference)
        return self._decided(repayment_hold.decide(self.line, self.account, command, at(on), program=self.program))

    def pay_cleared_balance(self, on: str | date) -> None:
        """What the day close does after it has let the clock act."""
        self.until(on)
        for event in repayment_hold.decide_payment(self.line, self.account, at(on), program=self.program):
            self._load(event)

    def return_repayment(self, today: str | date, on: str | date, yuan: str, *, reference: str = "r1") -> None:
        """The bank takes back the repayment of a day."""
        self.until(today)
        self._correct(
            RepaymentReturned(
                value_on=day(on),
                line_id=1,
                person_id=7,
                amount_minor=parse_yuan(yuan),
                reference=reference,
                known_on=day(today),
            )
        )

    def reverse_refund(self, on: str | date, yuan: str, item: int, *, counts: str | date | None = None) -> None:
        self.until(on)
        event = RefundReversed(
            value_on=day(counts or on),
            known_on=day(on) if counts else None,
            line_id=1,
            person_id=7,
            payment_id=item,
            credit_minor=parse_yuan(yuan),
            wallet_minor=0,
            mdr_minor=0,
            request_no="after-sale",
            reason="dispute won",
        )
        self._correct(event) if counts else self._load(event)

    def charge_off(self, on: str | date, mode: ChargeOffMode | None = None) -> Refusal | None:
        self.until(on)
        command = charge_off.ChargeOff(line_id=1, reason="insolvent", mode=mode)
        decided = charge_off.decide(self.line, self.account, command, at(on), program=self.program)
        if isinstance(decided, Refusal):
            return decided
        self._load(decided[0])
        return None

    def _correct(self, event: Event) -> None:
        self.account, entries = correct(self.events, event, self.program)
        self.line = accounts.summary(self.account, self.line, self.program)
        self._post(event, entries)

    # ── what a test asks ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def events(self) -> list[Event]:
        return [event for event, _ in self.log]

    @property
    def available_minor(self) -> int:
        """What may be spent today."""
        return self.line.available_minor_on(self.today)

    @property
    def statements(self) -> list[StatementIssued]:
        return [event for event in self.events if isinstance(event, StatementIssued)]

    @property
    def images(self) -> dict[str, str]:
        """Image of each statement, by the day of its close."""
        return {f"{event.closes_on:%m-%d}": yuan_text(event.image_minor) for event in self.statements}

    def last_entries(self) -> dict[str, str]:
        """The entries of the last event, by rule; reversed ones with a minus."""
        return totals(self.log[-1][1])

    def posted(self, rule: Rule) -> str:
        """All that a rule has posted, less its reversals."""
        entries = [entry for _, entries in self.log for entry in entries if entry.rule is rule]
        return yuan_text(sum(-entry.amount_minor if entry.reversed else entry.amount_minor for entry in entries))

    def balance(self, ledger: Ledger) -> int:
        """An account of the book, on its own side."""
        return ACCOUNTS[ledger].side * self.balances[ledger]

    def _plan(self, on: str | date, yuan: str, count: int, fee_payer: FeePayer) -> InstallmentChoice | None:
        if not count:
            return None
        choice = installment_choice(parse_yuan(yuan), count, self.program.terms_on(day(on)), fee_payer)
        assert choice is not None
        return choice

    def _paid(self, on: str | date, yuan: str, item: int) -> dict[str, Any]:
        return {
            "value_on": day(on),
            "line_id": 1,
            "person_id": 7,
            "payment_id": item,
            "credit_minor": parse_yuan(yuan),
            "wallet_minor": 0,
            "place": self.places.get(item),
        }

    def _hot(self, event: Event) -> None:
        self.today = max(self.today, event.value_on)
        self.line = lines.evolve(self.line, event, next_close_on=self.program.first_bill_on(event.value_on))
        self.pending.append(event)
        self._post(event, ())

    def _load(self, event: Event) -> None:
        self.account, entries = accounts.evolve(self.account, event, self.program)
        self.line = accounts.summary(self.account, self.line, self.program)
        self._post(event, entries)

    def _post(self, event: Event, derived: tuple[Entry, ...]) -> None:
        entries = (*entries_of(event), *derived)
        self.log.append((event, entries))
        for debit, credit, amount_minor in transfers_of(entries):
            self.balances[debit] += amount_minor
            self.balances[credit] -= amount_minor


def totals(entries: Iterable[Entry]) -> dict[str, str]:
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[entry.rule.name] += -entry.amount_minor if entry.reversed else entry.amount_minor
    return {name: yuan_text(minor) for name, minor in sums.items()}
