"""The engine against a naive model: dictionaries of integers that know nothing of events, plans, statements or postings.

Two engines, as in two processes, take turns. After every step each row equals the model, the books prove, and folding all
events of each line from zero gives the live line and its snapshot. What a plan's fee or the interest of a bill comes to is
read from the book (`tests/credit` counts those by hand); where it goes is the model's own arithmetic.

MACHINE_EXAMPLES and MACHINE_STEPS in the environment ask for more than the quick look that every run takes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from florin.credit import account as accounts
from florin.credit.correction import line_as_of
from florin.credit.freeze import FreezeLine, UnfreezeLine
from florin.credit.limit import SetLimit
from florin.credit.line import LineState
from florin.credit.program import load_program
from florin.engine import Engine, lane_of
from florin.engine.admin import add_fee_plan, assign_fees
from florin.engine.proof import prove
from florin.engine.tables.account import account_of
from florin.engine.tables.event import load_events_since
from florin.events import FellPastDue, Reminded, StatementIssued
from florin.events.market import AcceptanceRule, AcceptanceVersion
from florin.ledger import Rule
from florin.market import Ecosystem
from florin.market.change import AddEcosystem, ChangeAcceptance
from florin.payments.fee_plan import fee_plan_of
from florin.payments.requests.answer import AnswerRequest
from florin.payments.requests.ask import RequestRefund
from florin.payments.requests.dispute import DecideDispute, OpenDispute
from florin.payments.requests.withdraw import WithdrawRequest
from world import DIRECT_APP, ESCROW_APP, SHOP, World

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "15"))
STEPS = int(os.environ.get("MACHINE_STEPS", "30"))

NAMES = ("alice", "bob", "carol")
HUABEI = load_program("huabei")
MDR_PPM, CREDIT_FEE_PPM, COMMISSION_PPM = 6_000, 10_000, 20_000
FEE_PPM = {3: 23_000, 6: 45_000, 12: 75_000}
TRUSTED = 10**9

WHO = st.sampled_from(("alice", *NAMES))
MINOR = st.integers(1, 400_00) | st.sampled_from((1, 99, 100_00, 333_33))


def share(amount_minor: int, ppm: int) -> int:
    return (2 * amount_minor * ppm + 1_000_000) // 2_000_000


class Model:
    """What everybody has, in fen. A sale is a dictionary too."""

    def __init__(self, *, mdr_refunded: bool, planned: bool) -> None:
        self.mdr_refunded = mdr_refunded
        # The shop has a fee plan: beside the discount a credit fee, given back, and a commission, kept.
        self.planned = planned
        self.credit_fees = self.commission = 0
        self.wallet: dict[str, int] = {}
        self.limit: dict[str, int] = {}
        self.held: dict[str, int] = {}
        self.committed: dict[str, int] = {}
        self.drawn: dict[str, int] = {}  # credit that became owed
        self.cleared: dict[str, int] = {}  # of all that was owed, what repayments and refunds took away
        self.frozen: set[str] = set()
        self.sales: dict[int, dict[str, Any]] = {}
        self.merchant = 0
        self.most = TRUSTED  # of one purchase on credit, by the rule of acceptance
        self.fees = 0  # the merchant discount, kept by the house
        self.cash = 0

    def join(self, name: str) -> None:
        for amounts in (self.wallet, self.limit, self.held, self.committed, self.drawn, self.cleared):
            amounts[name] = 0

    def receive(self, sale: dict[str, Any], credit: int, wallet: int) -> None:
        self.drawn[sale["who"]] += credit
        sale["taken credit"] += credit
        if self.planned:
            credit_fee = share(sale["taken credit"], CREDIT_FEE_PPM) - sale["credit fee"]
            commission = share(sale["taken"] + credit + wallet, COMMISSION_PPM) - sale["commission"]
            sale["credit fee"] += credit_fee
            sale["commission"] += commission
            self.credit_fees += credit_fee
            self.commission += commission
            self.merchant -= credit_fee + commission
        fee = share(sale["taken"] + credit + wallet, MDR_PPM) - sale["mdr"]
        sale["taken"] += credit + wallet
        sale["mdr"] += fee
        self.fees += fee
        self.merchant += credit + wallet - fee

    def give_back_credit_fee(self, sale: dict[str, Any], credit: int) -> None:
        """The credit fee of what comes back of the credit, as all refunds so far have come to."""
        if not self.planned or not credit:
            return
        sale["given credit"] += credit
        taken = sale["taken credit"]
        back = (2 * sale["credit fee"] * sale["given credit"] + taken) // (2 * taken) - sale["credit fee back"]
        sale["credit fee back"] += max(back, 0)
        self.credit_fees -= max(back, 0)
        self.merchant += max(back, 0)

    def clear(self, name: str, amount: int, owed: int) -> None:
        """An amount takes away what is owed; what is left over goes to the wallet."""
        taken = min(amount, owed)
        self.cleared[name] += taken
        self.wallet[name] += amount - taken


class Machine(RuleBasedStateMachine):
    def __init__(self, new_database: Callable[[], Any]) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.database = self.stack.enter_context(new_database())

    @initialize(mdr_refunded=st.booleans(), planned=st.booleans())
    def open_house(self, mdr_refunded: bool, planned: bool) -> None:
        # A week before a cycle closes, so that bills come soon.
        house = World(
            self.database.engine, start_on=date(2026, 3, 25), mdr_refunded=mdr_refunded, negative_limit_minor=TRUSTED
        )
        self.world = self.stack.enter_context(house)
        self.engines = [self.world.engine, self.stack.enter_context(Engine(self.database.engine))]
        if planned:
            back = "true" if mdr_refunded else "false"
            source = f"""
                name = "brand"
                title_en = "Brand"
                title_zh = "品牌"
                [[versions]]
                from_on = 2026-01-01
                fees = [{{ fee = "mdr", rate = 0.006, refunded = {back} }}, {{ fee = "commission", rate = 0.02 }},
                        {{ fee = "credit_fee", rate = 0.01, refunded = true }}]
            """
            add_fee_plan(house.connection, fee_plan_of(source, source="brand.toml"), source)
            assign_fees(house.connection, merchant_id=SHOP, plan="brand", from_on=house.today)
            house.connection.commit()
        self.model = Model(mdr_refunded=mdr_refunded, planned=planned)
        self.join("alice", 3_000_00)
        self.top_up("alice", 500_00)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.engine = self.engines[0]
            assert prove(self.world.connection).holds, "the chains too"
        self.stack.close()

    # ── people ────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(name=WHO, limit_minor=st.integers(50_00, 3_000_00))
    def another_joins(self, name: str, limit_minor: int) -> None:
        if not self.is_here(name):
            self.join(name, limit_minor)

    def join(self, name: str, limit_minor: int) -> None:
        self.world.person(name, limit_minor=limit_minor)
        self.model.join(name)
        self.model.limit[name] = limit_minor

    def is_here(self, name: str) -> bool:
        return name in self.model.wallet

    @rule(name=WHO, amount_minor=MINOR)
    def money_arrives(self, name: str, amount_minor: int) -> None:
        if self.is_here(name):
            self.top_up(name, amount_minor)

    def top_up(self, name: str, amount_minor: int) -> None:
        assert self.world.top_up(name, amount_minor).event
        self.model.wallet[name] += amount_minor
        self.model.cash += amount_minor

    @rule(name=WHO, limit_minor=st.sampled_from((0, 200_00)) | st.integers(500_00, 3_000_00))
    def set_limit(self, name: str, limit_minor: int) -> None:
        if self.is_here(name):
            command = SetLimit(line_id=self.world.line_ids[name], limit_minor=limit_minor, reason="review")
            assert self.world.do(command).event
            self.model.limit[name] = limit_minor

    @rule(name=WHO, seldom=st.integers(0, 3))
    def freeze_or_unfreeze(self, name: str, seldom: int) -> None:
        if self.is_here(name) and (name in self.model.frozen or seldom == 0):
            kind = UnfreezeLine if name in self.model.frozen else FreezeLine
            assert self.world.do(kind(line_id=self.world.line_ids[name], reason="r")).event
            self.model.frozen ^= {name}

    @rule(most=st.sampled_from((TRUSTED, TRUSTED, 300_00, 0)))
    def the_owner_changes_where_it_is_accepted(self, most: int) -> None:
        answer = "no" if most == 0 else "yes" if most == TRUSTED else "cap"
        stated = AcceptanceRule(
            program="huabei", answer=answer, cap_minor=most if answer == "cap" else 0, reason_en="So.", reason_zh="好。"
        )
        version = AcceptanceVersion(from_on=self.world.today, rules=(stated,))
        if "own" in self.world.engine.reference.acceptance.ecosystems:
            change = ChangeAcceptance(ecosystem="own", from_on=self.world.today, rules=(stated,), reason="as agreed")
            outcome = self.world.do(change)
        else:
            own = Ecosystem(name="own", title_en="Own", title_zh="自营", programs=("huabei",), versions=(version,))
            outcome = self.world.do(AddEcosystem(ecosystem=own))
        assert outcome.event, outcome.refusal
        self.model.most = most

    # ── sales ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def may_pay(self, name: str, credit: int, wallet: int) -> bool:
        line = self.world.line(name)
        left = self.model.limit[name] - self.model.held[name] - self.model.committed[name] - line.principal_minor
        past_due = line.past_due_on is not None and line.past_due_on < self.world.today
        may_use = name not in self.model.frozen and not past_due
        by_credit = credit == 0 or (credit <= min(left, self.model.most) and may_use)
        return by_credit and wallet <= self.model.wallet[name]

    @rule(
        name=WHO,
        amounts=st.tuples(MINOR, st.just(0)) | st.tuples(st.just(0), MINOR) | st.tuples(MINOR, MINOR),
        flow=st.sampled_from(("direct", "direct", "escrow", "manual")),
        installments=st.sampled_from((0, 0, 0, 3, 6, 12)),
        fee_payer=st.sampled_from(("shopper", "merchant")),
    )
    def buy(self, name: str, amounts: tuple[int, int], flow: str, installments: int, fee_payer: str) -> None:
        if not self.is_here(name):
            return
        credit, wallet = amounts
        if credit < 100_00:
            installments = 0
        detail = {"installments": installments, "fee_payer": fee_payer}
        expected = self.may_pay(name, credit, wallet)
        if flow == "manual":
            outcome = self.world.authorize(name, credit, wallet, **detail)
        else:
            app = ESCROW_APP if flow == "escrow" else DIRECT_APP
            outcome = self.world.buy(name, credit, wallet, app=app, **detail)
        assert (outcome.event is not None) == expected, outcome.refusal
        if outcome.event is None:
            return
        plan = outcome.event.plan
        assert (plan.fee_minor if plan else 0) == (
            share(credit, FEE_PPM[installments]) if installments and credit else 0
        )
        sale = {
            "who": name, "flow": flow, "credit": credit, "wallet": wallet, "open credit": 0, "open wallet": 0,
            "credit back": 0, "wallet back": 0, "received": flow == "direct", "mdr": 0, "mdr back": 0,
            "taken": 0, "given": 0, "taken credit": 0, "given credit": 0, "credit fee": 0, "credit fee back": 0,
            "commission": 0,
            "confirm on": self.world.today + timedelta(days=10), "request": None, "requests": 0,
        }  # fmt: skip
        self.model.sales[outcome.event.payment_id] = sale
        self.model.wallet[name] -= wallet
        if flow == "direct":
            self.model.receive(sale, credit, wallet)
        elif flow == "escrow":
            self.model.committed[name] += credit
        else:
            self.model.held[name] += credit
            sale |= {"credit": 0, "wallet": 0, "open credit": credit, "open wallet": wallet}

    def pick(self, which: int, wanted: Callable[[dict[str, Any]], bool]) -> tuple[int, dict[str, Any]] | None:
        found = sorted(i for i, sale in self.model.sales.items() if wanted(sale))
        return (found[which % len(found)], self.model.sales[found[which % len(found)]]) if found else None

    @precondition(lambda self: any(s["flow"] == "escrow" and not s["received"] for s in self.model.sales.values()))
    @rule(which=st.integers(0, 9))
    def receive(self, which: int) -> None:
        found = self.pick(which, lambda s: _waits(s) and s["request"] is None)
        if found is None:
            return
        payment_id, sale = found
        assert self.world.receive(payment_id).event
        self.received(sale)

    def received(self, sale: dict[str, Any]) -> None:
        credit, wallet = sale["credit"] - sale["credit back"], sale["wallet"] - sale["wallet back"]
        sale["received"] = True
        self.model.committed[sale["who"]] -= credit
        self.model.receive(sale, credit, wallet)

    # ── refund requests ───────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: any(_waits(s) and s["request"] is None for s in self.model.sales.values()))
    @rule(which=st.integers(0, 9), part=st.integers(1, 4))
    def ask_for_a_refund(self, which: int, part: int) -> None:
        found = self.pick(which, lambda s: _waits(s) and s["request"] is None and s["requests"] < 3)
        if found is None:
            return
        payment_id, sale = found
        request_id = self.world.engine.new_id(lane_of(payment_id))
        asks = RequestRefund(
            request_id=request_id,
            payment_id=payment_id,
            person_id=self.world.people[sale["who"]],
            amount_minor=-(-_left(sale) // part),
            reason="defective",
        )
        assert self.world.do(asks).event
        left = max((sale["confirm on"] - self.world.today).days, 0)
        sale |= {"request": request_id, "asked": asks.amount_minor, "asked on": self.world.today, "left": left}
        sale["requests"] += 1

    @precondition(lambda self: any(s["request"] for s in self.model.sales.values()))
    @rule(which=st.integers(0, 9), what=st.sampled_from(("withdraw", "agree", "decide", "confirm")))
    def settle_a_request(self, which: int, what: str) -> None:
        found = self.pick(which, lambda s: s["request"] is not None)
        assert found is not None
        payment_id, sale = found
        names = {"request_id": sale["request"], "payment_id": payment_id}
        person_id = self.world.people[sale["who"]]
        if what == "confirm":
            assert self.world.receive(payment_id).refusal.name == "RequestOpen"
            return
        amount = min(sale["asked"], _left(sale)) if what == "agree" else sale["asked"] // 2
        if what == "withdraw":
            assert self.world.do(WithdrawRequest(**names, person_id=person_id)).event
        elif what == "agree":
            assert self.world.do(AnswerRequest(**names, merchant_id=SHOP, agree=True)).event
            self.given_before_receipt(sale, amount)
        else:
            assert self.world.do(AnswerRequest(**names, merchant_id=SHOP, agree=False)).event
            assert self.world.do(OpenDispute(**names, person_id=person_id)).event
            assert self.world.do(DecideDispute(**names, refund_minor=amount)).event
            self.given_before_receipt(sale, min(amount, _left(sale)))
        self.request_over(sale, self.world.today)

    def given_before_receipt(self, sale: dict[str, Any], amount: int) -> None:
        credit = min(amount, sale["credit"] - sale["credit back"])
        sale["credit back"] += credit
        sale["wallet back"] += amount - credit
        self.model.committed[sale["who"]] -= credit
        self.model.wallet[sale["who"]] += amount - credit

    @staticmethod
    def request_over(sale: dict[str, Any], on: date) -> None:
        sale |= {"request": None, "confirm on": on + timedelta(days=sale["left"])}

    @precondition(lambda self: any(s["open credit"] + s["open wallet"] for s in self.model.sales.values()))
    @rule(which=st.integers(0, 9), part=st.integers(1, 4))
    def capture(self, which: int, part: int) -> None:
        found = self.pick(which, lambda s: s["open credit"] + s["open wallet"] > 0)
        assert found is not None
        payment_id, sale = found
        amount = -(-(sale["open credit"] + sale["open wallet"]) // part)
        outcome = self.world.capture(payment_id, amount)
        if outcome.refusal is not None:
            # A part too small for the plan that was agreed: then all of it is taken, at the plan's own price.
            assert outcome.refusal.name == "PlanNotOffered"
            return
        credit = min(amount, sale["open credit"])
        sale["open credit"] -= credit
        sale["open wallet"] -= amount - credit
        sale["credit"] += credit
        sale["wallet"] += amount - credit
        sale["received"] = True
        self.model.held[sale["who"]] -= credit
        self.model.receive(sale, credit, amount - credit)

    @precondition(lambda self: any(s["open credit"] + s["open wallet"] for s in self.model.sales.values()))
    @rule(which=st.integers(0, 9))
    def void(self, which: int) -> None:
        found = self.pick(which, lambda s: s["open credit"] + s["open wallet"] > 0)
        assert found is not None
        payment_id, sale = found
        assert self.world.void(payment_id).event
        self.model.held[sale["who"]] -= sale["open credit"]
        self.model.wallet[sale["who"]] += sale["open wallet"]
        sale["open credit"] = sale["open wallet"] = 0

    @precondition(lambda self: bool(self.model.sales))
    @rule(which=st.integers(0, 9), part=st.integers(1, 4), too_much=st.sampled_from((0, 0, 0, 1)))
    def refund(self, which: int, part: int, too_much: int) -> None:
        found = self.pick(which, lambda s: s["credit"] + s["wallet"] > 0)
        if found is None:
            return
        payment_id, sale = found
        name, left = sale["who"], _left(sale)
        amount = left + 1 if too_much or not left else -(-left // part)
        owed, before = self.owed(name), self.shopper_fees(name)
        outcome = self.world.refund(payment_id, amount)
        if amount > left:
            assert outcome.refusal is not None
            assert outcome.refusal.name == "RefundExceedsPayment"
            return
        assert outcome.event is not None, outcome.refusal
        credit = min(amount, sale["credit"] - sale["credit back"])
        sale["credit back"] += credit
        sale["wallet back"] += amount - credit
        self.model.wallet[name] += amount - credit
        if not sale["received"]:
            self.model.committed[name] -= credit
            if _left(sale) == 0:
                sale["request"] = None
            return
        self.model.give_back_credit_fee(sale, credit)
        cancelled_fee = before - self.shopper_fees(name)
        self.model.clear(name, credit, owed - cancelled_fee)
        back = 0
        if self.model.mdr_refunded:
            sale["given"] += amount
            back = (2 * sale["mdr"] * sale["given"] + sale["taken"]) // (2 * sale["taken"]) - sale["mdr back"]
            back = max(back, 0)
        sale["mdr back"] += back
        self.model.fees -= back
        self.model.merchant -= amount - back

    # ── repayments ────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(
        name=WHO,
        part=st.integers(1, 4),
        extra_minor=st.sampled_from((0, 0, 1, 50_00)),
        by=st.sampled_from(("wallet", "bank")),
    )
    def repay(self, name: str, part: int, extra_minor: int, by: str) -> None:
        if not self.is_here(name):
            return
        owed, interest = self.owed(name), self.interest(name)
        amount = -(-owed // part) + extra_minor
        if amount == 0:
            return
        outcome = self.world.repay(name, amount, by)
        if by == "bank":
            self.model.cash += amount
            assert outcome.event is not None
        elif outcome.refusal is not None:
            assert amount > owed or amount > self.model.wallet[name]
            return
        else:
            self.model.wallet[name] -= amount
        # Who pays off everything pays the interest of the days since the last bill as well.
        self.model.clear(name, amount, owed + self.interest(name) - interest)

    # ── days ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(days=st.sampled_from((1, 1, 2, 5, 9, 20)))
    def days_pass(self, days: int) -> None:
        until = self.world.today + timedelta(days=days)
        self.world.until(until)
        for sale in self.model.sales.values():
            # A seller who is silent for two days has agreed on the third.
            silent_on = sale["asked on"] + timedelta(days=3) if sale["request"] else None
            if silent_on is not None and silent_on <= until:
                self.given_before_receipt(sale, min(sale["asked"], _left(sale)))
                self.request_over(sale, silent_on)
            if _waits(sale) and sale["request"] is None and sale["confirm on"] <= until:
                self.received(sale)

    # ── what the book says of fees and interest ───────────────────────────────────────────────────────────────────

    def posted(self, name: str, what: Rule) -> int:
        """All that a rule has posted on a person's line, less what it took back."""
        return int(
            self.world.one(
                "SELECT coalesce(sum(CASE WHEN x.rule < 0 THEN -x.amount ELSE x.amount END), 0)"
                "  FROM event e, unnest(e.rules, e.amounts) AS x(rule, amount)"
                " WHERE e.line_id = %s AND abs(x.rule) = %s",
                self.world.line_ids[name],
                int(what),
            )
        )

    def interest(self, name: str) -> int:
        return self.posted(name, Rule.ACCRUE_INTEREST)

    def shopper_fees(self, name: str) -> int:
        return self.posted(name, Rule.CHARGE_SHOPPER_FEE)

    def owed(self, name: str) -> int:
        """The model's: all that became owed, less all that was cleared."""
        extra = self.shopper_fees(name) + self.interest(name)
        return self.model.drawn[name] + extra - self.model.cleared[name]

    # ── after every step ──────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def the_other_engine_goes_on(self) -> None:
        if hasattr(self, "world"):
            self.engines.reverse()
            self.world.engine = self.engines[0]

    @invariant()
    def every_row_equals_the_model(self) -> None:
        if not hasattr(self, "world"):
            return
        model, world = self.model, self.world
        for name in model.wallet:
            line = world.line(name)
            assert world.wallet_minor(name) == model.wallet[name] >= 0
            assert (line.held_minor, line.committed_minor) == (model.held[name], model.committed[name])
            assert line.principal_minor + line.fee_minor + line.interest_minor == self.owed(name)
            if self.shopper_fees(name) == self.interest(name) == 0:
                assert line.principal_minor == model.drawn[name] - model.cleared[name]
            assert line.credit_balance_minor == 0
            assert line.available_minor_on(world.today) == (
                model.limit[name] - model.held[name] - model.committed[name] - line.principal_minor
            )
            assert (line.state is LineState.FROZEN) == (name in model.frozen)
        for payment_id, sale in model.sales.items():
            payment = world.payment(payment_id)
            assert (payment.credit_paid_minor, payment.wallet_paid_minor) == (sale["credit"], sale["wallet"])
            assert (payment.credit_refunded_minor, payment.wallet_refunded_minor) == (
                sale["credit back"],
                sale["wallet back"],
            )
            assert (payment.credit_open_minor, payment.wallet_open_minor) == (sale["open credit"], sale["open wallet"])
            assert (payment.mdr_minor, payment.mdr_back_minor) == (sale["mdr"], sale["mdr back"])

    @invariant()
    def the_merchant_has_what_was_sold_less_fees_and_refunds(self) -> None:
        if not hasattr(self, "world"):
            return
        fees = int(
            self.world.one(
                "SELECT coalesce(sum(signed_minor), 0) FROM posting_line WHERE name = 'MERCHANT_PAYABLE' AND rule = %s",
                int(Rule.CHARGE_MERCHANT_FEE),
            )
        )
        has = sum(map(self.world.balance, ("MERCHANT_PAYABLE", "MERCHANT_AVAILABLE", "PAYOUT_IN_TRANSIT")))
        assert has == self.model.merchant + fees
        assert self.world.balance("MDR_INCOME") == self.model.fees
        assert self.world.balance("CREDIT_FEE_INCOME") == self.model.credit_fees
        assert self.world.balance("COMMISSION_INCOME") == self.model.commission
        assert self.world.one("SELECT available_minor FROM merchant_balance WHERE id = %s", SHOP) >= -TRUSTED

    @invariant()
    def money_in_is_money_out(self) -> None:
        """Nothing has left the house: all that came in lies on its four accounts, and belongs to somebody."""
        if not hasattr(self, "world"):
            return
        assert (
            sum(map(self.world.balance, ("SAFEGUARDED_CASH", "OWN_CASH", "LENDER_BANK", "MALL_BANK")))
            == self.model.cash
        )
        proof = prove(self.world.connection, chains=False)
        assert proof.holds, [check for check in proof.checks if not check.holds]

    @invariant()
    def a_fold_of_all_events_is_the_live_state(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        lines = [world.line(name) for name in self.model.wallet]
        log = load_events_since(world.connection, [(line.lane, line.id, 0) for line in lines])
        world.connection.commit()
        for line in lines:
            opened, *events = log[line.id]
            account, by_the_clock = accounts.open_account(opened), []
            for event in events:
                if isinstance(event, BY_THE_CLOCK):
                    continue
                account, steps = accounts.advance(account, event.value_on, HUABEI)
                account, _ = accounts.evolve(account, event, HUABEI)
                by_the_clock += steps
            account, steps = accounts.advance(account, world.today, HUABEI)
            by_the_clock += steps

            recorded = [event for event in events if isinstance(event, BY_THE_CLOCK)]
            assert [_bare(step.event) for step in by_the_clock] == [_bare(event) for event in recorded]
            folded = accounts.summary(account, line, HUABEI)
            for what in ("principal", "fee", "interest", "credit_balance", "due"):
                assert getattr(folded, f"{what}_minor") == getattr(line, f"{what}_minor"), what
            assert (folded.due_on, folded.past_due_on) == (line.due_on, line.past_due_on)
            assert folded.sequence == line.sequence
            assert line_as_of(log[line.id], world.today, HUABEI, lane=line.lane) == (folded, account)
            assert folded.next_action_on >= line.next_action_on, "the clock looks at her in time"

            snapshot = account_of(world.one("SELECT account FROM line_account WHERE line_id = %s", line.id))
            live, steps = accounts.catch_up(snapshot, events[snapshot.sequence - 1 :], world.today, HUABEI)
            assert (live, steps) == (account, ())


def _waits(sale: dict[str, Any]) -> bool:
    """For receipt."""
    return sale["flow"] == "escrow" and not sale["received"] and _left(sale) > 0


def _left(sale: dict[str, Any]) -> int:
    return sale["credit"] + sale["wallet"] - sale["credit back"] - sale["wallet back"]


BY_THE_CLOCK = StatementIssued | FellPastDue | Reminded


def _bare(event: StatementIssued | FellPastDue | Reminded) -> tuple[Any, ...]:
    """What the clock decided, without the owners that the engine adds."""
    if isinstance(event, Reminded):
        return event.value_on, event.closes_on, event.days_past_due, event.due_minor
    if isinstance(event, StatementIssued):
        return event.value_on, event.image_minor, event.minimum_minor, event.earlier_minor, event.lines
    return event.value_on, event.closes_on, event.missed_minor


def test_whatever_happens_the_engine_does_what_a_naive_model_does(new_database):
    run_state_machine_as_test(
        lambda: Machine(new_database),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
            print_blob=True,
        ),
    )
