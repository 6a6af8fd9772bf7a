"""A key happens once: the same content gets the stored answer, other content is refused, and twins share one event."""

from __future__ import annotations

import psycopg
import pytest
from msgspec.structs import replace

from florin.credit.authorize import CreditLimitExceeded
from florin.engine import AlreadyUsed, ClaimKind, Engine, KeyConflict, Submission, claim
from florin.engine.batch import Committer
from florin.wallet.top_up import TopUp
from world import DIRECT_APP, World


@pytest.fixture(autouse=True)
def alice(world: World) -> None:
    world.person("alice", limit_minor=100_000)


def events_of(world: World, kind: int) -> int:
    return world.one("SELECT count(*) FROM event WHERE kind = %s", kind)


def claims(world: World) -> int:
    return world.one("SELECT count(*) FROM claim")


def test_the_same_key_with_the_same_content_gets_the_stored_answer(world: World):
    charge = world.charge_command("alice", 30_000, key="order-7")

    first, again = world.engine.execute([charge])[0], world.engine.execute([charge])[0]

    assert first.event is not None
    assert not first.replayed
    assert again.replayed
    assert (again.event, again.event_id) == (first.event, first.event_id)
    assert world.line("alice").principal_minor == 30_000
    assert events_of(world, 44) == 1


def test_the_answer_is_the_same_in_another_process_and_after_a_restart(world: World):
    charge = world.charge_command("alice", 30_000, key="order-7")
    first = world.engine.execute([charge])[0]

    with Engine(world.dsn) as other:
        again = other.execute([charge])[0]

    assert (again.event, again.event_id, again.replayed) == (first.event, first.event_id, True)


def test_a_retry_that_brings_fresh_ids_is_still_the_first_order(world: World):
    """A client that did not hear the answer makes its command anew, with ids of its own."""
    first = world.engine.execute([world.charge_command("alice", 30_000, key="order-7")])[0]
    again = world.engine.execute([world.charge_command("alice", 30_000, key="order-7")])[0]

    assert again.replayed
    assert again.event_id == first.event_id
    assert again.event == first.event


def test_the_same_key_with_other_content_is_refused_and_names_what_it_was_used_for(world: World):
    first = world.engine.execute([world.charge_command("alice", 30_000, key="order-7")])[0]

    other = world.engine.execute([world.charge_command("alice", 40_000, key="order-7")])[0]

    assert other.refusal == KeyConflict(kind="request", key="order-7", event_id=first.event_id)
    assert world.line("alice").principal_minor == 30_000


def test_the_same_key_of_another_kind_or_scope_is_another_key(world: World):
    for kind, scope in ((ClaimKind.REQUEST, 1), (ClaimKind.REQUEST, 2), (ClaimKind.FORM, 1)):
        outcome = world.do(
            TopUp(person_id=world.people["alice"], amount_minor=100, bank_reference="b"),
            claim(kind, scope, "seven", 100),
        )
        assert outcome.event is not None
        assert not outcome.replayed


def test_a_claim_is_found_by_what_psql_computes_too(world: World):
    """A house from before digests was moved by SQL: the same keys have to find their answers."""
    world.engine.execute([world.charge_command("alice", 30_000, key="订单-7")])

    found = world.one(
        "SELECT count(*) FROM claim WHERE kind = 2 AND digest ="
        " encode(substring(sha256(convert_to(2 || '/' || %s || '/' || '订单-7', 'UTF8')) FOR 16), 'hex')::uuid",
        DIRECT_APP,
    )

    assert found == 1


def test_a_refusal_is_the_stored_answer_of_its_key(world: World):
    too_much = world.charge_command("alice", 100_001, key="order-7")
    first = world.engine.execute([too_much])[0]
    world.repay("alice", 50_000, "bank")

    again = world.engine.execute([too_much])[0]

    assert isinstance(first.refusal, CreditLimitExceeded)
    assert again.refusal == first.refusal
    assert (again.replayed, again.event_id) == (True, first.event_id)
    assert events_of(world, 90) == 1


def test_a_key_that_does_not_keep_refusals_may_be_tried_again(world: World):
    charge = world.charge_command("alice", 100_001, key="order-7", keeps_refusal=False)
    before = claims(world)

    first = world.engine.execute([charge])[0]
    second = world.engine.execute([charge])[0]
    smaller = world.charge_command("alice", 50_000, key="order-7", keeps_refusal=False)
    third = world.engine.execute([smaller])[0]

    assert isinstance(first.refusal, CreditLimitExceeded)
    assert isinstance(second.refusal, CreditLimitExceeded)
    assert not second.replayed
    assert third.event is not None
    assert events_of(world, 90) == 2, "each refused attempt keeps its event"
    assert claims(world) == before + 1


def test_twins_in_one_batch_get_one_answer(world: World):
    charge = world.charge_command("alice", 30_000, key="order-7")
    twin = world.charge_command("alice", 30_000, key="order-7")

    first, second, third = world.engine.execute([charge, twin, charge])

    assert first.event is not None
    assert not first.replayed
    assert second == third == replace(first, replayed=True, trade=None, payment=None, at=None)
    assert world.line("alice").principal_minor == 30_000


def test_a_twin_with_other_content_in_one_batch_is_in_conflict(world: World):
    first, second = world.engine.execute(
        [world.charge_command("alice", 30_000, key="order-7"), world.charge_command("alice", 40_000, key="order-7")]
    )

    assert first.event is not None
    assert second.refusal == KeyConflict(kind="request", key="order-7", event_id=first.event_id)
    assert world.line("alice").principal_minor == 30_000


def test_twins_of_a_refusal_share_it(world: World):
    charge = world.charge_command("alice", 100_001, key="order-7")

    first, second = world.engine.execute([charge, charge])

    assert isinstance(first.refusal, CreditLimitExceeded)
    assert second == replace(first, replayed=True)
    assert events_of(world, 90) == 1


# ── things that may be used once ──────────────────────────────────────────────────────────────────────────────────


def with_code(submission: Submission, code: str) -> Submission:
    return replace(submission, claims=(*submission.claims, claim(ClaimKind.CODE, 0, code)))


def test_a_code_used_for_another_order_is_refused_and_leaves_the_new_key_free(world: World):
    first = world.engine.execute([with_code(world.charge_command("alice", 10_000, key="a"), "28-1")])[0]
    before = claims(world)

    second = world.engine.execute([with_code(world.charge_command("alice", 10_000, key="b"), "28-1")])[0]

    assert second.refusal == AlreadyUsed(kind="code", key="28-1", event_id=first.event_id)
    assert claims(world) == before
    assert world.engine.execute([with_code(world.charge_command("alice", 10_000, key="b"), "28-2")])[0].event


def test_an_order_tried_again_with_a_fresh_code_gets_its_answer_and_leaves_the_code_free(world: World):
    first = world.engine.execute([with_code(world.charge_command("alice", 10_000, key="a"), "28-1")])[0]

    again = world.engine.execute([with_code(world.charge_command("alice", 10_000, key="a"), "28-2")])[0]
    same_code = world.engine.execute([with_code(world.charge_command("alice", 10_000, key="a"), "28-1")])[0]

    assert again.replayed
    assert same_code.replayed
    assert again.event_id == same_code.event_id == first.event_id
    assert world.engine.execute([with_code(world.charge_command("alice", 10_000, key="b"), "28-2")])[0].event


@pytest.mark.parametrize("orders", [2, 7])
def test_one_code_in_one_batch_pays_one_order(world: World, orders: int):
    batch = [with_code(world.charge_command("alice", 10_000, key=f"order-{n}"), "28-1") for n in range(orders)]

    outcomes = world.engine.execute(batch)

    assert outcomes[0].event is not None, "the first of the call wins"
    assert [type(outcome.refusal) for outcome in outcomes[1:]] == [AlreadyUsed] * (orders - 1)
    assert world.line("alice").principal_minor == 10_000


# ── a lost COMMIT ─────────────────────────────────────────────────────────────────────────────────────────────────


def lose_the_next_commit(monkeypatch: pytest.MonkeyPatch, *, done: bool) -> None:
    """The connection dies at COMMIT: just after it was done, or just before."""
    transaction, lost = Committer._transaction, []

    def once(committer, jobs, *, alone):
        connection = committer._connection
        commit = connection.commit

        def lose():
            lost.append(connection)
            if done:
                commit()
            connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

        if not lost:
            monkeypatch.setattr(connection, "commit", lose, raising=False)
        return transaction(committer, jobs, alone=alone)

    monkeypatch.setattr(Committer, "_transaction", once)


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_commit_is_retried_with_the_same_keys_and_happens_once(world: World, monkeypatch, done: bool):
    lose_the_next_commit(monkeypatch, done=done)
    charges = [world.charge_command("alice", 10_000, key=f"order-{n}") for n in range(3)]

    outcomes = world.engine.execute(charges)

    assert all(outcome.event is not None for outcome in outcomes)
    assert [outcome.replayed for outcome in outcomes] == [done] * 3
    assert world.line("alice").principal_minor == 30_000
    after = world.engine.execute([world.charge_command("alice", 10_000)])[0]
    assert after.event is not None
    world.assert_books_hold()
