"""Explanations from the database: a line's history read, folded and told; a payout back to its sales."""

from __future__ import annotations

from datetime import date

import pytest

from florin.credit.explain import NothingToExplain, Told, question_of
from florin.engine import clock
from florin.queries import ReadPool
from florin.queries.explain import Explained, explain_line, explain_payout
from world import ESCROW_APP, World


def asked(reads: ReadPool, world: World, what: str, *, name: str = "alice", **more) -> Explained | None:
    def question(connection):
        at = clock.read(connection)
        line_id = world.line_ids.get(name, 1)
        language = more.pop("language", "en")
        return explain_line(connection, line_id=line_id, question=question_of(what), at=at, language=language, **more)

    return reads.ask(question)


def texts(told: Told) -> list[str]:
    return [told.text, *(text for part in (*told.parts, *told.notes) for text in texts(part))]


@pytest.fixture
def march(world: World) -> World:
    """alice buys for 500.00, pays 100.00 on the due day and nothing after it."""
    world.person("alice", limit_minor=100_000, wallet_minor=80_000)
    world.buy("alice", 50_000)
    world.until(date(2026, 4, 10))
    world.repay("alice", 10_000)
    return world


def test_what_is_left_of_a_statement_is_told_with_the_name_of_the_purchase(pages_reads: ReadPool, march: World):
    found = asked(pages_reads, march, "statement=2026-04")

    assert found.answer.amount_minor == 40_000
    assert found.answer.text == (
        "The bill of 1 April 2026 was made for ¥500.00. That number never changes. ¥400.00 of it is left, due 10 April 2026."
    )
    assert "order-2, Tea House: ¥500.00" in texts(found.answer) or "order-3, Tea House: ¥500.00" in texts(found.answer)
    assert found.answer.parts[1].rules == ("CLEAR_PRINCIPAL_BILLED",)


def test_the_answer_of_a_day_that_the_close_has_not_written_is_the_one_after_it(reads: ReadPool, march: World):
    march.until(date(2026, 4, 15))
    march.connection.execute("UPDATE clock SET business_on = '2026-05-20'")
    march.connection.commit()
    before = asked(reads, march, "payoff")
    march.connection.execute("UPDATE clock SET business_on = '2026-04-15'")
    march.connection.commit()

    march.until(date(2026, 5, 20))

    assert asked(reads, march, "payoff").answer.text == before.answer.text


def test_a_day_in_the_past_is_answered_as_it_was(reads: ReadPool, march: World):
    march.until(date(2026, 5, 20))

    assert asked(reads, march, "owed", on=date(2026, 4, 9)).answer.amount_minor == 50_000
    assert asked(reads, march, "owed", on=date(2026, 4, 10)).answer.amount_minor == 40_000


def test_a_day_to_come_and_an_unknown_bill_are_nothing_to_explain(reads: ReadPool, march: World):
    with pytest.raises(NothingToExplain):
        asked(reads, march, "owed", on=date(2026, 6, 1))
    with pytest.raises(NothingToExplain) as nothing:
        asked(reads, march, "statement=2026-09")

    assert nothing.value.known == ("statement=2026-04",)
    assert asked(reads, march, "owed", name="nobody") is None


def test_the_newest_refusal_is_explained_by_what_was_available_at_that_moment(reads: ReadPool, march: World):
    march.buy("alice", 70_000)
    march.repay("alice", 30_000)

    found = asked(reads, march, "refusal")

    requested, available = found.answer.parts
    assert found.answer.amount_minor == 10_000
    assert (requested.amount_minor, available.amount_minor) == (70_000, -60_000)
    assert "¥100.00 over your available credit" in found.answer.text
    assert asked(reads, march, found.question).answer == found.answer


def test_what_waits_for_receipt_is_part_of_what_is_available(reads: ReadPool, world: World):
    world.person("alice", limit_minor=100_000)
    world.buy("alice", 30_000, app=ESCROW_APP)
    world.authorize("alice", 5_000)

    found = asked(reads, world, "available")

    assert {part.what: part.amount_minor for part in found.answer.parts} == {
        "available.limit": 100_000,
        "available.committed": -30_000,
        "available.held": -5_000,
    }


def test_a_payout_is_the_sum_of_its_sales_less_fees_and_refunds(reads: ReadPool, world: World):
    world.person("alice", limit_minor=1_000_000, wallet_minor=50_000)
    first = world.buy("alice", 100_000)
    world.buy("alice", 0, 20_000)
    world.until(date(2026, 3, 4))
    world.refund(first.event.payment_id, 10_000)
    world.buy("alice", 30_000)
    world.until(date(2026, 3, 7))
    payouts = [row[0] for row in world.connection.execute("SELECT id FROM payout ORDER BY requested_on, id")]
    world.connection.commit()

    told = [reads.ask(explain_payout, payout_id=payout_id, language="zh").answer for payout_id in payouts]

    assert len(told) == 2
    amounts = {part.what: part.amount_minor for part in told[0].notes}
    assert amounts == {"payout.gross_credit": 100_000, "payout.gross_wallet": 20_000, "payout.mdr": -720}
    assert told[0].amount_minor == 119_280
    assert [part.what for part in told[1].parts] == ["payout.window"] * len(told[1].parts)
    assert told[1].amount_minor == sum(part.amount_minor for part in told[1].parts)
    assert all(sale.what != "payout.unexplained" for one in told for window in one.parts for sale in window.parts)
