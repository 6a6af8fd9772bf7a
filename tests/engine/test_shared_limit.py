"""What one person's lines use together stays within the limit of their group, from however many sides they are used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from conftest import FreshDatabase
from engine.test_races import THREADS, engines, race, reasons  # noqa: F401 - a fixture
from florin.credit.authorize import CreditLimitExceeded
from florin.credit.explain import question_of
from florin.credit.limit import SetLimit
from florin.credit.open import OpenLine
from florin.credit.repay import Repay
from florin.credit.return_repayment import ReturnRepayment
from florin.credit.shared_limit import NoSharedLimit, SetSharedLimit, SharedLimitExceeded, SharedLimitOutOfRange
from florin.engine import Submission, clock
from florin.engine.drift import drift_of_all
from florin.engine.proof import prove
from florin.queries.explain import explain_line
from florin.queries.lines import LineView, line_by_id
from own_programs import own_programs
from world import ESCROW_APP, World

pytestmark = pytest.mark.every_proof

TOGETHER, EACH = 1_000_00, 800_00
GROUP = {"exposure_group": "house", "exposure_group_limit_minor": TOGETHER}
JUNE = date(2026, 6, 2)


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    """Alice has a card and a loan of up to 800.00 each, and may use 1,000.00 of both together."""
    programs = {"card": GROUP | {"repayment_hold_days": 3}, "loan": GROUP | {"credit_balance_to_wallet": False}}
    with own_programs(**programs), World(fresh_database.engine) as made:
        made.person("alice", limit_minor=EACH, wallet_minor=5_000_00, program="card")
        made.people["alice's loan"] = made.people["alice"]
        made.open_line("alice's loan", "loan", EACH)
        yield made
        made.assert_books_hold()
        assert list(drift_of_all(made.connection)) == []


def used(world: World) -> int:
    return world.one("SELECT exposure_minor FROM shared_exposure WHERE person_id = %s", world.people["alice"])


def refused(world: World, name: str, amount_minor: int) -> SharedLimitExceeded:
    refusal = world.buy(name, amount_minor).refusal
    assert isinstance(refusal, SharedLimitExceeded)
    return refusal


def set_shared(world: World, limit_minor: int | None, group: str = "house"):
    command = SetSharedLimit(
        person_id=world.people["alice"], group=group, limit_minor=limit_minor, reason="income reviewed"
    )
    return world.do(command)


def test_what_one_line_uses_the_other_has_not(world: World):
    assert world.buy("alice", 700_00).refusal is None

    too_much = refused(world, "alice's loan", 400_00)

    assert too_much == SharedLimitExceeded(
        group="house", requested_minor=400_00, shared_limit_minor=TOGETHER, exposure_minor=700_00, over_minor=100_00,
        line_id=world.line_ids["alice's loan"],
    )  # fmt: skip
    assert "¥100.00 over what your pay-later lines may come to together: ¥1,000.00" in too_much.sentence("en")
    assert "合计额度 ¥100.00：合计额度为 ¥1,000.00，已用 ¥700.00" in too_much.sentence("zh")
    assert world.buy("alice's loan", 300_00).refusal is None
    assert used(world) == TOGETHER


def test_a_payment_keeps_the_evidence_and_the_database_guards_it(world: World):
    world.buy("alice", 700_00)
    payment = world.payment(world.buy("alice's loan", 300_00).event.payment_id)

    assert (payment.group_exposure_before_minor, payment.group_limit_minor) == (700_00, TOGETHER)
    with pytest.raises(Exception, match="payment_within_the_shared_limit"):
        world.connection.execute("UPDATE payment SET group_limit_minor = 99999 WHERE id = %s", (payment.id,))
    world.connection.rollback()


def test_every_stage_of_a_sale_and_its_end_is_counted(world: World):
    held = world.authorize("alice", 200_00).event.payment_id
    escrowed = world.buy("alice's loan", 300_00, app=ESCROW_APP).event.payment_id
    assert used(world) == 500_00
    world.capture(held, 150_00)
    world.receive(escrowed)
    assert used(world) == 500_00
    world.void(held)
    assert used(world) == 450_00
    world.refund(escrowed, 100_00)
    assert used(world) == 350_00
    world.repay("alice's loan", 200_00)

    assert used(world) == 150_00


def test_what_has_not_cleared_on_one_line_is_not_there_for_the_other(world: World):
    world.buy("alice", 800_00)
    world.repay("alice", 800_00, "bank")

    assert refused(world, "alice's loan", 300_00).exposure_minor == 800_00
    world.until(world.today + timedelta(days=3))

    assert used(world) == 0
    assert world.buy("alice's loan", 800_00).refusal is None


def test_an_overpayment_kept_on_one_line_is_used_by_its_bills_and_the_guard_follows(world: World):
    world.buy("alice's loan", 100_00)
    world.repay("alice's loan", 300_00, "bank")
    assert used(world) == -200_00
    world.buy("alice's loan", 150_00)

    world.until(JUNE)

    assert used(world) == -50_00


def test_a_repayment_that_came_back_may_exceed_and_then_nothing_new_is_sold_on_any_line(world: World):
    world.buy("alice's loan", 800_00)
    line_id = world.line_ids["alice's loan"]
    world.bank.book("safeguarded", 600_00, "B-1", world.today)
    assert world.do(Repay(line_id=line_id, amount_minor=600_00, source="bank", reference="B-1")).event
    world.buy("alice", 800_00)
    world.bank.book("safeguarded", -600_00, "B-1/returned", world.today)

    assert world.do(ReturnRepayment(line_id=line_id, amount_minor=600_00, reference="B-1")).refusal is None

    assert used(world) == 1_600_00
    world.do(SetLimit(line_id=world.line_ids["alice"], limit_minor=3_000_00, reason="test"))
    assert refused(world, "alice", 1).over_minor == 600_01
    assert isinstance(world.buy("alice's loan", 1).refusal, CreditLimitExceeded)


def test_the_owner_sets_a_persons_own_limit_with_a_reason_and_takes_it_back(world: World):
    assert set_shared(world, 500_00).refusal is None
    assert refused(world, "alice", 500_01).shared_limit_minor == 500_00
    assert set_shared(world, 1_500_00).refusal is None
    assert world.buy("alice", 800_00).refusal is None
    assert world.buy("alice's loan", 700_00).refusal is None
    assert set_shared(world, None).refusal is None

    assert refused(world, "alice's loan", 1).over_minor == 500_01
    told = world.connection.execute(
        "SELECT body ->> 'limit_minor', body ->> 'reason' FROM event WHERE kind = 122 ORDER BY recorded_at, id"
    ).fetchall()
    world.connection.commit()
    assert sorted(told, key=str) == sorted(
        [("50000", "income reviewed"), ("150000", "income reviewed"), (None, "income reviewed")], key=str
    )


def test_a_limit_for_a_group_in_which_she_has_no_line_or_below_zero_is_refused(world: World):
    assert set_shared(world, 1, "garage").refusal == NoSharedLimit(group="garage", person_id=world.people["alice"])
    assert isinstance(set_shared(world, -1).refusal, SharedLimitOutOfRange)


def test_a_line_of_no_group_has_no_guard_and_keeps_no_evidence(world: World):
    world.person("bob", limit_minor=EACH)
    payment = world.payment(world.buy("bob", 100_00).event.payment_id)

    assert payment.group_limit_minor is None
    assert world.one("SELECT count(*) FROM shared_exposure") == 1


def test_lines_opened_and_used_in_one_batch_share_from_their_first_day(world: World):
    carol = world.person("carol")
    lines = [world.engine.new_id(int(world.one("SELECT lane FROM wallet WHERE id = %s", carol))) for _ in range(2)]
    opens = [
        Submission(command=OpenLine(person_id=carol, line_id=line_id, program=program, limit_minor=EACH))
        for line_id, program in zip(lines, ("card", "loan"), strict=True)
    ]
    buys = []
    for line_id in lines:
        world.line_ids["carol"] = line_id
        buys.append(world.charge_command("carol", 600_00))

    outcomes = world.engine.execute([*opens, *buys])

    assert [outcome.refusal and outcome.refusal.name for outcome in outcomes] == [
        None, None, None, "SharedLimitExceeded",
    ]  # fmt: skip
    assert world.one("SELECT exposure_minor FROM shared_exposure WHERE person_id = %s", carol) == 600_00


def test_a_group_of_commands_that_is_refused_leaves_the_guard_as_it_was(world: World):
    first, second = (
        world.charge_command("alice", 700_00, group=1),
        world.charge_command("alice's loan", 700_00, group=1),
    )

    outcomes = world.engine.execute([first, second])

    assert {outcome.refusal.name for outcome in outcomes} == {"GroupRefused", "SharedLimitExceeded"}
    assert used(world) == 0


def test_two_lines_used_at_once_by_many_never_exceed_what_they_share(world: World, engines):  # noqa: F811
    world.do(SetLimit(line_id=world.line_ids["alice"], limit_minor=3_000_00, reason="test"))
    charges = [
        world.charge_command(("alice", "alice's loan")[n % 2], 60_00, capture=n % 3 == 0) for n in range(THREADS * 2)
    ]

    outcomes = race(engines, charges)

    assert reasons(outcomes) == {"done": 16, "SharedLimitExceeded": THREADS * 2 - 16}
    assert used(world) == 960_00
    lines = [world.line(name) for name in ("alice", "alice's loan")]
    assert sum(line.exposure_minor for line in lines) == 960_00
    assert min(line.exposure_minor for line in lines) > 0


def test_repayments_on_one_line_and_purchases_on_the_other_at_once_add_up(world: World, engines):  # noqa: F811
    world.buy("alice's loan", 800_00)
    repays = [
        Submission(command=Repay(line_id=world.line_ids["alice's loan"], amount_minor=50_00, source="wallet"))
        for _ in range(8)
    ]
    buys = [world.charge_command("alice", 50_00) for _ in range(THREADS)]

    outcomes = race(engines, [each for pair in zip(buys, repays * 4, strict=False) for each in pair])

    assert {outcome.refusal.name for outcome in outcomes if outcome.refusal} <= {"SharedLimitExceeded"}
    assert used(world) <= TOGETHER
    assert used(world) == sum(world.line(name).exposure_minor for name in ("alice", "alice's loan"))
    before = world.one("SELECT max(group_exposure_before_minor + credit_authorized_minor) FROM payment")
    assert before <= TOGETHER


def test_the_proof_names_a_guard_that_says_something_else_than_the_lines(world: World):
    world.buy("alice", 100_00)
    world.connection.execute("UPDATE shared_exposure SET exposure_minor = exposure_minor - 1")
    world.connection.commit()

    failed = [check for check in prove(world.connection).checks if not check.holds]

    assert [check.name for check in failed] == ["shared"]
    assert failed[0].differences == (f"what person {world.people['alice']} uses in house: expected 10000, found 9999",)
    world.connection.execute("UPDATE shared_exposure SET exposure_minor = exposure_minor + 1")
    world.connection.commit()


def view(world: World, name: str) -> LineView:
    at = clock.read(world.connection)
    world.connection.commit()
    found = line_by_id(world.connection, line_id=world.line_ids[name], at=at)
    assert found is not None
    return found


def test_a_line_says_what_is_really_left_on_it_and_why(world: World):
    world.buy("alice", 700_00)

    loan = view(world, "alice's loan")
    told = explain_line(
        world.connection,
        line_id=world.line_ids["alice's loan"],
        question=question_of("available"),
        at=clock.read(world.connection),
        language="en",
    )

    assert (loan.line.available_minor_on(loan.at.on), loan.available_minor) == (EACH, 300_00)
    assert world.buy("alice's loan", loan.available_minor + 1).refusal is not None
    assert told.answer.amount_minor == 300_00 == sum(part.amount_minor for part in told.answer.parts)
    assert (
        told.answer.parts[-1].text
        == "Your pay-later lines may come to ¥1,000.00 together, and ¥700.00 is in use: -¥500.00"
    )
    assert world.buy("alice's loan", loan.available_minor).refusal is None
    assert view(world, "alice's loan").available_minor == 0


def test_a_refusal_by_the_shared_limit_is_explained_by_its_numbers(world: World):
    world.buy("alice", 700_00)
    refused(world, "alice's loan", 400_00)

    told = explain_line(
        world.connection,
        line_id=world.line_ids["alice's loan"],
        question=question_of("refusal"),
        at=clock.read(world.connection),
        language="zh",
    )

    assert told.answer.amount_minor == 100_00
    assert [part.amount_minor for part in told.answer.parts] == [400_00, 700_00, -1_000_00]


def test_a_refusal_is_explained_by_what_each_line_uses_of_the_shared_limit(world: World):
    assert world.buy("alice", 600_00).refusal is None
    assert world.authorize("alice's loan", 100_00).event is not None
    said = refused(world, "alice's loan", 350_00)
    world.buy("alice", 50_00)  # after it, and no part of the answer

    found = explain_line(
        world.connection,
        line_id=world.line_ids["alice's loan"],
        question=question_of("refusal"),
        at=clock.read(world.connection),
        language="en",
    )

    assert found is not None
    requested, used_together, shared = found.answer.parts
    assert found.answer.amount_minor == said.over_minor == 50_00
    assert (requested.amount_minor, used_together.amount_minor, shared.amount_minor) == (350_00, 700_00, -1000_00)
    assert sorted(part.amount_minor for part in used_together.parts) == [100_00, 600_00]
    assert {part.what for part in used_together.parts} == {"refusal.line_used"}
