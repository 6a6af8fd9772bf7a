"""Verbs: what one may do to a running sandbox, in the words of a shop and its shoppers.

Each is one method, takes and gives plain values (amounts as text in yuan), and returns when the instance is at rest: days
closed, answers of the bank recorded, messages delivered. A refusal of the house comes back by its own name.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

import psycopg

from florin.bank import Bank, bank_of, choose_bank, receive_repayment, receive_top_up
from florin.bank.clockwork import MISHAPS, ClockBank
from florin.bank.iso20022.status import REASONS
from florin.credit.freeze import FreezeLine, UnfreezeLine
from florin.credit.limit import GiveUplift, SetLimit
from florin.credit.open import OpenLine
from florin.credit.repay import Repay
from florin.credit.statement import StatementShown
from florin.engine import ClaimKind, Outcome, Submission, claim, clock, lane_of
from florin.engine.addresses import refuse_url
from florin.engine.admin import issue_payment_code
from florin.engine.proof import prove
from florin.events import Repaid
from florin.money import AmountTextInvalid, parse_yuan, yuan_text
from florin.payments.pay import Pay
from florin.payments.payment import Payment
from florin.payments.receive import Receive
from florin.payments.refund import Refund
from florin.payments.trade import Flow, Trade
from florin.queries.bank import bank_files
from florin.queries.lines import LineView, line_of_person
from florin.queries.payments import PaymentView, payment_by_trade
from florin.queries.statements import statements_of
from florin.sandbox.faults import FAULTS, Fault
from florin.sandbox.instance import Instance
from florin.sandbox.provision import REST_APP_ID, morning_of
from florin.sandbox.remote import Answer, VerbRefused
from florin.wallet.withdraw import Withdraw

Tender = Literal["wallet", "credit"]

_SPAN = re.compile(r"\+([0-9]{1,5})(d|h|m|s)")
# Some minutes of work: a verb that takes longer is given up by whoever sent it.
_STEP_MAX = timedelta(days=3_660)
_UPLIFT_DAYS = 30
_BANK_DAYS_MAX = 90
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class Verbs:
    """The verbs of one instance. Not for two threads at once: the control server lets them take turns."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def all(self) -> dict[str, Callable[..., Answer]]:
        return {
            "pay": self.pay,
            "auth-code": self.auth_code,
            "receive": self.receive,
            "refund": self.refund,
            "repay": self.repay,
            "statement": self.statement,
            "set": self.set,
            "clock": self.clock,
            "settle": self.settle,
            "fail": self.fail,
            "bank": self.bank,
            "reset": self.reset,
            "prove": self.prove,
        }

    # ── a shopper's ───────────────────────────────────────────────────────────────────────────────────────────────

    def pay(
        self, *, out_trade_no: str, who: str = "alice", tender: Tender | None = None, installments: int = 0
    ) -> Answer:
        """Pay an order that waits, as if at the cashier. Without a tender: her credit if she has a line, else her wallet."""
        trade = self._view(out_trade_no).trade
        person_id, line = self._person(who), self._line(who)
        _refuse_tender(tender)
        by_credit = (tender or ("credit" if line is not None else "wallet")) == "credit"
        if installments and not by_credit:
            raise VerbRefused(
                "WalletHasNoInstallments", "A wallet pays at once: leave out the installments, or pay by credit."
            )
        command = Pay(
            payment_id=self._instance.engine.new_id(lane_of(person_id)),
            trade_id=trade.id,
            person_id=person_id,
            line_id=line.line.id if line is not None and by_credit else 0,
            credit_minor=trade.amount_minor if by_credit else 0,
            wallet_minor=0 if by_credit else trade.amount_minor,
            installments=installments,
            capture=trade.flow is not Flow.MANUAL,
        )
        self._do(command)
        self._instance.rest()
        return self._order(out_trade_no)

    def auth_code(self, *, who: str = "alice", tender: Tender | None = None) -> Answer:
        """The digits that a shopper shows at a till: good for one order and two minutes of business time."""
        _refuse_tender(tender)
        line = None if tender == "wallet" else self._needed_line(who) if tender == "credit" else self._line(who)
        code, expires_at = issue_payment_code(
            self._instance.connection, person_id=self._person(who), line_id=line.line.id if line else 0
        )
        return {"auth_code": code, "expires_at": _local(expires_at), "pays_with": "credit" if line else "wallet"}

    def receive(self, *, out_trade_no: str) -> Answer:
        """The buyer confirms receipt of an escrowed order: now it is owed, and payable to the merchant."""
        payment = self.payment(out_trade_no)
        self._do(Receive(payment_id=payment.id, person_id=payment.person_id))
        self._instance.rest()
        return self._order(out_trade_no)

    def repay(self, *, who: str, amount: str, source: str = "wallet") -> Answer:
        """Repay the line, from the wallet or by a bank transfer."""
        line, amount_minor = self._needed_line(who), _minor(amount)
        if source == "bank":
            reference = f"bank/{secrets.token_hex(8)}"
            outcome = receive_repayment(
                self._instance.engine,
                self._bank(),
                line_id=line.line.id,
                amount_minor=amount_minor,
                reference=reference,
                on=self._today(),
            )
            _refuse(outcome)
        elif source == "wallet":
            outcome = self._do(Repay(line_id=line.line.id, amount_minor=amount_minor, source="wallet"))
        else:
            raise VerbRefused("SourceUnknown", f"There is no source {source}: wallet or bank.")
        assert isinstance(outcome.event, Repaid)
        self._instance.rest()
        return {"repaid": amount, "source": source, **self.statement(who=who)}

    def statement(self, *, who: str = "alice") -> Answer:
        """A shopper's wallet, line and statements, the newest first."""
        person_id, at = self._person(who), clock.read(self._instance.connection)
        line = self._line(who)
        answer: Answer = {"who": who, "on": str(at.on), "wallet": yuan_text(self._wallet_minor(person_id))}
        if line is None:
            return {**answer, "line": None, "statements": []}
        with self._instance.reads.connection() as connection:
            shown = statements_of(connection, line_id=line.line.id, at=at) or []
        return {**answer, "line": _line_shown(line), "statements": [_statement_shown(each) for each in shown]}

    # ── the merchant's ────────────────────────────────────────────────────────────────────────────────────────────

    def refund(self, *, out_trade_no: str, amount: str = "", request_no: str = "") -> Answer:
        """The merchant refunds an order: all that is left of it, or an amount."""
        payment = self.payment(out_trade_no)
        amount_minor = _minor(amount) if amount else payment.refundable_minor
        number = request_no or f"sandbox-{secrets.token_hex(6)}"
        command = Refund(payment_id=payment.id, amount_minor=amount_minor, request_no=number, reason="sandbox")
        key = claim(ClaimKind.REFUND, payment.trade_id, number, {"amount": amount_minor})
        outcome = self._do(command, key)
        self._instance.rest()
        done = {"refunded_now": yuan_text(amount_minor), "request_no": number, "repeated": outcome.replayed}
        return {**done, **self._order(out_trade_no)}

    def settle(self) -> Answer:
        """Let the next midnight come: the day closes, windows are swept, the merchant is paid and the bank answers."""
        before = self._paid_out_minor()
        on = clock.read(self._instance.connection).on + timedelta(days=1)
        self._instance.advance(datetime.combine(on, datetime.min.time(), tzinfo=clock.ZONE))
        paid_minor = self._paid_out_minor() - before
        return {**self._now(), "paid_out": yuan_text(paid_minor), "paid_out_ever": yuan_text(before + paid_minor)}

    # ── the sandbox's own ─────────────────────────────────────────────────────────────────────────────────────────

    def set(
        self,
        *,
        who: str,
        limit: str | None = None,
        uplift: str | None = None,
        until: str | None = None,
        wallet: str | None = None,
        frozen: bool | None = None,
        webhook: str | None = None,
    ) -> Answer:
        """A shopper's limit, an uplift of it until a day, or wallet, or freeze or unfreeze her line; of the shop, where its
        REST webhooks go.
        """
        if who == "shop":
            if (limit, uplift, until, wallet, frozen) != (None,) * 5:
                raise VerbRefused(
                    "ShopHasNoLine", "The shop has no limit and no wallet, only a webhook: set shop --webhook URL"
                )
            if webhook is not None:
                self._set_webhook(webhook)
            return {"who": "shop", "webhook": self._webhook()}
        if webhook is not None:
            raise VerbRefused("ShopperHasNoWebhook", "Only the shop has a webhook: set shop --webhook URL")
        if limit is not None:
            self._set_limit(who, _minor(limit))
        if uplift is not None:
            self._give_uplift(who, _minor(uplift), until or "")
        if wallet is not None:
            self._set_wallet(who, _minor(wallet))
        if frozen is not None:
            line_id = self._needed_line(who).line.id
            freeze = FreezeLine(line_id=line_id, reason="sandbox")
            self._do(freeze if frozen else UnfreezeLine(line_id=line_id, reason="sandbox"))
        self._instance.rest()
        return self.statement(who=who)

    def clock(self, *, to: str = "") -> Answer:
        """Let time pass: `+10d`, `+4h`, `+30m`, until the morning of a day, or until `next`: the day of alice's next bill, due
        day or whatever the clock does to her line. Without `to`: what time it is, all done.
        """
        wanted = self._instant(to) if to else None
        if wanted is not None and wanted > clock.read(self._instance.connection).instant:
            self._instance.advance(wanted)
        else:
            self._instance.rest()
        return self._now()

    def fail(self, *, fault: str, times: int = 1) -> Answer:
        """Let something fail the next `times` times; 0 takes it back."""
        if fault not in FAULTS:
            raise VerbRefused("FaultUnknown", f"There is no fault {fault}: {', '.join(FAULTS)}.")
        if not 0 <= times <= 1_000:
            raise VerbRefused("TimesOutOfRange", "A fault can be asked for 0 to 1,000 times.")
        known: Fault = fault
        self._instance.faults.ask_for(known, times)
        return {"fault": fault, "times": times}

    def bank(
        self,
        *,
        who: str = "",
        reject: str = "",
        give_back: str = "",
        days: int = 0,
        delay: int | None = None,
        forget: bool = False,
        wrong: str = "",
        times: int = 1,
    ) -> Answer:
        """How the simulated bank treats orders for somebody (a shopper, the shop; else everybody), and what it does wrong.

        The first of them exchanges the prompt bank for the one that lives by the clock and by files.
        """
        party = "" if not who else str(self._provisioned_merchant() if who == "shop" else self._person(who))
        if not (0 <= days <= _BANK_DAYS_MAX and 0 <= (delay or 0) <= _BANK_DAYS_MAX and 0 <= times <= 1_000):
            raise VerbRefused("DaysOutOfRange", f"Days are 0 to {_BANK_DAYS_MAX}, times 0 to 1,000.")
        known = next((mishap for mishap in MISHAPS if mishap == wrong), None)
        if wrong and known is None:
            raise VerbRefused("MishapUnknown", f"A bank does not do {wrong[:40]!r} wrong: {', '.join(MISHAPS)}.")
        for code in (reject, give_back):
            if code and code not in REASONS:
                raise VerbRefused("ReasonUnknown", f"There is no reason {code[:40]!r}: {', '.join(REASONS)}.")
        choose_bank(self._instance.connection, "clock")
        bank = self._bank()
        assert isinstance(bank, ClockBank)
        if forget:
            bank.behind.forget(party)
        if reject:
            bank.behind.treat(party, "reject", code=reject)
        if give_back:
            bank.behind.treat(party, "return", code=give_back, days=days)
        if delay is not None:
            bank.behind.treat(party, "delay", days=delay)
        if known is not None:
            bank.behind.do_wrong(known, times)
        self._instance.rest()
        return {
            "rules": [
                {"who": self._called(one.party), "effect": one.effect, "code": one.code, "days": one.days}
                for one in bank.behind.rules()
            ],
            "wrong": bank.behind.wrongs(),
            "files": [
                {
                    "direction": one.direction,
                    "message": one.message,
                    "items": one.items,
                    "state": one.state,
                    "file": one.name,
                }
                for one in bank_files(self._instance.connection, limit=10)
            ],
        }

    def _provisioned_merchant(self) -> int:
        return self._instance.provisioned.merchant_id

    def _called(self, party: str) -> str:
        """A party as verbs name it."""
        names = {str(joined.person_id): name for name, joined in self._instance.provisioned.shoppers.items()}
        return {**names, str(self._provisioned_merchant()): "shop", "": "everybody"}.get(party, party)

    def reset(self) -> Answer:
        """Back to the first morning: same keys, same people, nothing bought; what the shop has set for itself stays."""
        webhook = self._webhook()
        self._instance.reset()
        if webhook:
            self._set_webhook(webhook)
        self._instance.rest()
        return {**self._now(), "webhook": webhook}

    def prove(self) -> Answer:
        """Prove the books: each check with what differs, if anything does."""
        self._instance.rest()
        with psycopg.connect(self._instance.addresses.engine) as connection:
            proof = prove(connection)
        checks = [
            {"name": check.name, "says": check.says, "holds": check.holds, "differences": list(check.differences)}
            for check in proof.checks
        ]
        return {"holds": proof.holds, "checks": checks}

    # ── finding things ────────────────────────────────────────────────────────────────────────────────────────────

    def _person(self, who: str) -> int:
        joined = self._instance.provisioned.shoppers.get(who)
        if joined is None:
            known = ", ".join(self._instance.provisioned.shoppers)
            raise VerbRefused("ShopperUnknown", f"There is no shopper {who}: {known}.")
        return joined.person_id

    def _line(self, who: str) -> LineView | None:
        at = clock.read(self._instance.connection)
        with self._instance.reads.connection() as connection:
            return line_of_person(connection, person_id=self._person(who), at=at)

    def _needed_line(self, who: str) -> LineView:
        line = self._line(who)
        if line is None:
            raise VerbRefused("NoLine", f"{who} has no credit line; give one: set {who} --limit 1000.00")
        return line

    def _view(self, out_trade_no: str) -> PaymentView:
        row = self._instance.connection.execute(_TRADE, {"out_trade_no": out_trade_no}).fetchone()
        if row is None:
            raise VerbRefused(
                "OrderUnknown", f"No shop has asked for an order {out_trade_no}. Let the shop ask for it first."
            )
        with self._instance.reads.connection() as connection:
            view = payment_by_trade(connection, trade_id=row[0])
        assert view is not None, f"trade {row[0]} was there a moment ago"
        return view

    def payment(self, out_trade_no: str) -> Payment:
        """The payment of an order. Raises VerbRefused while nobody has paid."""
        payment = self._view(out_trade_no).payment
        if payment is None:
            raise VerbRefused("OrderNotPaid", f"The order {out_trade_no} is not paid yet; pay it: pay {out_trade_no}")
        return payment

    def _order(self, out_trade_no: str) -> Answer:
        view = self._view(out_trade_no)
        return {**_trade_shown(view.trade), **(_payment_shown(view.payment) if view.payment else {})}

    def _wallet_minor(self, person_id: int) -> int:
        return self._sum("SELECT balance_minor FROM wallet WHERE lane = %(lane)s AND id = %(id)s", person_id)

    def _paid_out_minor(self) -> int:
        return self._sum(
            "SELECT coalesce(sum(amount_minor), 0)::bigint FROM payout WHERE merchant_id = %(id)s AND state = 'settled'",
            self._instance.provisioned.merchant_id,
        )

    def _sum(self, question: Any, identifier: int) -> int:
        row = self._instance.connection.execute(question, {"lane": lane_of(identifier), "id": identifier}).fetchone()
        assert row is not None
        return int(row[0])

    def _today(self) -> date:
        return clock.read(self._instance.connection).on

    def _now(self) -> Answer:
        at = clock.read(self._instance.connection)
        return {"on": str(at.on), "now": _local(at.instant)}

    # ── doing things ──────────────────────────────────────────────────────────────────────────────────────────────

    def _bank(self) -> Bank:
        return bank_of(self._instance.connection)

    def _do(self, command: Any, *claims: Any) -> Outcome:
        submission = Submission(command=command, claims=claims, keeps_refusal=False)
        return _refuse(self._instance.engine.execute([submission])[0])

    def _set_limit(self, who: str, limit_minor: int) -> None:
        line = self._line(who)
        if line is not None:
            self._do(SetLimit(line_id=line.line.id, limit_minor=limit_minor, reason="sandbox"))
            return
        person_id = self._person(who)
        line_id = self._instance.engine.new_id(lane_of(person_id))
        self._do(OpenLine(person_id=person_id, line_id=line_id, program="huabei", limit_minor=limit_minor))

    def _give_uplift(self, who: str, amount_minor: int, until: str) -> None:
        line_id = self._needed_line(who).line.id
        try:
            until_on = date.fromisoformat(until) if until else self._today() + timedelta(days=_UPLIFT_DAYS)
        except ValueError:
            raise VerbRefused("DayUnknown", f"{until[:40]!r} is no day: write it as in 2026-04-30.") from None
        self._do(GiveUplift(line_id=line_id, amount_minor=amount_minor, until_on=until_on, reason="sandbox"))

    def _webhook(self) -> str:
        row = self._instance.connection.execute(
            "SELECT notify_url FROM app WHERE id = %(id)s", {"id": REST_APP_ID}
        ).fetchone()
        assert row is not None, "every sandbox has its REST app"
        return str(row[0])

    def _set_webhook(self, url: str) -> None:
        if url and (refusal := refuse_url(url)):
            raise VerbRefused(refusal.name, refusal.sentence())
        with self._instance.connection.transaction():
            self._instance.connection.execute(
                "UPDATE app SET notify_url = %(url)s WHERE id = %(id)s", {"url": url, "id": REST_APP_ID}
            )
            self._instance.connection.execute("UPDATE clock SET reference_version = reference_version + 1")

    def _set_wallet(self, who: str, wanted_minor: int) -> None:
        """By a top-up or a withdrawal, so that the books still say where the money came from."""
        person_id = self._person(who)
        missing_minor = wanted_minor - self._wallet_minor(person_id)
        if missing_minor > 0:
            outcome = receive_top_up(
                self._instance.engine,
                self._bank(),
                person_id=person_id,
                amount_minor=missing_minor,
                reference=f"bank/{secrets.token_hex(8)}",
                on=self._today(),
            )
            _refuse(outcome)
        elif missing_minor < 0:
            withdrawal_id = self._instance.engine.new_id(lane_of(person_id))
            self._do(Withdraw(withdrawal_id=withdrawal_id, person_id=person_id, amount_minor=-missing_minor))

    def _next_day_of(self, who: str) -> date:
        """The next day on which the clock has something to do to the line."""
        on = self._needed_line(who).line.next_action_on
        if on == date.max:
            raise VerbRefused("NothingAhead", f"Nothing is billed or due for {who} yet; buy something first.")
        return on

    def _instant(self, text: str) -> datetime:
        now = clock.read(self._instance.connection)
        if span := _SPAN.fullmatch(text):
            wanted = now.instant + timedelta(**{_UNITS[span[2]]: int(span[1])})
        elif text == "next":
            wanted = morning_of(self._next_day_of("alice"))
        else:
            try:
                wanted = morning_of(date.fromisoformat(text))
            except ValueError:
                sentence = (
                    f"{text[:40]!r} is no time: +10d, +4h, +30m, 2026-04-01 or next. The clock goes forward only."
                )
                raise VerbRefused("TimeUnknown", sentence) from None
        if wanted.astimezone(clock.ZONE).date() < now.on:
            raise VerbRefused(
                "ClockGoesForward", f"It is {now.on} already; the clock goes forward only. `reset` goes back."
            )
        if wanted - now.instant > _STEP_MAX:
            sentence = (
                f"One step is at most {_STEP_MAX.days:,} days, since each is closed; {text} is more. Take several."
            )
            raise VerbRefused("StepTooLong", sentence)
        return wanted


def _refuse(outcome: Outcome) -> Outcome:
    """The outcome, unless it is a refusal. Raises VerbRefused."""
    if outcome.refusal is not None:
        numbers = {
            name.removesuffix("_minor"): yuan_text(value) if name.endswith("_minor") else value
            for name, value in outcome.refusal.numbers().items()
        }
        raise VerbRefused(outcome.refusal.name, outcome.refusal.sentence(), numbers=numbers)
    return outcome


def _refuse_tender(tender: str | None) -> None:
    if tender is not None and tender not in get_args(Tender):
        raise VerbRefused("TenderUnknown", f"There is no tender {tender}: wallet or credit.")


def _minor(amount: str) -> int:
    try:
        return parse_yuan(amount)
    except AmountTextInvalid:
        sentence = f"{amount[:40]!r} is no amount: write yuan as in 1000.00, without sign, ¥, comma or exponent."
        raise VerbRefused("AmountInvalid", sentence) from None


def _local(instant: datetime) -> str:
    return instant.astimezone(clock.ZONE).isoformat(timespec="seconds")


def _trade_shown(trade: Trade) -> Answer:
    return {
        "out_trade_no": trade.out_trade_no,
        "trade_no": str(trade.id),
        "subject": trade.subject,
        "amount": yuan_text(trade.amount_minor),
        "state": trade.state.name.lower(),
    }


def _payment_shown(payment: Payment) -> Answer:
    return {
        "payment_state": payment.state.name.lower(),
        "credit": yuan_text(payment.credit_paid_minor),
        "wallet": yuan_text(payment.wallet_paid_minor),
        "refunded": yuan_text(payment.refunded_minor),
        "installments": payment.plan.count if payment.plan else 0,
        "fee": yuan_text(payment.plan.fee_minor) if payment.plan else "0.00",
        "fee_payer": payment.plan.fee_payer if payment.plan else None,
    }


def _line_shown(view: LineView) -> Answer:
    line = view.line
    return {
        "state": line.state.name.lower(),
        "limit": yuan_text(view.limit_minor),
        "uplifts": [
            {"amount": yuan_text(each.amount_minor), "until_on": str(each.until_on)}
            for each in line.particulars.uplifts
            if view.at.on <= each.until_on
        ],
        "available": yuan_text(view.available_minor),
        "committed": yuan_text(line.held_minor + line.committed_minor),
        "owed": yuan_text(line.principal_minor + line.fee_minor + line.interest_minor),
        "payoff": yuan_text(view.payoff.total_minor),
        "due_on": str(line.due_on) if line.due_on else None,
        "past_due_on": str(line.past_due_on) if line.past_due_on else None,
    }


def _statement_shown(shown: StatementShown) -> Answer:
    return {
        "closes_on": str(shown.closes_on),
        "due_on": str(shown.due_on),
        "amount": yuan_text(shown.image_minor),
        "minimum": yuan_text(shown.minimum_minor),
        "remaining": yuan_text(shown.remaining_minor),
        "minimum_left": yuan_text(shown.minimum_left_minor),
        "past_due": shown.past_due,
        "lines": [
            {
                "what": line.what,
                "amount": yuan_text(line.amount_minor),
                **({"number": line.number, "count": line.count} if line.count else {}),
            }
            for line in shown.lines
        ],
    }


_TRADE = "SELECT id FROM trade WHERE out_trade_no = %(out_trade_no)s ORDER BY asked_at DESC, id DESC LIMIT 1"
