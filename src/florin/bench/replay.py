"""What people did in the lab's book, done again through the engine: are the issuer's income and loss the same, to the fen?

Each purchase is an order that is paid on credit, received at once or on its day, each repayment arrives through the bank, and
every day is closed and proven. The answer is read from the ledger, which knows nothing of the lab.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psycopg

from florin.bank import SimulatedBank
from florin.bench.house import own_store
from florin.credit.open import OpenLine
from florin.credit.program import ProgramInvalid, load_program
from florin.credit.repay import Repay
from florin.engine import ClaimKind, Engine, Outcome, Submission, claim, clock, lane_for, lane_of
from florin.engine.admin import add_app, add_merchant
from florin.engine.close_day import close_through
from florin.engine.ids import IdBlocks
from florin.lab.book import Action, Book, ProgramNotVectorized
from florin.ledger import Account
from florin.payments.ask import Ask
from florin.payments.pay import Pay
from florin.payments.receive import Receive
from florin.payments.trade import Flow, TradeDetail
from florin.store import StoreRefusal
from florin.store.migrate import migrate
from florin.wallet.join import Join

Say = Callable[[str], None]


class ProgramNotReplayed(StoreRefusal):
    def __init__(self, why: Exception) -> None:
        super().__init__(
            str(why), "docs/explanation/lab-book.md says which terms the lab's book has; huabei is one of them."
        )


_ESCROW_APP, _DIRECT_APP = 1, 2
_CHUNK = 500
_A_DAY = timedelta(days=1)
_OPENED_ON = date(2027, 11, 17)  # a leap day and two turns of the year follow

_BALANCES = """
    SELECT name, sum(signed_minor)::bigint FROM posting_line WHERE name = ANY(%(names)s) GROUP BY name ORDER BY name
"""


class IssuerResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an issuer has earned and lost so far, in minor units. lost: charged off; deferred: fees agreed and not earned;
    principal: on the books; claimed: charged off and not recovered.
    """

    interest: int
    penalty: int
    fee: int
    recovery: int
    lost: int
    deferred: int
    principal: int
    claimed: int


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """actions: how many were done again, over so many days. book, ledger: what each says."""

    program: str
    people: int
    days: int
    actions: int
    book: IssuerResult
    ledger: IssuerResult

    @property
    def same(self) -> bool:
        """Whether they agree to the fen."""
        return self.book == self.ledger


def result_of(book: Book) -> IssuerResult:
    """What the lab's book says."""
    sums = {name: int(minor.sum()) for name, minor in vars(book.sums).items()}
    agreed = sums["shopper_fee"] + sums["merchant_fee"]
    return IssuerResult(
        interest=sums["interest"],
        penalty=sums["penalty"],
        fee=sums["fee"],
        recovery=sums["recovery"],
        lost=sums["lost_principal"] + sums["lost_fee"] + sums["lost_interest"] + sums["lost_penalty"],
        deferred=agreed - sums["fee"] - sums["fee_forgone"],
        principal=int(book.principal_minor().sum()),
        claimed=sum(int(book.claims_minor(bucket).sum()) for bucket in ("principal", "fee", "interest", "penalty")),
    )


def result_in(connection: psycopg.Connection[Any]) -> IssuerResult:
    """What the ledger says."""
    names = [account.name for account in _READ]
    rows = connection.execute(_BALANCES, {"names": names}).fetchall()
    connection.commit()
    found = {Account[name]: int(minor) for name, minor in rows}
    balance = {account: found.get(account, 0) for account in _READ}
    return IssuerResult(
        interest=balance[Account.INTEREST_INCOME],
        penalty=balance[Account.PENALTY_INCOME],
        fee=balance[Account.FEE_INCOME],
        recovery=balance[Account.RECOVERY_INCOME],
        # What was charged off has taken up what was provided for it.
        lost=balance[Account.IMPAIRMENT] - balance[Account.ALLOWANCE],
        deferred=balance[Account.DEFERRED_FEE_INCOME],
        principal=sum(balance[account] for account in _PRINCIPAL),
        claimed=sum(balance[account] for account in _CLAIMED),
    )


_PRINCIPAL = (Account.PRINCIPAL_UNBILLED, Account.PRINCIPAL_BILLED, Account.PRINCIPAL_PAST_DUE)
_CLAIMED = (
    Account.MEMO_CLAIM_PRINCIPAL,
    Account.MEMO_CLAIM_FEE,
    Account.MEMO_CLAIM_INTEREST,
    Account.MEMO_CLAIM_PENALTY,
)
_READ = (
    Account.INTEREST_INCOME,
    Account.PENALTY_INCOME,
    Account.FEE_INCOME,
    Account.RECOVERY_INCOME,
    Account.IMPAIRMENT,
    Account.ALLOWANCE,
    Account.DEFERRED_FEE_INCOME,
    *_PRINCIPAL,
    *_CLAIMED,
)


def replay(
    engine_url: str,
    program: str,
    limits_minor: Sequence[int],
    opened_on: date,
    actions: Iterable[Action],
    until: date,
    *,
    say: Say = lambda text: None,
) -> IssuerResult:
    """Do it all again in an empty, migrated house, up to and on `until`. limits: of each person, 0: nobody. actions: in
    order, of people with a line. Raises AssertionError where the engine refuses something, or its books do not hold.
    """
    with (
        psycopg.connect(engine_url, autocommit=True) as setup,
        psycopg.connect(engine_url) as connection,
        Engine(engine_url, name="replay") as engine,
    ):
        clock.start(setup, opened_on)
        merchant_id = add_merchant(setup, IdBlocks(setup), name="Tea House", mdr_ppm=6_000)
        add_app(setup, app_id=_ESCROW_APP, merchant_id=merchant_id, name="escrow", wire="rest", market="escrow")
        add_app(setup, app_id=_DIRECT_APP, merchant_id=merchant_id, name="direct", wire="rest", market="direct")
        people = _People(engine, merchant_id, SimulatedBank(setup))
        people.open(program, limits_minor)
        by_day = {on: list(found) for on, found in groupby(actions, key=lambda action: action.on)}
        on = opened_on
        while on <= until:
            if on > opened_on:
                for closed in close_through(engine, connection, on, bank=people.bank):
                    assert closed.proof.holds and not closed.parked, closed
            people.receive(on)
            people.act(by_day.get(on, []))
            if on.day == 1:
                say(f"{on}: {people.done:,} actions")
            on += _A_DAY
        return result_in(connection)


class _People:
    """The people of a replay: their lines, and what of theirs waits in escrow."""

    def __init__(self, engine: Engine, merchant_id: int, bank: SimulatedBank) -> None:
        self.bank = bank
        self.done = 0
        self._engine = engine
        self._merchant_id = merchant_id
        self._who: dict[int, tuple[int, int]] = {}
        self._waiting: dict[date, list[Receive]] = {}

    def open(self, program: str, limits_minor: Sequence[int]) -> None:
        lines = []
        for person, limit_minor in enumerate(limits_minor):
            if limit_minor:
                lane = lane_for(f"replay/{person}")
                person_id, line_id = self._who[person] = self._engine.new_id(lane), self._engine.new_id(lane)
                lines.append(OpenLine(person_id=person_id, line_id=line_id, program=program, limit_minor=limit_minor))
        joins = [Join(person_id=line.person_id, logon=f"p{line.person_id}", name="replayed") for line in lines]
        self._do([Submission(command=join, claims=(claim(ClaimKind.LOGON, 0, join.logon),)) for join in joins])
        self._do([Submission(command=line) for line in lines])

    def receive(self, on: date) -> None:
        self._do([Submission(command=command) for command in self._waiting.pop(on, [])])

    def act(self, actions: Sequence[Action]) -> None:
        """What happens on one day, in order; purchases that follow each other together."""
        for what, alike in groupby(actions, key=lambda action: action.what):
            if what == "buy":
                self._buy(list(alike))
            else:
                self._repay(list(alike))
        self.done += len(actions)

    def _buy(self, actions: Sequence[Action]) -> None:
        orders = [self._ask(action) for action in actions]
        self._do([order for order, _ in orders])
        paid = self._do([Submission(command=pay) for _, pay in orders])
        for action, outcome in zip(actions, paid, strict=True):
            if action.received_on is not None:
                assert outcome.event is not None
                receive = Receive(payment_id=outcome.event.payment_id, person_id=self._who[action.person][0])
                self._waiting.setdefault(action.received_on, []).append(receive)

    def _ask(self, action: Action) -> tuple[Submission, Pay]:
        app_id = _DIRECT_APP if action.received_on is None else _ESCROW_APP
        person_id, line_id = self._who[action.person]
        payment_id = self._engine.new_id(lane_of(person_id))
        number = f"order-{payment_id}"
        # Long enough: whoever buys says himself when he has received it.
        detail = TradeDetail(fee_payer=action.fee_payer, goods="surface")
        ask = Ask(
            trade_id=self._engine.new_id(lane_for(f"{app_id}/{number}")),
            app_id=app_id,
            merchant_id=self._merchant_id,
            out_trade_no=number,
            amount_minor=action.amount_minor,
            subject="replayed",
            flow=Flow.DIRECT if action.received_on is None else Flow.ESCROW,
            installments=action.installments,
            detail=detail,
        )
        pay = Pay(
            payment_id=payment_id,
            trade_id=ask.trade_id,
            person_id=person_id,
            line_id=line_id,
            credit_minor=action.amount_minor,
            installments=action.installments,
        )
        return Submission(command=ask, claims=(claim(ClaimKind.ORDER, app_id, number),)), pay

    def _repay(self, actions: Sequence[Action]) -> None:
        submissions = []
        for number, action in enumerate(actions, start=self.done):
            _, line_id = self._who[action.person]
            reference = f"repay-{line_id}-{action.on}-{number}"
            self.bank.receive(amount_minor=action.amount_minor, reference=reference, on=action.on)
            command = Repay(line_id=line_id, amount_minor=action.amount_minor, source="bank", reference=reference)
            once = claim(ClaimKind.BANK, 0, reference, ("repay", line_id, action.amount_minor))
            submissions.append(Submission(command=command, claims=(once,)))
        self._do(submissions)

    def _do(self, submissions: Sequence[Submission]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for first in range(0, len(submissions), _CHUNK):
            outcomes += self._engine.execute(submissions[first : first + _CHUNK])
        for outcome in outcomes:
            assert outcome.refusal is None, outcome.refusal
        return outcomes


# ── lives to replay ───────────────────────────────────────────────────────────────────────────────────────────────


def live(program: str, people: int, months: int, *, seed: int = 1) -> tuple[Book, Sequence[int], list[Action], date]:
    """A book in which people buy, at once or from escrow, some in installments, and repay in full, the minimum, late or never:
    the book, their limits, what they did, and the last day.
    """
    random = np.random.default_rng(seed)
    limits = random.integers(3_000, 15_000, people) * 100
    limits = np.minimum(limits, load_program(program).versions[-1].terms.limit_minor_max)
    book = Book(load_program(program), limits, _OPENED_ON)
    diary = book.keep_diary(np.arange(people))
    pays = random.random(people)
    until = _OPENED_ON + timedelta(days=round(months * 30.44))
    on = _OPENED_ON
    while on <= until:
        book.advance(on)
        _spend(book, on, random)
        due = book.due(on)
        late = book.days_past_due()[due.people] > 0
        habit = pays[due.people]
        wanted = np.where(habit < 0.8, due.full_minor, np.where(habit < 0.9, due.minimum_minor, due.full_minor // 3))
        at_last = random.random(due.people.size) < np.where(habit < 0.97, 0.02, 0.0)
        wanted = np.where(late, np.where(at_last, wanted, 0), np.where(habit < 0.95, wanted, 0))
        owing = wanted > 0
        if owing.any():
            book.repay(due.people[owing], wanted[owing], on)
        on += _A_DAY
    return book, limits.tolist(), list(diary.actions()), until


def _spend(book: Book, on: date, random: np.random.Generator) -> None:
    """About three purchases a month each, as far as the line reaches; one of ten waits, one of ten is in installments."""
    counts = [offer.count for offer in book.program.terms_on(on).installments] or [0]
    for wait, by_plan in ((0, False), (0, True), (5, False)):
        share = 0.08 if (wait, by_plan) == (0, False) else 0.01
        people = np.flatnonzero(random.random(book.count) < share)
        amounts = random.integers(10_000 if by_plan else 100, 120_000, people.size)
        count, payer = int(random.choice(counts)) if by_plan else 0, random.random() < 0.5
        least = book.program.terms_on(on).installment_amount_minor_min if count else 0
        may = ~book.blocked()[people] & (amounts <= book.available_minor()[people]) & (amounts >= least)
        if may.any():
            book.buy(
                people[may],
                amounts[may],
                on,
                received_on=on + timedelta(days=wait),
                installments=count,
                fee_payer="merchant" if payer else "shopper",
            )


def measure(program: str, people: int, months: int, *, parent: Path | None, say: Say) -> Replayed:
    """Live, and live again on a server of its own. Raises ProgramNotReplayed."""
    try:
        book, limits, actions, until = live(program, people, months)
    except (ProgramInvalid, ProgramNotVectorized) as error:
        raise ProgramNotReplayed(error) from None
    say(f"{len(actions):,} actions of {people:,} people under {program}")
    with own_store(parent) as (store, _):
        migrate(store.addresses.owner)
        ledger = replay(store.addresses.engine, program, limits, _OPENED_ON, actions, until, say=say)
    return Replayed(
        program=program,
        people=people,
        days=(until - _OPENED_ON).days + 1,
        actions=len(actions),
        book=result_of(book),
        ledger=ledger,
    )
