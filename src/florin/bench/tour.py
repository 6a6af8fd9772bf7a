"""A tour of what shops and shoppers do: so that every statement of a batch runs, alone and for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from florin.credit.freeze import FreezeLine, UnfreezeLine
from florin.credit.limit import SetLimit
from florin.credit.open import OpenLine
from florin.credit.repay import Repay
from florin.engine import Claim, ClaimKind, Engine, Submission, claim, lane_for, lane_of
from florin.payments.ask import Ask
from florin.payments.capture import Capture
from florin.payments.charge import Charge
from florin.payments.close import Close
from florin.payments.pay import Pay
from florin.payments.receive import Receive
from florin.payments.refund import Refund
from florin.payments.trade import Flow
from florin.payments.void import Void
from florin.wallet.join import Join
from florin.wallet.top_up import TopUp
from florin.wallet.withdraw import Withdraw

_TOGETHER = 100
_PRICE_MINOR = 10_000


class Tour:
    """Two apps of one merchant, one of them on an escrow market; new shoppers in each run. Nothing may be refused."""

    def __init__(self, engine: Engine, *, merchant_id: int, direct_app: int, escrow_app: int) -> None:
        self._engine = engine
        self._merchant_id = merchant_id
        self._direct_app = direct_app
        self._escrow_app = escrow_app
        self._runs = 0
        self._numbers = 0

    def run(self) -> None:
        self._runs += 1
        shoppers = self._shoppers()
        alice = shoppers[0]
        self._sales(shoppers)
        self._by_agreement(alice)
        self._over_time(alice)
        self._escrow(alice)
        self._abandoned()
        self._debt(alice)
        self._wallet(alice[0])

    def _shoppers(self) -> list[tuple[int, int]]:
        """(person, line) of new shoppers with money in the wallet."""
        logons = [f"tour-{self._runs}-{number}" for number in range(_TOGETHER)]
        shoppers = [(self._engine.new_id(lane_for(logon)), self._engine.new_id(lane_for(logon))) for logon in logons]
        named = list(zip(logons, shoppers, strict=True))
        self._do_all(
            Submission(
                command=Join(person_id=person_id, logon=logon, name=logon), claims=(claim(ClaimKind.LOGON, 0, logon),)
            )
            for logon, (person_id, _) in named
        )
        self._do_all(
            Submission(command=OpenLine(person_id=person_id, line_id=line_id, program="huabei", limit_minor=1_000_000))
            for person_id, line_id in shoppers
        )
        self._do_all(
            Submission(
                command=TopUp(person_id=person_id, amount_minor=100_000, bank_reference=logon),
                claims=(claim(ClaimKind.BANK, 0, logon),),
            )
            for logon, (person_id, _) in named
        )
        return shoppers

    def _sales(self, shoppers: list[tuple[int, int]]) -> None:
        """Many at once, on credit and from wallets; then one of them again under its key, and once more with other content."""
        on_credit = [self._charge(person_id, line_id) for person_id, line_id in shoppers]
        from_wallet = [self._charge(person_id, 0) for person_id, _ in shoppers]
        self._do_all(on_credit)
        self._do_all(from_wallet)
        assert self._engine.execute([on_credit[0]])[0].replayed, "a key has one answer"
        key = on_credit[0].claims[0]
        conflicting = Submission(command=on_credit[0].command, claims=(claim(key.kind, key.scope, key.key, "other"),))
        assert self._engine.execute([conflicting])[0].refusal is not None, "a key has one content"
        payment_ids = [one.command.payment_id for one in (*on_credit[1:], *from_wallet[1:])]
        self._do_all(self._refund(payment_id) for payment_id in payment_ids)

    def _by_agreement(self, alice: tuple[int, int]) -> None:
        person_id, line_id = alice
        agreement_id = self._engine.add_agreement(
            app_id=self._direct_app, person_id=person_id, line_id=line_id, limit_minor=_PRICE_MINOR
        )
        self._do_all([self._charge(person_id, line_id, agreement_id=agreement_id)])

    def _over_time(self, alice: tuple[int, int]) -> None:
        """Authorized first: taken in part, and the rest released."""
        authorized = self._charge(*alice, capture=False)
        self._do_all([authorized])
        payment_id = authorized.command.payment_id
        self._do(Capture(payment_id=payment_id, amount_minor=_PRICE_MINOR // 2))
        self._do(Void(payment_id=payment_id))

    def _escrow(self, alice: tuple[int, int]) -> None:
        """One order received and refunded afterwards, one refunded before."""
        received, returned = self._paid_order(*alice), self._paid_order(*alice)
        self._do(Receive(payment_id=received, person_id=alice[0]))
        for payment_id in (received, returned):
            self._do_all([self._refund(payment_id)])

    def _abandoned(self) -> None:
        self._do(Close(trade_id=self._ask()))

    def _debt(self, alice: tuple[int, int]) -> None:
        _, line_id = alice
        self._do(SetLimit(line_id=line_id, limit_minor=900_000, reason="tour"))
        self._do(FreezeLine(line_id=line_id, reason="tour"))
        self._do(UnfreezeLine(line_id=line_id, reason="tour"))
        self._do(Repay(line_id=line_id, amount_minor=100, source="wallet", reference=self._number()))

    def _wallet(self, person_id: int) -> None:
        self._do(Withdraw(withdrawal_id=self._engine.new_id(lane_of(person_id)), person_id=person_id, amount_minor=100))

    # ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _charge(self, person_id: int, line_id: int, *, agreement_id: int = 0, capture: bool = True) -> Submission:
        """line_id: 0 pays from the wallet."""
        number = self._number()
        command = Charge(
            trade_id=self._engine.new_id(lane_for(f"{self._direct_app}/{number}")),
            payment_id=self._engine.new_id(lane_of(person_id)),
            app_id=self._direct_app,
            merchant_id=self._merchant_id,
            out_trade_no=number,
            amount_minor=_PRICE_MINOR,
            subject="tour",
            flow=Flow.DIRECT if capture else Flow.MANUAL,
            person_id=person_id,
            line_id=line_id,
            agreement_id=agreement_id,
            credit_minor=_PRICE_MINOR if line_id else 0,
            wallet_minor=0 if line_id else _PRICE_MINOR,
            capture=capture,
        )
        return Submission(command=command, claims=(claim(ClaimKind.REQUEST, self._direct_app, number, line_id),))

    def _ask(self) -> int:
        number = self._number()
        trade_id = self._engine.new_id(lane_for(f"{self._escrow_app}/{number}"))
        command = Ask(
            trade_id=trade_id,
            app_id=self._escrow_app,
            merchant_id=self._merchant_id,
            out_trade_no=number,
            amount_minor=_PRICE_MINOR,
            subject="tour",
            flow=Flow.ESCROW,
        )
        self._do(command, claim(ClaimKind.ORDER, self._escrow_app, number))
        return trade_id

    def _paid_order(self, person_id: int, line_id: int) -> int:
        payment_id = self._engine.new_id(lane_of(person_id))
        half = _PRICE_MINOR // 2
        command = Pay(
            payment_id=payment_id,
            trade_id=self._ask(),
            person_id=person_id,
            line_id=line_id,
            credit_minor=half,
            wallet_minor=_PRICE_MINOR - half,
        )
        self._do(command)
        return payment_id

    def _refund(self, payment_id: int) -> Submission:
        number = self._number()
        command = Refund(payment_id=payment_id, amount_minor=_PRICE_MINOR // 10, request_no=number)
        return Submission(command=command, claims=(claim(ClaimKind.REFUND, payment_id, number),), keeps_refusal=False)

    def _do(self, command: Any, *claims: Claim) -> None:
        self._do_all([Submission(command=command, claims=claims)])

    def _do_all(self, submissions: Iterable[Submission]) -> None:
        """In one call. Raises AssertionError when any is refused."""
        refused = [
            outcome.refusal for outcome in self._engine.execute(list(submissions)) if outcome.refusal is not None
        ]
        assert not refused, f"refused: {refused[0]}"

    def _number(self) -> str:
        self._numbers += 1
        return f"tour-{self._numbers}"
