"""Linked commands stand or fall together, in memory and in the database; and a call's commands see those before them."""

from __future__ import annotations

import psycopg
import pytest
from msgspec.structs import replace

from florin.credit.limit import SetLimit
from florin.credit.open import OpenLine
from florin.credit.repay import Repay
from florin.engine import (
    ClaimKind,
    GroupRefused,
    GuardRefused,
    KeyConflict,
    NotFound,
    Submission,
    claim,
    lane_for,
    lane_of,
)
from florin.payments.capture import Capture
from florin.payments.close import Close
from florin.payments.pay import Pay, TradeAlreadyPaid
from florin.payments.receive import Receive
from florin.payments.refund import Refund, RefundExceedsPayment
from florin.payments.trade import TradeState
from florin.payments.void import Void
from florin.wallet.join import Join
from florin.wallet.top_up import TopUp
from florin.wallet.withdraw import SettleWithdrawal, WalletTooLow, Withdraw
from world import DIRECT_APP, ESCROW_APP, World


@pytest.fixture(autouse=True)
def alice(world: World) -> None:
    world.person("alice", limit_minor=100_000, wallet_minor=50_000)


def linked(*commands, group: int = 1) -> list[Submission]:
    return [Submission(command=command, group=group) for command in commands]


def pay(world: World, trade_id: int, credit_minor: int = 0, wallet_minor: int = 0) -> Pay:
    return Pay(
        payment_id=world.engine.new_id(lane_of(world.people["alice"])),
        trade_id=trade_id,
        person_id=world.people["alice"],
        line_id=world.line_ids["alice"],
        credit_minor=credit_minor,
        wallet_minor=wallet_minor,
    )


def withdraw(world: World, amount_minor: int) -> Withdraw:
    person_id = world.people["alice"]
    return Withdraw(
        withdrawal_id=world.engine.new_id(lane_of(person_id)), person_id=person_id, amount_minor=amount_minor
    )


def money(world: World) -> tuple[int, ...]:
    line = world.line("alice")
    return (
        world.wallet_minor("alice"),
        line.principal_minor,
        line.committed_minor,
        line.held_minor,
        line.sequence,
        world.one("SELECT count(*) FROM event WHERE kind <> 90"),
        world.one("SELECT count(*) FROM payment"),
        world.one("SELECT count(*) FROM payout"),
        world.one("SELECT count(*) FROM trade WHERE state = 2"),
    )


# ── all or nothing ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_group_that_is_wholly_accepted_is_wholly_done(world: World):
    tea, cup = world.ask(30_000, app=DIRECT_APP), world.ask(20_000, app=DIRECT_APP)

    outcomes = world.engine.execute(linked(pay(world, tea, 20_000, 10_000), pay(world, cup, 0, 20_000)))

    assert all(outcome.event is not None for outcome in outcomes)
    assert (world.wallet_minor("alice"), world.line("alice").principal_minor) == (20_000, 20_000)
    world.assert_books_hold()


@pytest.mark.parametrize("refused_at", [0, 1, 2])
def test_one_refusal_undoes_the_others_wherever_it_stands(world: World, refused_at: int):
    """A mixed payment, an escrowed one and a withdrawal; one of the three asks for too much."""
    tea, cup = world.ask(30_000, app=DIRECT_APP), world.ask(40_000, app=ESCROW_APP)
    commands = [pay(world, tea, 20_000, 10_000), pay(world, cup, 40_000, 0), withdraw(world, 5_000)]
    commands[refused_at] = [
        pay(world, world.ask(100_001, app=DIRECT_APP), 100_001),
        pay(world, world.ask(100_001, app=ESCROW_APP), 100_001),
        withdraw(world, 50_001),
    ][refused_at]
    before = money(world)

    outcomes = world.engine.execute(linked(*commands))

    reason = "WalletTooLow" if refused_at == 2 else "CreditLimitExceeded"
    assert outcomes[refused_at].refusal.name == reason
    others = [outcome.refusal for n, outcome in enumerate(outcomes) if n != refused_at]
    assert others == [GroupRefused(because=reason)] * 2
    assert money(world) == before
    assert world.one("SELECT count(*) FROM event WHERE kind = 90") == 3, "each of them is on record as refused"
    world.assert_books_hold()


def test_what_a_refused_group_took_is_there_for_the_commands_after_it(world: World):
    """In memory too: the same batch goes on with the wallet, the line and the trade as if the group had never been."""
    tea, cup = world.ask(60_000, app=DIRECT_APP), world.ask(40_000, app=DIRECT_APP)
    after = pay(world, tea, 60_000)

    outcomes = world.engine.execute(
        [
            *linked(pay(world, tea, 60_000), pay(world, cup, 40_000), withdraw(world, 50_001)),
            Submission(command=after),
            Submission(command=withdraw(world, 50_000)),
        ]
    )

    assert [outcome.event is not None for outcome in outcomes] == [False, False, False, True, True]
    assert world.wallet_minor("alice") == 0
    assert world.line("alice").available_minor_on(world.today) == 40_000
    assert world.one("SELECT payment_id FROM trade WHERE id = %s", tea) == after.payment_id
    world.assert_books_hold()


def test_refunds_and_receipts_are_undone_with_their_group(world: World):
    tea = world.buy("alice", 30_000, 10_000, app=ESCROW_APP).event.payment_id
    cup = world.buy("alice", 20_000, app=DIRECT_APP).event.payment_id
    before = money(world)

    outcomes = world.engine.execute(
        linked(
            Receive(payment_id=tea, by="seller"),
            Refund(payment_id=cup, amount_minor=20_000, request_no="r1"),
            Refund(payment_id=cup, amount_minor=1, request_no="r2"),
        )
    )

    assert isinstance(outcomes[2].refusal, RefundExceedsPayment)
    assert money(world) == before
    assert world.payment(tea).received_minor == 0
    assert world.payment(cup).refunded_minor == 0
    world.assert_books_hold()


def test_groups_of_one_call_fall_apart_from_each_other_and_from_those_of_another(world: World):
    tea, cup, pot = (world.ask(40_000, app=DIRECT_APP) for _ in range(3))

    outcomes = world.engine.execute(
        [
            *linked(pay(world, tea, 40_000), group=1),
            *linked(pay(world, cup, 40_000), withdraw(world, 60_000), group=2),
            *linked(pay(world, pot, 40_000), group=3),
        ]
    )

    assert [outcome.event is not None for outcome in outcomes] == [True, False, False, True]
    world.assert_books_hold()


def test_a_guard_that_fires_in_a_group_takes_the_group_and_leaves_the_others(world: World):
    """The same payment id twice: the database refuses the second, so its whole group is not done."""
    tea, cup, pot = (world.ask(10_000, app=DIRECT_APP) for _ in range(3))
    taken = world.pay("alice", tea, 10_000).event.payment_id
    twice = Pay(payment_id=taken, trade_id=cup, person_id=world.people["alice"], wallet_minor=10_000)
    before = money(world)

    outcomes = world.engine.execute(
        [
            *linked(withdraw(world, 1_000), twice, group=1),
            Submission(command=pay(world, pot, 10_000)),
        ]
    )

    assert [type(outcome.refusal) for outcome in outcomes[:2]] == [GuardRefused] * 2
    assert outcomes[2].event is not None
    assert world.wallet_minor("alice") == before[0]
    assert world.one("SELECT count(*) FROM payout") == 0
    world.assert_books_hold()


def test_the_keys_of_a_refused_group_keep_their_answers(world: World):
    tea = world.ask(40_000, app=DIRECT_APP)
    submissions = [
        Submission(command=pay(world, tea, 40_000), claims=(claim(ClaimKind.REQUEST, 1, "a"),), group=1),
        Submission(command=withdraw(world, 60_000), claims=(claim(ClaimKind.REQUEST, 1, "b"),), group=1),
    ]

    first = world.engine.execute(submissions)
    again = world.engine.execute(submissions)

    assert [outcome.refusal.name for outcome in first] == ["GroupRefused", "WalletTooLow"]
    assert [outcome.refusal for outcome in again] == [outcome.refusal for outcome in first]
    assert [outcome.event_id for outcome in again] == [outcome.event_id for outcome in first]
    assert all(outcome.replayed for outcome in again)
    world.assert_books_hold()


def test_a_payout_that_is_settled_within_a_refused_group_is_still_in_transit(world: World):
    withdrawal = world.do(withdraw(world, 5_000)).event_id
    settled = SettleWithdrawal(
        withdrawal_id=withdrawal, person_id=world.people["alice"], amount_minor=5_000, bank_reference="b1"
    )

    world.engine.execute(linked(settled, withdraw(world, 60_000)))

    assert world.one("SELECT state FROM payout WHERE id = %s", withdrawal) == "sent"
    world.assert_books_hold()


def test_a_key_in_conflict_stops_its_whole_group(world: World):
    """The logon is taken: no line is opened for a person who did not join."""
    lane = lane_for("alice")
    stranger, line_id = world.engine.new_id(lane), world.engine.new_id(lane)
    join = Submission(
        command=Join(person_id=stranger, logon="alice", name="Another"),
        claims=(claim(ClaimKind.LOGON, 0, "alice", "Another"),),
        group=1,
    )
    opened = OpenLine(person_id=stranger, line_id=line_id, program="huabei", limit_minor=100_000)
    outcomes = world.engine.execute([join, Submission(command=opened, group=1)])

    assert isinstance(outcomes[0].refusal, KeyConflict)
    assert outcomes[1].refusal == GroupRefused(because="KeyConflict")
    assert world.one("SELECT count(*) FROM line") == 1


def keyed_pair(world: World, trade_id: int) -> list[Submission]:
    """A payment under a key, and a withdrawal linked to it that has none of its own."""
    return [
        Submission(command=pay(world, trade_id, 10_000), claims=(claim(ClaimKind.REQUEST, 1, "a"),), group=1),
        Submission(command=withdraw(world, 1_000), group=1),
    ]


def test_a_group_said_again_is_done_once_also_its_members_without_a_key(world: World):
    tea = world.ask(10_000, app=DIRECT_APP)
    first = world.engine.execute(keyed_pair(world, tea))

    again = world.engine.execute(keyed_pair(world, tea))

    assert [outcome.event is not None for outcome in first] == [True, True]
    assert all(outcome.replayed for outcome in again)
    assert again[0].event_id == first[0].event_id
    assert world.wallet_minor("alice") == 49_000
    world.assert_books_hold()


def test_a_group_said_twice_in_one_batch_is_done_once(world: World):
    tea = world.ask(10_000, app=DIRECT_APP)
    twice = [*keyed_pair(world, tea), *(replace(one, group=2) for one in keyed_pair(world, tea))]

    outcomes = world.engine.execute(twice)

    assert [outcome.replayed for outcome in outcomes] == [False, False, True, True]
    assert world.wallet_minor("alice") == 49_000
    world.assert_books_hold()


def test_a_group_whose_key_stands_for_a_refusal_is_refused_again(world: World):
    tea = world.ask(200_000, app=DIRECT_APP)
    group = [
        Submission(command=pay(world, tea, 200_000), claims=(claim(ClaimKind.REQUEST, 1, "a"),), group=1),
        Submission(command=withdraw(world, 1_000), group=1),
    ]
    world.engine.execute(group)

    again = world.engine.execute(group)

    assert [outcome.refusal.name for outcome in again] == ["CreditLimitExceeded", "GroupRefused"]
    assert world.wallet_minor("alice") == 50_000


def test_something_used_before_stops_its_whole_group_and_leaves_its_keys_free(world: World):
    tea, cup = world.ask(10_000, app=DIRECT_APP), world.ask(10_000, app=DIRECT_APP)
    code = claim(ClaimKind.CODE, 0, "28-1")
    first = Submission(command=pay(world, tea, 10_000), claims=(claim(ClaimKind.REQUEST, 1, "a"), code))
    world.engine.execute([first])
    group = [
        Submission(command=withdraw(world, 1_000), claims=(claim(ClaimKind.REQUEST, 1, "b"),), group=1),
        Submission(command=pay(world, cup, 10_000), claims=(claim(ClaimKind.REQUEST, 1, "c"), code), group=1),
    ]

    outcomes = world.engine.execute(group)
    again = world.engine.execute([group[0]])

    assert [outcome.refusal.name for outcome in outcomes] == ["GroupRefused", "AlreadyUsed"]
    assert again[0].event is not None
    assert not again[0].replayed
    world.assert_books_hold()


def test_a_group_that_waits_for_the_fate_of_a_shared_claim_waits_as_a_whole(world: World):
    """Two of one batch share a code; the second is in a group, whose other member must not run ahead of it."""
    tea, cup = world.ask(10_000, app=DIRECT_APP), world.ask(10_000, app=DIRECT_APP)
    code = claim(ClaimKind.CODE, 0, "28-1")

    outcomes = world.engine.execute(
        [
            Submission(command=pay(world, tea, 10_000), claims=(claim(ClaimKind.REQUEST, 1, "a"), code)),
            Submission(command=withdraw(world, 1_000), group=1),
            Submission(command=pay(world, cup, 10_000), claims=(claim(ClaimKind.REQUEST, 1, "c"), code), group=1),
        ]
    )

    assert outcomes[0].event is not None
    assert [outcome.refusal.name for outcome in outcomes[1:]] == ["GroupRefused", "AlreadyUsed"]
    assert world.wallet_minor("alice") == 50_000


def test_a_group_with_a_busy_row_waits_as_a_whole(world: World):
    """A withdrawal and a payment of one trade, linked; the trade is busy behind an earlier command of the same call."""
    tea, cup = world.ask(10_000, app=DIRECT_APP), world.ask(10_000, app=DIRECT_APP)
    world.person("bob", wallet_minor=20_000)
    bob = Pay(
        payment_id=world.engine.new_id(lane_of(world.people["bob"])),
        trade_id=tea,
        person_id=world.people["bob"],
        wallet_minor=10_000,
    )
    with psycopg.connect(world.dsn) as elsewhere:
        elsewhere.execute("SELECT FROM wallet WHERE id = %s FOR UPDATE", (world.people["bob"],))
        outcomes = world.engine.execute(
            [
                Submission(command=bob),
                *linked(withdraw(world, 50_000), pay(world, tea, 10_000), group=1),
                *linked(withdraw(world, 50_000), pay(world, cup, 10_000), group=2),
            ]
        )

    assert outcomes[0].refusal.name == "Busy"
    assert [outcome.event is not None for outcome in outcomes[1:3]] == [True, True], "in the order of the call"
    assert [outcome.refusal.name for outcome in outcomes[3:]] == ["WalletTooLow", "GroupRefused"]
    world.assert_books_hold()


# ── in order ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_commands_of_a_call_are_done_in_its_order(world: World):
    tea = world.ask(50_000, app=DIRECT_APP)

    first, second, third = world.engine.execute(
        [Submission(command=c) for c in (withdraw(world, 30_000), pay(world, tea, 0, 50_000), withdraw(world, 20_000))]
    )

    assert first.event is not None
    assert second.refusal == WalletTooLow(balance_minor=20_000, requested_minor=50_000, short_minor=30_000)
    assert third.event is not None
    assert world.wallet_minor("alice") == 0


def test_a_trade_paid_and_closed_in_one_call_is_paid(world: World):
    tea = world.ask(10_000, app=DIRECT_APP)
    first = pay(world, tea, 10_000)

    outcomes = world.engine.execute(
        [Submission(command=c) for c in (first, pay(world, tea, 10_000), Close(trade_id=tea))]
    )

    assert outcomes[0].event is not None
    assert outcomes[1].refusal == outcomes[2].refusal == TradeAlreadyPaid(trade_id=tea, payment_id=first.payment_id)


def test_what_a_call_has_made_its_later_commands_may_use(world: World):
    """Join, top up, open a line, buy with both, give a part of it back: one call, nobody waits for anybody."""
    lane = lane_for("carol")
    carol, line_id, payment_id = (world.engine.new_id(lane) for _ in range(3))
    tea = world.ask(40_000, app=DIRECT_APP)
    world.bank.book("safeguarded", 30_000, "b1", world.today)
    commands = [
        Join(person_id=carol, logon="carol", name="Carol"),
        TopUp(person_id=carol, amount_minor=30_000, bank_reference="b1"),
        OpenLine(person_id=carol, line_id=line_id, program="huabei", limit_minor=50_000),
        Pay(
            payment_id=payment_id,
            trade_id=tea,
            person_id=carol,
            line_id=line_id,
            credit_minor=15_000,
            wallet_minor=25_000,
        ),
        Refund(payment_id=payment_id, amount_minor=20_000, request_no="r1"),
    ]

    outcomes = world.engine.execute([Submission(command=command) for command in commands])

    assert [outcome.refusal for outcome in outcomes] == [None] * 5
    world.people["carol"], world.line_ids["carol"] = carol, line_id
    assert (world.wallet_minor("carol"), world.line("carol").principal_minor) == (10_000, 0)
    world.assert_books_hold()


def test_what_a_group_has_made_its_later_members_may_use(world: World):
    lane = lane_for("carol")
    carol, line_id = world.engine.new_id(lane), world.engine.new_id(lane)
    world.bank.book("safeguarded", 30_000, "b1", world.today)

    outcomes = world.engine.execute(
        linked(
            Join(person_id=carol, logon="carol", name="Carol"),
            TopUp(person_id=carol, amount_minor=30_000, bank_reference="b1"),
            OpenLine(person_id=carol, line_id=line_id, program="huabei", limit_minor=50_000),
        )
    )

    assert [outcome.refusal for outcome in outcomes] == [None] * 3
    world.assert_books_hold()


def test_a_person_of_a_refused_group_is_not_there_for_anybody(world: World):
    lane = lane_for("carol")
    carol, line_id = world.engine.new_id(lane), world.engine.new_id(lane)

    outcomes = world.engine.execute(
        [
            *linked(
                Join(person_id=carol, logon="carol", name="Carol"),
                OpenLine(person_id=carol, line_id=line_id, program="huabei", limit_minor=1),
            ),
            Submission(command=TopUp(person_id=carol, amount_minor=30_000, bank_reference="b1")),
        ]
    )

    assert [outcome.refusal.name for outcome in outcomes] == ["GroupRefused", "LimitOutOfRange", "NotFound"]
    assert world.one("SELECT count(*) FROM person") == 1


# ── not found ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("identifier", [0, -1, 7, 2**62])
def test_a_row_that_is_not_there_is_a_refusal_that_names_it(world: World, identifier: int):
    named = [
        ("payment", Refund(payment_id=identifier, amount_minor=1, request_no="r")),
        ("payment", Capture(payment_id=identifier)),
        ("payment", Void(payment_id=identifier)),
        ("payment", Receive(payment_id=identifier)),
        ("trade", Close(trade_id=identifier)),
        ("wallet", TopUp(person_id=identifier, amount_minor=1, bank_reference="b")),
        ("line", Repay(line_id=identifier, amount_minor=1, source="bank")),
        ("line", SetLimit(line_id=identifier, limit_minor=1, reason="r")),
    ]
    last = pay(world, world.ask(1_000, app=DIRECT_APP), 1_000)

    outcomes = world.engine.execute([Submission(command=command) for command in (*(c for _, c in named), last)])

    assert [outcome.refusal for outcome in outcomes] == [
        *(NotFound(what=what, id=identifier) for what, _ in named),
        None,
    ]
    world.assert_books_hold()


def test_nobody_who_has_not_joined_is_given_a_line(world: World):
    nobody, line_id = world.engine.new_id(8), world.engine.new_id(8)

    outcome = world.do(OpenLine(person_id=nobody, line_id=line_id, program="huabei", limit_minor=100_000))

    assert outcome.refusal == NotFound(what="wallet", id=nobody)
    assert world.one("SELECT count(*) FROM line") == 1


def test_paying_a_trade_that_is_not_there_with_a_line_that_is_not_there(world: World):
    trade, nobody = world.ask(1_000, app=DIRECT_APP), world.engine.new_id(8)
    no_trade = pay(world, world.engine.new_id(8), 1_000)
    no_line = Pay(
        payment_id=world.engine.new_id(8), trade_id=trade, person_id=nobody, line_id=nobody, credit_minor=1_000
    )

    outcomes = world.engine.execute([Submission(command=no_trade), Submission(command=no_line)])

    assert outcomes[0].refusal == NotFound(what="trade", id=no_trade.trade_id)
    assert outcomes[1].refusal == NotFound(what="line", id=nobody)
    assert world.one("SELECT state FROM trade WHERE id = %s", trade) == TradeState.WAITING
