"""Opening, changing and closing a line, and the till's rule."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from credit.play import HUABEI, Play, at, day, program_with
from florin.credit import close, freeze, limit
from florin.credit import open as opening
from florin.credit.authorize import CreditLimitExceeded, LineNotOpen, PastDue, refuse_credit
from florin.credit.line import LineState
from florin.events import LimitSet, LineClosed, LineFrozen, LineOpened, LineUnfrozen
from florin.events.refusals import REFUSALS

TEA_SET = 11


def test_a_person_is_given_a_line_within_what_the_terms_allow():
    command = opening.OpenLine(person_id=7, line_id=1, program="huabei", limit_minor=10_000_00)

    assert opening.decide(command, at("03-02"), program=HUABEI) == (
        LineOpened(value_on=day("03-02"), line_id=1, person_id=7, program="huabei", limit_minor=10_000_00),
    )


def test_a_limit_that_is_not_offered_says_what_is():
    command = opening.OpenLine(person_id=7, line_id=1, program="huabei", limit_minor=60_000_00)
    refusal = opening.decide(command, at("03-02"), program=HUABEI)

    assert isinstance(refusal, opening.LimitOutOfRange)
    assert refusal.sentence() == "A limit of ¥60,000.00 is not offered. Choose one from ¥50.00 to ¥50,000.00."


def test_one_person_has_one_line_of_a_program_unless_the_old_one_is_closed():
    line = Play().line
    command = opening.OpenLine(person_id=7, line_id=2, program="huabei", limit_minor=10_000_00)

    again = opening.decide(command, at("03-02"), program=HUABEI, existing=line)
    anew = opening.decide(command, at("03-02"), program=HUABEI, existing=replace(line, state=LineState.CLOSED))

    assert again == opening.HasLineAlready(line_id=1)
    assert isinstance(anew, tuple)


def test_a_limit_may_be_cut_to_nothing_but_not_raised_above_the_highest():
    line = Play().line
    cut = limit.SetLimit(line_id=1, limit_minor=0, reason="income not confirmed", code="income")
    raised = limit.SetLimit(line_id=1, limit_minor=50_000_01, reason="asked")

    assert limit.decide(line, cut, at("03-03"), program=HUABEI) == (
        LimitSet(
            value_on=day("03-03"), line_id=1, person_id=7, limit_minor=0, reason="income not confirmed", code="income"
        ),
    )
    assert isinstance(limit.decide(line, raised, at("03-03"), program=HUABEI), opening.LimitOutOfRange)


def test_a_line_is_frozen_once_and_unfrozen_once():
    line = Play().line
    frozen = replace(line, state=LineState.FROZEN)
    stop, go = freeze.FreezeLine(line_id=1, reason="lost phone"), freeze.UnfreezeLine(line_id=1, reason="found")

    assert isinstance(freeze.decide(line, stop, at("03-03")), tuple)
    assert [type(event) for event in freeze.decide(line, stop, at("03-03"))] == [LineFrozen]
    assert [type(event) for event in freeze.decide(frozen, go, at("03-03"))] == [LineUnfrozen]
    assert freeze.decide(frozen, stop, at("03-03")) == freeze.LineAlreadyFrozen(line_id=1)
    assert freeze.decide(line, go, at("03-03")) == freeze.LineNotFrozen(line_id=1)


def test_nothing_changes_on_a_closed_line():
    closed = replace(Play().line, state=LineState.CLOSED)

    assert isinstance(freeze.decide(closed, freeze.FreezeLine(line_id=1, reason=""), at("03-03")), freeze.LineIsClosed)
    raised = limit.SetLimit(line_id=1, limit_minor=1_00, reason="")
    assert isinstance(limit.decide(closed, raised, at("03-03"), program=HUABEI), freeze.LineIsClosed)


def closing(alice: Play, on: str):
    alice.until(on)
    command = close.CloseLine(line_id=1, reason="wish of the customer")
    return close.decide(alice.line, alice.account, command, at(on), program=alice.program)


def test_a_line_that_owes_nothing_is_closed():
    alice = Play()
    alice.buy("03-05", "10.00", TEA_SET)
    alice.repay("03-06", "10.00")

    decided = closing(alice, "03-07")

    assert isinstance(decided, tuple)
    assert isinstance(decided[0], LineClosed)


def test_a_line_is_not_closed_while_installments_run():
    alice = Play()
    alice.buy("03-05", "1200.00", TEA_SET, installments=12)

    assert closing(alice, "03-07") == close.StillOwed(owed_minor=1290_00, line_id=1)


def test_a_line_is_not_closed_while_interest_is_still_to_be_billed():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-20", "1000.00")

    assert closing(alice, "04-21") == close.StillOwed(owed_minor=5_00, line_id=1)


def test_a_line_is_not_closed_while_an_order_is_in_escrow():
    alice = Play()
    alice.escrow("03-05", "10.00", TEA_SET)

    assert closing(alice, "03-07") == close.StillReserved(reserved_minor=10_00, line_id=1)


def test_a_line_is_not_closed_while_the_customer_is_owed_something():
    alice = Play(program_with(credit_balance_to_wallet=False))
    alice.repay("03-06", "10.00")

    assert closing(alice, "03-07") == close.StillOwedToCustomer(credit_balance_minor=10_00, line_id=1)


# ── the till ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_that_is_available_may_be_used_and_not_a_fen_more():
    alice = Play(limit="100.00")

    assert alice.refused("03-05", "100.00") is None
    assert alice.refused("03-05", "100.01") == CreditLimitExceeded(
        requested_minor=100_01, available_minor=100_00, over_minor=1, line_id=1
    )


def test_holds_and_commitments_use_the_limit_and_a_void_gives_it_back():
    alice = Play(limit="100.00")
    alice.hold("03-05", "60.00", TEA_SET)
    alice.escrow("03-05", "30.00", 12)
    available = [alice.available_minor]
    alice.void("03-06", "60.00", TEA_SET)
    available.append(alice.available_minor)

    assert available == [10_00, 70_00]


def test_a_tolerance_lets_a_little_more_through():
    line = Play(limit="100.00").line

    assert refuse_credit(line, 105_00, 5_00, at("03-05"), HUABEI.terms_on(day("03-05"))) is None


def test_a_limit_cut_below_what_is_owed_refuses_everything():
    alice = Play(limit="100.00")
    alice.buy("03-05", "80.00", TEA_SET)
    alice.line = replace(alice.line, limit_minor=50_00)

    refusal = alice.refused("03-06", "1.00")

    assert isinstance(refusal, CreditLimitExceeded)
    assert (refusal.available_minor, refusal.over_minor) == (-30_00, 31_00)


@pytest.mark.parametrize(("state", "named"), [(LineState.FROZEN, "frozen"), (LineState.CLOSED, "closed")])
def test_a_line_that_is_not_open_is_not_used(state, named):
    line = replace(Play().line, state=state)

    assert refuse_credit(line, 1, 0, at("03-05"), HUABEI.terms_on(day("03-05"))) == LineNotOpen(state=named, line_id=1)


def test_past_due_blocks_new_purchases_until_the_minimum_is_met():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-11")
    blocked = alice.refused("04-11", "1.00")
    alice.repay("04-12", "100.00")

    assert blocked == PastDue(due_on=day("04-10"), due_minor=1000_00, line_id=1)
    assert "10 April 2026" in blocked.sentence()
    assert alice.refused("04-12", "1.00") is None


def test_by_another_term_past_due_does_not_block():
    alice = Play(program_with(blocks_while_past_due=False))
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-11")

    assert alice.refused("04-11", "1.00") is None


def test_every_refusal_of_credit_reads_well_in_both_languages():
    for refusal in REFUSALS.values():
        if refusal.__module__.startswith("florin.credit"):
            assert refusal.en.endswith("."), refusal
            assert refusal.zh.endswith("。"), refusal
