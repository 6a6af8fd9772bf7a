"""Whatever happens to a line: no fen is lost, and it does not matter when the account was looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from credit.play import HUABEI, Play, day, program_with, totals, with_rate_from
from florin.credit.account import Account, advance, catch_up, evolve, open_account, rank
from florin.credit.payoff import payoff, payoff_through
from florin.credit.terms import InstallmentTerms, LateCharge, Program, ReAgeLimit, Version, Waterfall
from florin.events import TOLD_LINES, Refunded, Repaid
from florin.ledger import Account as Ledger
from florin.ledger import Rule
from florin.money import parse_yuan, round_half_up, yuan_text

PLANS = tuple(InstallmentTerms(count=n, fee_rate=Decimal("0.0333")) for n in (2, 3, 12))

DECLINING = tuple(
    InstallmentTerms(count=n, fee_rate=Decimal(0), method="declining", yearly_rate=Decimal("0.1533")) for n in (3, 12)
)
UP_FRONT = tuple(InstallmentTerms(count=n, fee_rate=Decimal("0.0333"), fee_timing="upfront") for n in (3, 12))

RELIEF: dict[str, Any] = {
    "reage_min_paid": 0,
    "reage_per_years": (ReAgeLimit(count=2, years=1),),
    "hardship_counts": (3, 12),
    "hardship_yearly_rate": Decimal("0.06"),
}

CONVERTS: dict[str, Any] = {
    "convert": ("purchase", "bill"),
    "convert_share_max": Decimal("0.9"),
    "convert_amount_minor_min": 300,
}

BY_BUCKET = (Waterfall(order=("cost", "penalty", "interest", "fee", "principal"), by="bucket"),)
PRINCIPAL_FIRST = (Waterfall(order=("principal", "interest", "fee", "penalty", "cost")),)
FLIPPED_LATE = (
    Waterfall(order=("cost", "penalty", "interest", "fee", "principal")),
    Waterfall(order=("principal", "interest", "fee", "penalty", "cost"), from_days_past_due=40),
)


def with_plan_rate_from(on: str, rate: str) -> Program:
    """Plans with interest on what is left, and another rate for them from a day on."""
    program = program_with(installments=DECLINING, **CONVERTS)
    (first,) = program.versions
    cheaper = tuple(replace(offer, yearly_rate=Decimal(rate)) for offer in DECLINING)
    later = Version(from_on=day(on), applies_to="balances", terms=replace(first.terms, installments=cheaper))
    return replace(program, versions=(first, later))


_PROGRAMS: list[Program] = [
    HUABEI,
    program_with(waterfall=BY_BUCKET, interest_on=("principal", "fee"), installment_split="equal_total"),
    program_with(full_payment_tolerance_minor=500, grace_days=5, minimum_floor_minor=2000, **RELIEF),
    program_with(credit_balance_to_wallet=False, plan_refund_fee="keep", refund_counts_toward_minimum=False),
    program_with(refund_excess_to_other_debt=False, plan_refund_fee="full_return_only", credit_balance_to_wallet=False),
    program_with(cycle_day=31, due_day=20, waterfall=PRINCIPAL_FIRST, installments=PLANS),
    program_with(cycle_day=5, due_day=5, grace_days=10),
    program_with(
        installments=DECLINING, interest_on=("principal", "fee"), plan_payoff_fee="current_period", **CONVERTS
    ),
    program_with(installments=UP_FRONT, waterfall=BY_BUCKET, plan_payoff_fee="waived", **(CONVERTS | RELIEF)),
    program_with(
        installments=UP_FRONT,
        credit_balance_to_wallet=False,
        refund_excess_to_other_debt=False,
        plan_payoff_charge=Decimal("0.0123"),
        **CONVERTS,
    ),
    with_rate_from("05-17", "0.0003", "balances"),
    with_rate_from("05-17", "0.0003", "new_cycles"),
    with_plan_rate_from("04-17", "0.06"),
    program_with(  # a bank card: the whole bill from posting, compounding, late charge, non-accrual, day-91 flip
        interest_start="posting",
        grace_lost_for=2,
        interest_on=("principal", "interest"),
        due_day=20,
        late_charges=(LateCharge(share=Decimal("0.05"), floor_minor=1000),),
        waterfall=FLIPPED_LATE,
        non_accrual_days=50,
        minimum_in_full=("installment", "fee", "interest", "penalty", "missed", "over_limit"),
        blocks_while_past_due=False,
        **(CONVERTS | RELIEF | {"hardship_broken": "continue"}),
    ),
    program_with(  # interest from the first day, penalty while past due
        interest_start="posting",
        interest_free="never",
        interest_daily_rate=Decimal("0.0004"),
        penalty_daily_rate=Decimal("0.0002"),
        minimum_whole_below_minor=100_00,
        rounding="half_even",
        credit_balance_to_wallet=False,
        **RELIEF,
    ),
    program_with(  # by the order, without a bill
        billing="order",
        due_day=0,
        interest_daily_rate=Decimal(0),
        penalty_daily_rate=Decimal("0.0005"),
        penalty_on="principal_and_fee",
        order_notice_days=3,
        late_charges=(LateCharge(amount_minor=1000), LateCharge(days_past_due=7, amount_minor=700, cap_minor=6800)),
        installments=PLANS,
        hardship_counts=(3, 12),
    ),
]


def without_charge_off(program: Program) -> Program:
    """What is charged off is owed in other accounts (`test_charge_off.py`)."""
    versions = (replace(version, terms=replace(version.terms, charge_off_days=0)) for version in program.versions)
    return replace(program, versions=tuple(versions))


PROGRAMS = [without_charge_off(program) for program in _PROGRAMS]


class History(msgspec.Struct):
    """A play, and what may still happen in it."""

    play: Play
    on: date = day("03-02")
    item: int = 10
    escrowed: dict[int, int] = {}
    refundable: dict[int, int] = {}


def happen(history: History, what: str, minor: int, which: int) -> None:
    play, on, yuan = history.play, history.on, yuan_text(minor)
    match what:
        case "buy" | "buy in installments" | "merchant's installments":
            history.item += 1
            count = 0 if what == "buy" or minor < 100_00 else (3, 12)[which % 2]
            play.buy(on, yuan, history.item, installments=count, fee_payer="shopper" if what[0] == "b" else "merchant")
            history.refundable[history.item] = minor
        case "escrow":
            history.item += 1
            play.escrow(on, yuan, history.item)
            history.escrowed[history.item] = minor
        case "receive" if history.escrowed:
            item = _pick(history.escrowed, which)
            play.receive(on, yuan_text(history.escrowed[item]), item)
            history.refundable[item] = history.escrowed.pop(item)
        case "return before receipt" if history.escrowed:
            item = _pick(history.escrowed, which)
            play.return_before_receipt(on, yuan_text(history.escrowed.pop(item)), item)
        case "refund" if history.refundable:
            item = _pick(history.refundable, which)
            returned = min(minor, history.refundable[item])
            play.refund(on, yuan_text(returned), item)
            history.refundable[item] -= returned
            if history.refundable[item] == 0:
                del history.refundable[item]
        case "repay":
            play.repay(on, yuan)
        case "pay what is due":
            play.until(on)
            if play.line.due_minor:
                play.repay(on, yuan_text(play.line.due_minor), "wallet")
        case "convert a purchase":
            play.until(on)
            items = [purchase.item_id for purchase in play.account.purchases]
            items += [item.item_id for statement in play.account.statements for item in statement.items]
            if items:
                play.convert(on, items[which % len(items)], (3, 12)[which % 2])
        case "convert the bill":
            play.until(on)
            if play.account.statements:
                newest = play.account.statements[-1]
                most_minor = max(1, min(minor, newest.principal_minor * 9 // 10))
                play.convert_bill(on, newest.closes_on, yuan_text(most_minor), (3, 12)[which % 2])
        case "pay off a plan":
            play.until(on)
            if play.account.plans:
                plan = play.account.plans[which % len(play.account.plans)]
                play.pay_off_plan(on, plan.item_id)
        case "re-age":
            play.reage(on)
        case "hardship":
            play.agree_hardship(on, (3, 12)[which % 2], waive_penalty=which > 3)
        case "end the hardship plan":
            play.end_hardship(on, ("due_at_once", "continue", None)[which % 3])
        case "look":
            play.until(on)


def _pick(amounts: dict[int, int], which: int) -> int:
    return sorted(amounts)[which % len(amounts)]


_WHAT = [
    *("buy", "buy", "buy in installments", "merchant's installments", "escrow", "receive"),
    *("return before receipt", "refund", "refund", "repay", "repay", "pay what is due", "look"),
]
_OF_PLANS = ["convert a purchase", "convert the bill", "pay off a plan", "re-age", "hardship", "end the hardship plan"]


def _happenings(what: list[str]) -> st.SearchStrategy[tuple[str, int, int, int]]:
    return st.tuples(st.sampled_from(what), st.integers(0, 40), st.integers(1, 3_000_00), st.integers(0, 5))


HAPPENINGS = _happenings(_WHAT)
ALL_HAPPENINGS = _happenings([*_WHAT, *_OF_PLANS])


def play_out(program: Program, happenings: list[tuple[str, int, int, int]], check: Callable[[History], Any]) -> History:
    history = History(play=Play(program, limit="100000.00"))
    for what, days, minor, which in happenings:
        history.on += timedelta(days=days)
        happen(history, what, minor, which)
        check(history)
    history.play.until(history.on)
    return history


def the_line_is_the_book_and_will_be_the_account(history: History) -> None:
    """What the hot path added up is what was posted, and what the account will consist of once it has caught up."""
    play, line = history.play, history.play.line
    assert line.principal_minor == sum(map(play.balance, PRINCIPAL))
    assert line.fee_minor == play.balance(Ledger.FEE_UNBILLED) + play.balance(Ledger.FEE_BILLED)
    assert line.interest_minor == play.balance(Ledger.INTEREST_BILLED) + play.balance(Ledger.MEMO_INTEREST)
    assert line.penalty_minor == play.balance(Ledger.PENALTY_BILLED) + play.balance(Ledger.MEMO_PENALTY)
    assert line.credit_balance_minor == play.balance(Ledger.CREDIT_BALANCE)
    assert line.committed_minor == sum(history.escrowed.values()) == play.balance(Ledger.MEMO_COMMITTED)
    owed_minor = line.principal_minor + line.committed_minor - line.credit_balance_minor
    assert play.available_minor == line.limit_minor_on(play.today) - owed_minor

    account, steps = catch_up(play.account, play.pending, play.today, play.program)
    moved = totals(entry for step in steps for entry in step.entries)
    used_minor = {rule: parse_yuan(yuan) for rule, yuan in moved.items() if rule.startswith("USE_CREDIT_BALANCE_")}
    on_principal = ("USE_CREDIT_BALANCE_BILLED", "USE_CREDIT_BALANCE_PAST_DUE")
    assert account.principal_minor == line.principal_minor - sum(used_minor.get(rule, 0) for rule in on_principal)
    assert account.credit_balance_minor == line.credit_balance_minor - sum(used_minor.values())
    # A hardship plan that the clock has ended owes no interest to come.
    not_owed = parse_yuan(moved.get("CHARGE_SHOPPER_FEE", "0").removeprefix("-"))
    assert account.fee_minor == line.fee_minor - not_owed - used_minor.get("USE_CREDIT_BALANCE_FEE", 0)
    charged_minor = sum(parse_yuan(moved.get(rule, "0")) for rule in ("BILL_INTEREST", "ACCRUE_INTEREST_MEMO"))
    used_on_interest = used_minor.get("USE_CREDIT_BALANCE_INTEREST", 0)
    assert account.interest_minor == line.interest_minor + charged_minor - used_on_interest
    assert account.sequence == line.sequence + len(steps) == len(play.log) + len(steps)


PRINCIPAL = (Ledger.PRINCIPAL_UNBILLED, Ledger.PRINCIPAL_BILLED, Ledger.PRINCIPAL_PAST_DUE)


def every_stage_is_in_the_book(play: Play) -> None:
    account = play.account
    past_due = sum(statement.principal_minor for statement in account.statements if statement.past_due)
    billed = sum(statement.principal_minor for statement in account.statements) - past_due
    assert play.balance(Ledger.PRINCIPAL_UNBILLED) == account.unbilled_principal_minor
    assert play.balance(Ledger.PRINCIPAL_BILLED) == billed
    assert play.balance(Ledger.PRINCIPAL_PAST_DUE) == past_due
    assert play.balance(Ledger.FEE_BILLED) == sum(statement.fee_minor for statement in account.statements)
    assert play.balance(Ledger.INTEREST_BILLED) + play.balance(Ledger.MEMO_INTEREST) == sum(
        statement.interest_minor for statement in account.statements
    )
    assert play.balance(Ledger.DEFERRED_FEE_INCOME) == sum(plan.deferred_fee_minor for plan in account.plans)
    assert play.balance(Ledger.INTEREST_ACCRUED) == 0
    off_books = (play.balance(Ledger.MEMO_INTEREST), play.balance(Ledger.MEMO_PENALTY))
    on_statements = (
        sum(statement.interest_minor for statement in account.statements),
        sum(statement.penalty_minor for statement in account.statements),
    )
    assert off_books == (on_statements if account.accrual_stopped else (0, 0))


def money_in_is_money_out(play: Play) -> None:
    """What a repayment or refund brings is what it clears and what is kept for the customer."""
    for event, entries in play.log:
        if isinstance(event, Repaid) or (isinstance(event, Refunded) and not event.before_receipt):
            brought = event.amount_minor if isinstance(event, Repaid) else event.credit_minor
            brought += sum(entry.amount_minor for entry in entries if entry.rule is Rule.GIVE_BACK_FEE)
            takes = [
                entry for entry in entries if entry.rule.name.startswith(("CLEAR_", "KEEP_", "CHARGE_PLAN_", "PASS_"))
            ]
            assert sum(entry.amount_minor for entry in takes) == brought


def statements_add_up(play: Play) -> None:
    for statement in play.statements:
        billed = [line.amount_minor for line in statement.lines if line.what not in TOLD_LINES]
        assert statement.image_minor == sum(billed)
        assert 0 <= statement.minimum_minor <= statement.image_minor + statement.earlier_minor
        assert all(minor > 0 for minor in billed)


def a_fold_of_all_events_is_the_live_state(play: Play) -> None:
    (opened, _), *log = play.log
    account = open_account(opened)
    for event, entries in sorted(log, key=lambda logged: rank(logged[0])):
        account, derived = evolve(account, event, play.program)
        assert set(derived) <= set(entries), "a fold derives what was posted"
    assert account == play.account


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=40, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=3, max_size=14))
def test_whatever_happens_the_books_hold(program, happenings):
    history = play_out(program, happenings, the_line_is_the_book_and_will_be_the_account)

    every_stage_is_in_the_book(history.play)
    money_in_is_money_out(history.play)
    statements_add_up(history.play)
    a_fold_of_all_events_is_the_live_state(history.play)
    encoded = msgspec.json.encode(history.play.account)
    assert msgspec.json.decode(encoded, type=Account) == history.play.account


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=25, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, max_size=10), days=st.integers(0, 400), between=st.integers(0, 400))
def test_advancing_at_once_or_in_two_steps_is_the_same(program, happenings, days, between):
    play = play_out(program, happenings, lambda history: None).play
    b, c = (play.today + timedelta(days=n) for n in sorted((between, days)))

    at_once, steps = advance(play.account, c, program)
    first, first_steps = advance(play.account, b, program)
    second, second_steps = advance(first, c, program)

    assert second == at_once
    assert (*first_steps, *second_steps) == steps


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=25, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=3, max_size=12))
def test_it_does_not_matter_how_often_the_account_catches_up(program, happenings):
    seldom = play_out(program, happenings, lambda history: None).play
    often = play_out(program, happenings, lambda history: history.play.until(history.on)).play

    assert often.account == seldom.account
    assert often.line == seldom.line
    assert often.balances == seldom.balances


@settings(max_examples=40, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, max_size=12))
def test_who_pays_off_everything_is_owed_nothing_and_owes_nothing(happenings):
    history = play_out(HUABEI, happenings, lambda history: None)
    play = history.play

    play.repay(history.on, "900000.00")
    play.until(history.on + timedelta(days=400))

    assert play.account.statements == play.account.plans == play.account.purchases == ()
    assert play.line.next_action_on == date.max
    assert play.available_minor == play.line.limit_minor - play.line.committed_minor
    assert play.balance(Ledger.DEFERRED_FEE_INCOME) == 0


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=2, max_size=10), days=st.integers(0, 45))
def test_who_pays_the_amount_quoted_for_a_day_on_that_day_owes_nothing_and_is_owed_nothing_more(
    program, happenings, days
):
    history = play_out(program, happenings, lambda history: None)
    play, on = history.play, history.on
    quotes = payoff_through(play.account, on, on + timedelta(days=days), program)
    quoted = quotes.days[-1]

    assert quotes.days[(quotes.good_through_on - on).days].total_minor == quotes.days[0].total_minor
    play.until(quoted.on)
    assert payoff(play.account, quoted.on, program) == quoted
    if quoted.total_minor:
        owed_to_her_minor = play.account.credit_balance_minor
        play.repay(quoted.on, yuan_text(quoted.total_minor))
        assert payoff(play.account, quoted.on, program).total_minor == play.account.owed_minor == 0
        assert play.account.credit_balance_minor in (0, owed_to_her_minor)


@settings(max_examples=60, deadline=None)
@given(
    purchase_minor=st.integers(1, 5_000_00),
    payments=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 1_000_00)), max_size=6),
)
def test_interest_is_what_counting_day_by_day_gives(purchase_minor, payments):
    alice = Play(program_with(charge_off_days=0))
    alice.buy("03-05", yuan_text(purchase_minor), 11)
    unpaid_minor, counted, today, due_on = purchase_minor, Fraction(0), day("04-01"), day("04-10")
    for days, minor in payments:
        paid_on = today + timedelta(days=days)
        counted += unpaid_minor * Fraction(5, 10_000) * max(0, (paid_on - max(today, due_on)).days)
        # Interest billed meanwhile is cleared after the oldest statement's principal, and bears nothing itself.
        alice.repay(paid_on, yuan_text(minor))
        unpaid_minor, today = max(0, unpaid_minor - minor), paid_on
    last = day("2028-01-01")
    counted += unpaid_minor * Fraction(5, 10_000) * (last - max(today, due_on)).days
    alice.until(last)

    assert alice.posted(Rule.ACCRUE_INTEREST) == yuan_text(round_half_up(counted))
