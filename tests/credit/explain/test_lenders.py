"""Who lent: an answer about a jointly lent purchase names the partner bank and its part; the customer's sums leave it out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.explain.stories import COAT, NAMES, answer
from credit.explain.test_sums import adds_up, answers, can_be_told, every_part, expected, traced
from credit.test_joint import HALF, SEVENTY, JointPlay, joint
from credit.test_properties import ALL_HAPPENINGS, PROGRAMS
from florin.credit.explain import Part, lines_of, tell
from florin.money import yuan_text

BANKS = {SEVENTY.id: "Harbor Bank", HALF.id: "Lake Bank"}


def lines(part: Part, language: str = "en") -> list[str]:
    return [text for _, text, _ in lines_of(tell(part, language, NAMES, BANKS))]


def a_shared_coat() -> JointPlay:
    """70 % of 1,000.01 is 700.007: the partner lends 700.00."""
    alice = JointPlay()
    alice.buy("03-05", "1000.01", COAT)
    alice.until("04-01")
    return alice


def test_a_jointly_lent_purchase_names_both_lenders_and_whose_the_rest_is():
    alice = a_shared_coat()
    alice.repay("04-08", "100.00")  # 900.01 is left: 630.007

    found = lines(answer(alice, "04-09", f"purchase={COAT}"))
    chinese = lines(answer(alice, "04-09", f"purchase={COAT}"), "zh")

    assert found[0] == "Coat, Lotus Mall: ¥900.01 is left to pay."
    lent = found.index(
        "Coat, Lotus Mall was lent jointly on 5 March 2026, by us and by Harbor Bank: ¥1,000.01. "
        "You owe all of it to us, and pay us."
    )
    assert found[lent + 1 : lent + 3] == ["Ours: ¥300.01", "Harbor Bank's, 70% of it, rounded down: ¥700.00"]
    left = found.index(
        "Whose it is of what is left of Coat, Lotus Mall on 9 April 2026, fees and interest apart: ¥900.01"
    )
    assert found[left + 1 : left + 3] == ["Ours: ¥270.01", "Harbor Bank's, 70% of it, rounded down: ¥630.00"]
    assert "Coat（莲花商城）于2026年3月5日由我们与Harbor Bank共同出借：¥1,000.01。款项全部向我们归还即可。" in chinese


@pytest.mark.parametrize("what", ["statement=2026-04", "line=2026-04/1"])
def test_a_statement_and_its_line_say_who_lent(what):
    found = answer(a_shared_coat(), "04-02", what)

    assert found.amount_minor == 1000_01
    assert "Harbor Bank's, 70% of it, rounded down: ¥700.00" in lines(found)


def test_a_repayment_says_what_of_it_is_passed_on_and_goes_nowhere_but_to_her_debt():
    alice = a_shared_coat()
    alice.repay("04-08", "100.00")

    found = answer(alice, "04-09", f"event={len(alice.log)}")

    assert (found.amount_minor, [part.amount_minor for part in found.parts]) == (100_00, [100_00])
    assert not any(rule.startswith("SHARE_") for rule in found.parts[0].rules)
    assert lines(found)[-2:] == [
        "Of this we pass on to Harbor Bank, for Coat, Lotus Mall: ¥70.00",
        "of the purchase itself: ¥70.00",
    ]


def test_what_was_lent_alone_names_no_partner():
    alice = JointPlay()
    alice.buy("03-05", "600.00", 14)
    alice.until("04-01")
    alice.repay("04-08", "100.00")

    for what in ("purchase=14", "statement=2026-04", f"event={len(alice.log)}"):
        assert not any(part.what.startswith("lenders.") for part in every_part(answer(alice, "04-09", what)))


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=20, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=3, max_size=14), days=st.integers(0, 60))
def test_a_jointly_lent_line_is_explained_to_the_fen_as_any_other(program, happenings, days):
    play = joint(program, happenings).play
    found = traced(play, play.today + timedelta(days=days))

    for question, answered in answers(found):
        adds_up(answered)
        can_be_told(answered)
        amount_minor = expected(question, found, found.account)
        assert amount_minor is None or answered.amount_minor == amount_minor, question.text()
        for part in every_part(answered):
            if part.what == "lenders.left":
                loan = next(loan for loan in found.account.funded if loan.item_id == part.item_id)
                partners = loan.partner_minor + loan.charged_off_minor
                assert yuan_text(part.parts[1].amount_minor) == yuan_text(partners)
