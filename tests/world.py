"""A small world for tests: a house with an engine, people, a shop, a bank, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from florin.bank import BankAnswer, Debit
from florin.campaigns.budget import Budget, Slice
from florin.campaigns.open import OpenCampaign
from florin.credit.line import Line
from florin.credit.open import OpenLine
from florin.credit.repay import Repay
from florin.engine import ClaimKind, Engine, Outcome, Submission, claim, clock, lane_for, lane_of
from florin.engine.close_day import DayClosed, close_through
from florin.engine.close_step import each_by_itself
from florin.engine.proof import prove
from florin.engine.tables import line as line_rows
from florin.engine.tables import payment as payment_rows
from florin.engine.tables.table import READ
from florin.events import CampaignTerms
from florin.market.change import AddEcosystem
from florin.market.load import load_ecosystem
from florin.payments.ask import Ask
from florin.payments.capture import Capture
from florin.payments.charge import Charge
from florin.payments.pay import Pay
from florin.payments.payment import Payment
from florin.payments.receive import Receive
from florin.payments.refund import Refund
from florin.payments.trade import Flow, TradeDetail
from florin.payments.void import Void
from florin.wallet.join import Join
from florin.wallet.top_up import TopUp

START = date(2026, 3, 2)
ESCROW_APP, DIRECT_APP = 1, 2
SHOP = 1
# A day close asks the same of a handful of rows, and a test closes many: each question is planned once, not for every day.
GENERIC_PLANS = "-c plan_cache_mode=force_generic_plan"


@dataclass
class SimpleBank:
    """A bank that does at once what it is told, and books it. empty, silent: payers without money, and without an answer.
    took: the day on which a debit was taken, by its reference, where its answer came later."""

    connection: psycopg.Connection[Any]
    empty: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    took: dict[str, date] = field(default_factory=dict)

    def move(self, *, debit: str, credit: str, amount_minor: int, reference: str, on: date) -> None:
        for account, amount in ((debit, -amount_minor), (credit, amount_minor)):
            self.book(account, amount, reference, on)

    def collect(self, debits: Sequence[Debit], *, on: date) -> list[BankAnswer | None]:
        return [self._collect(debit, on) for debit in debits]

    def _collect(self, debit: Debit, on: date) -> BankAnswer | None:
        if debit.payer in self.silent:
            return None
        if debit.payer in self.empty:
            return BankAnswer(reference=debit.reference, returned=True, reason="not enough money")
        booked_on = self.took.get(debit.reference)
        self.book("safeguarded", debit.amount_minor, debit.reference, booked_on or on)
        return BankAnswer(reference=debit.reference, booked_on=booked_on)

    def book(self, account: str, amount_minor: int, reference: str, on: date) -> None:
        self.connection.execute(
            "INSERT INTO bank_line (account, amount_minor, reference, booked_on) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (account, amount_minor, reference, on),
        )
        self.connection.commit()


@dataclass
class World:
    """Everything that a test may do, in the words of the business. Amounts in fen.

    goes_on: its database is a copy of another world's, in which the house is open already. database: that copy.
    """

    dsn: str
    start_on: date = START
    mdr_refunded: bool = False
    negative_limit_minor: int = 0
    connections: int = 1
    numbers: int = 0
    people: dict[str, int] = field(default_factory=dict)
    line_ids: dict[str, int] = field(default_factory=dict)
    goes_on: bool = False
    database: Any = None

    def __enter__(self) -> World:
        self.connection = psycopg.connect(self.dsn, options=GENERIC_PLANS, prepare_threshold=1)
        if not self.goes_on:
            self._begin()
        self.bank = SimpleBank(self.connection)
        self.engine = Engine(self.dsn, connections=self.connections)
        return self

    def _begin(self) -> None:
        clock.start(self.connection, self.start_on)
        self.connection.execute(
            "INSERT INTO merchant (id, lane, name, mdr_ppm, mdr_refunded, negative_limit_minor)"
            " VALUES (%s, %s, 'Tea House', 6000, %s, %s)",
            (SHOP, lane_of(SHOP), self.mdr_refunded, self.negative_limit_minor),
        )
        self.connection.execute(
            "INSERT INTO app (id, merchant_id, name, wire, market)"
            " VALUES (1, 1, 'escrow', 'rest', 'escrow'), (2, 1, 'direct', 'rest', 'direct')"
        )
        self.connection.execute(
            "INSERT INTO merchant_balance (lane, id, negative_limit_minor) VALUES (%s, %s, %s)",
            (lane_of(SHOP), SHOP, self.negative_limit_minor),
        )
        self.connection.commit()

    def __exit__(self, *_: object) -> None:
        self.engine.close()
        self.connection.close()

    # ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────

    def do(self, command: Any, *claims: Any, **options: Any) -> Outcome:
        return self.engine.execute([Submission(command=command, claims=claims, **options)])[0]

    def take_in(self, *ecosystems: str, market: str = "", category: str = "general") -> None:
        """The house gets these presets, and the shop sells so."""
        for name in ecosystems:
            assert self.do(AddEcosystem(ecosystem=load_ecosystem(name))).refusal is None
        assert self.engine.place_merchant(SHOP, market=market, category=category)

    def next_number(self, prefix: str) -> str:
        self.numbers += 1
        return f"{prefix}{self.numbers}"

    def person(self, name: str, *, wallet_minor: int = 0, limit_minor: int = 0, program: str = "huabei") -> int:
        lane = lane_for(name)
        identifier = self.people[name] = self.engine.new_id(lane)
        assert self.do(Join(person_id=identifier, logon=name, name=name), claim(ClaimKind.LOGON, 0, name)).event
        if wallet_minor:
            self.top_up(name, wallet_minor)
        if limit_minor:
            self.open_line(name, program, limit_minor)
        return identifier

    def open_line(self, name: str, program: str, limit_minor: int) -> int:
        """From now on her line is this one."""
        person_id = self.people[name]
        line_id = self.line_ids[name] = self.engine.new_id(lane_of(person_id))
        command = OpenLine(person_id=person_id, line_id=line_id, program=program, limit_minor=limit_minor)
        assert self.do(command).event
        return line_id

    def top_up(self, name: str, amount_minor: int) -> Outcome:
        reference = self.next_number("bank-")
        self.bank.book("safeguarded", amount_minor, reference, self.today)
        command = TopUp(person_id=self.people[name], amount_minor=amount_minor, bank_reference=reference)
        return self.do(command, claim(ClaimKind.BANK, 0, reference))

    def ask(
        self,
        amount_minor: int,
        *,
        app: int = ESCROW_APP,
        installments: int = 0,
        flow: Flow | None = None,
        expires_at: datetime | None = None,
        **detail: Any,
    ) -> int:
        number = self.next_number("order-")
        command = Ask(
            trade_id=self.engine.new_id(lane_for(f"{app}/{number}")),
            app_id=app,
            merchant_id=SHOP,
            out_trade_no=number,
            amount_minor=amount_minor,
            subject=number,
            flow=flow or (Flow.ESCROW if app == ESCROW_APP else Flow.DIRECT),
            installments=installments,
            expires_at=expires_at,
            detail=TradeDetail(**detail),
        )
        assert self.do(command, claim(ClaimKind.ORDER, app, number)).event
        return command.trade_id

    def pay(self, name: str, trade_id: int, credit_minor: int = 0, wallet_minor: int = 0, **options: Any) -> Outcome:
        command = Pay(
            payment_id=self.engine.new_id(lane_of(self.people[name])),
            trade_id=trade_id,
            person_id=self.people[name],
            line_id=self.line_ids.get(name, 0),
            credit_minor=credit_minor,
            wallet_minor=wallet_minor,
            **options,
        )
        return self.do(command)

    def buy(
        self, name: str, credit_minor: int = 0, wallet_minor: int = 0, *, app: int = DIRECT_APP, **detail: Any
    ) -> Outcome:
        """Ask and pay; `installments` goes to the trade."""
        trade_id = self.ask(credit_minor + wallet_minor, app=app, **detail)
        return self.pay(name, trade_id, credit_minor, wallet_minor)

    def charge_command(
        self, name: str, credit_minor: int, *, key: str = "", capture: bool = True, **options: Any
    ) -> Submission:
        number = key or self.next_number("charge-")
        command = Charge(
            trade_id=self.engine.new_id(lane_for(f"{DIRECT_APP}/{number}")),
            payment_id=self.engine.new_id(lane_of(self.people[name])),
            app_id=DIRECT_APP,
            merchant_id=SHOP,
            out_trade_no=number,
            amount_minor=credit_minor,
            subject=number,
            flow=Flow.DIRECT if capture else Flow.MANUAL,
            person_id=self.people[name],
            line_id=self.line_ids[name],
            credit_minor=credit_minor,
            capture=capture,
        )
        return Submission(
            command=command, claims=(claim(ClaimKind.REQUEST, DIRECT_APP, number, credit_minor),), **options
        )

    def campaign(self, budget_minor: int, *, days: int = 30, name: str = "", **terms: Any) -> int:
        """A campaign of the mall's that takes 20.00 off every order from 100.00, unless said otherwise."""
        name = name or self.next_number("campaign-")
        usual = {"kind": "coupon", "sponsor": "mall", "opens_on": self.today, "closes_on": self.today + timedelta(days)}
        if terms.get("kind", "coupon") == "coupon":
            usual |= {"amount_off_minor": 20_00, "threshold_minor": 100_00}
        command = OpenCampaign(
            campaign_id=self.engine.new_id(lane_for(name)),
            name=name,
            budget_minor=budget_minor,
            terms=CampaignTerms(**(usual | terms)),
        )
        outcome = self.do(command)
        assert outcome.event, outcome.refusal
        return command.campaign_id

    def buy_with_coupon(
        self,
        name: str,
        campaign_id: int,
        credit_minor: int = 0,
        wallet_minor: int = 0,
        *,
        coupon_minor: int = 20_00,
        app: int = DIRECT_APP,
        **detail: Any,
    ) -> Outcome:
        trade_id = self.ask(credit_minor + wallet_minor + coupon_minor, app=app, **detail)
        offered = {"campaign_id": campaign_id, "coupon_minor": coupon_minor}
        return self.pay(name, trade_id, credit_minor, wallet_minor, **offered)

    def authorize(self, name: str, credit_minor: int = 0, wallet_minor: int = 0, **detail: Any) -> Outcome:
        """Reserve only; `capture` and `void` are said of the payment."""
        trade_id = self.ask(credit_minor + wallet_minor, app=DIRECT_APP, flow=Flow.MANUAL, **detail)
        return self.pay(name, trade_id, credit_minor, wallet_minor, capture=False)

    def capture(self, payment_id: int, amount_minor: int = 0) -> Outcome:
        return self.do(Capture(payment_id=payment_id, amount_minor=amount_minor))

    def void(self, payment_id: int) -> Outcome:
        return self.do(Void(payment_id=payment_id))

    def receive(self, payment_id: int) -> Outcome:
        return self.do(Receive(payment_id=payment_id, person_id=self.payment(payment_id).person_id))

    def refund(self, payment_id: int, amount_minor: int, number: str = "") -> Outcome:
        number = number or self.next_number("refund-")
        command = Refund(payment_id=payment_id, amount_minor=amount_minor, request_no=number)
        return self.do(command, claim(ClaimKind.REFUND, payment_id, number, amount_minor), keeps_refusal=False)

    def repay(self, name: str, amount_minor: int, source: str = "wallet") -> Outcome:
        reference = self.next_number("repay-")
        if source == "bank":
            self.bank.book("safeguarded", amount_minor, reference, self.today)
        command = Repay(line_id=self.line_ids[name], amount_minor=amount_minor, source=source, reference=reference)  # type: ignore[arg-type]
        return self.do(command)

    def until(self, on: date) -> Sequence[DayClosed]:
        """Let days pass; every close proves the books. Payouts are settled by the bank on the day they are sent."""
        days = close_through(self.engine, self.connection, on, bank=self.bank)
        for day in days:
            assert day.parked == 0, "no account was parked"
            assert day.proof.holds, [check for check in day.proof.checks if not check.holds]
        return days

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def today(self) -> date:
        with each_by_itself(self.connection):
            return clock.read(self.connection).on

    def budget(self, campaign_id: int) -> Budget:
        """All of it."""
        rows = self.connection.execute(
            "SELECT slice, allotted_minor, spent_minor FROM campaign_budget WHERE id = %s ORDER BY slice",
            (campaign_id,),
        ).fetchall()
        self.connection.commit()
        slices = tuple(Slice(number=n, allotted_minor=allotted, spent_minor=spent) for n, allotted, spent in rows)
        return Budget(id=campaign_id, lane=lane_of(campaign_id), slices=slices)

    def line(self, name: str) -> Line:
        identifier = self.line_ids[name]
        return line_rows.line_of(self._row(line_rows.LINE, identifier))

    def payment(self, payment_id: int) -> Payment:
        return payment_rows.payment_of(self._row(payment_rows.PAYMENT, payment_id))

    def wallet_minor(self, name: str) -> int:
        return int(self.one("SELECT balance_minor FROM wallet WHERE id = %s", self.people[name]))

    def balance(self, account: str, owner_id: int | None = None) -> int:
        where = "" if owner_id is None else " AND owner_id = %s"
        parameters = (account,) if owner_id is None else (account, owner_id)
        return int(
            self.one(f"SELECT coalesce(sum(signed_minor), 0) FROM posting_line WHERE name = %s{where}", *parameters)
        )

    def statements(self, name: str) -> list[tuple[Any, ...]]:
        """(closes_on, due_on, image, minimum, remaining, minimum left), oldest first."""
        rows = self.connection.execute(
            "SELECT closes_on, due_on, image_minor, minimum_minor, remaining_minor, minimum_left_minor FROM statement"
            " WHERE line_id = %s ORDER BY closes_on",
            (self.line_ids[name],),
        ).fetchall()
        self.connection.commit()
        return rows

    def assert_books_hold(self) -> None:
        proof = prove(self.connection)
        assert proof.holds, [check for check in proof.checks if not check.holds]

    def one(self, statement: str, *parameters: Any) -> Any:
        with each_by_itself(self.connection):
            return self.connection.execute(statement, parameters).fetchone()[0]  # type: ignore[call-overload]

    def _row(self, table: Any, identifier: int) -> tuple[Any, ...]:
        with each_by_itself(self.connection):
            return table.load(self.connection, [(lane_of(identifier), identifier)], READ)[0]


class LivedOnce:
    """Worlds that all begin with the same days: these are lived once, for the first who asks, and copied for each.

    live: what happens in them. options: those of World.
    """

    def __init__(self, new_database: Callable[..., Any], live: Callable[[World], None], **options: Any) -> None:
        self._new_database = new_database
        self._live = live
        self._options = options
        self._stack = ExitStack()
        self._lived: tuple[str, World] | None = None

    def __enter__(self) -> LivedOnce:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def again(self) -> Iterator[World]:
        """A world of its own that has lived them."""
        name, lived = self._lived = self._lived or self._first()
        with self._new_database(template=name) as database:
            known = {"people": dict(lived.people), "line_ids": dict(lived.line_ids)}
            with replace(lived, dsn=database.engine, database=database, goes_on=True, **known) as world:
                yield world

    def _first(self) -> tuple[str, World]:
        database = self._stack.enter_context(self._new_database())
        with World(database.engine, **self._options) as world:
            self._live(world)
        return database.name, world
