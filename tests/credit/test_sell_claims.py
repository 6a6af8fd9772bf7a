"""Claims sold: off the memo, income for the price, and what still arrives is the buyer's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.explain.stories import answer, last_of
from credit.explain.test_sums import adds_up
from credit.play import Play, at, day, program_with
from credit.test_charge_off import LATE, MEMO, PROGRAMS, charged_off_after_180_days, play_late
from credit.test_properties import a_fold_of_all_events_is_the_live_state, happen, money_in_is_money_out
from florin.credit.account import advance
from florin.credit.bureau import bureau_row
from florin.credit.explain import tell
from florin.credit.line import LineState
from florin.credit.repay import Repay, RepaymentAboveOwed
from florin.credit.repay import decide as decide_repay
from florin.credit.sell_claims import (
    ClaimIsSold,
    NoClaimToSell,
    SalePriceOutOfRange,
    SellClaims,
    SoldToSomebodyElse,
    decide,
)
from florin.events import ClaimsSold, Refunded, Repaid
from florin.events.refusals import Refusal
from florin.ledger import Account as Ledger
from florin.ledger import Rule
from florin.money import parse_yuan, yuan_text

PASSES_ON = program_with(charge_off_days=180, sold_repayments="pass_on")


def sell(play: Play, on: str, price: str, buyer: str = "Blue River") -> Refusal | None:
    play.until(on)
    command = SellClaims(line_id=1, buyer=buyer, contact="tel 400", price_minor=parse_yuan(price), reference="2026-11")
    return play._decided(decide(play.line, play.account, command, at(on), program=play.program))


def sold(program=PASSES_ON) -> Play:
    """1,090.00 of claims (1,000.00 of principal), sold on 1 November for 54.50."""
    alice = charged_off_after_180_days(program)
    assert sell(alice, "11-01", "54.50") is None
    return alice


def test_the_memo_leaves_the_books_and_the_price_is_income():
    alice = sold()

    assert alice.last_entries() == {
        "SELL_CLAIM_PRINCIPAL": "1000.00",
        "SELL_CLAIM_INTEREST": "90.00",
        "EARN_SALE_PRICE": "54.50",
    }
    assert all(alice.balance(memo) == 0 for memo in MEMO.values())
    assert (alice.balance(Ledger.CLAIM_SALE_INCOME), alice.balance(Ledger.DUE_FROM_CLAIM_BUYERS)) == (54_50, 54_50)
    assert alice.events[-1].sold_minor == 1090_00


def test_nothing_is_owed_here_any_more_and_the_line_says_to_whom():
    alice = sold()

    assert (alice.line.due_minor, alice.line.principal_minor, alice.account.owed_minor) == (0, 0, 0)
    assert alice.line.state is LineState.CHARGED_OFF
    assert (alice.line.particulars.sold_to, alice.line.particulars.sold_contact) == ("Blue River", "tel 400")
    assert alice.line.past_due_on is None


@pytest.mark.parametrize("source", ["wallet", "bank"])
def test_who_repays_what_was_sold_is_told_whom_to_pay(source):
    alice = sold(program_with(charge_off_days=180))

    refused = alice.repay("11-05", "100.00", source)

    assert isinstance(refused, ClaimIsSold)
    assert (refused.buyer, refused.contact, refused.left_minor) == ("Blue River", "tel 400", 1090_00)
    assert "Pay the ¥1,090.00 left to Blue River (tel 400)" in refused.sentence("en")
    assert "Blue River" in refused.sentence("zh")


def test_by_term_a_repayment_is_passed_on_and_no_income():
    alice = sold()

    assert alice.repay("11-05", "100.00", "wallet") is None

    assert alice.last_entries() == {"REPAY_FROM_WALLET": "100.00", "PASS_TO_CLAIM_BUYER": "100.00"}
    assert (alice.balance(Ledger.DUE_TO_CLAIM_BUYERS), alice.balance(Ledger.RECOVERY_INCOME)) == (100_00, 0)
    assert alice.account.sold.left_minor == 990_00
    above = alice.repay("11-06", "990.01", "wallet")
    assert isinstance(above, RepaymentAboveOwed)
    assert above.owed_minor == 990_00
    assert alice.repay("11-06", "990.00", "wallet") is None
    assert isinstance(alice.repay("11-07", "1.00", "wallet"), ClaimIsSold)


def test_more_than_the_buyer_may_claim_is_the_customers():
    alice = sold()

    assert alice.repay("11-05", "1100.00") is None

    assert alice.balance(Ledger.DUE_TO_CLAIM_BUYERS) == 1090_00
    assert alice.posted(Rule.PAY_CREDIT_BALANCE) == "10.00"


def test_a_refund_of_a_sold_purchase_is_the_buyers_as_far_as_he_may_claim_it():
    alice = charged_off_after_180_days(PASSES_ON)
    alice.repay("10-20", "150.00")  # interest of the oldest bill, 3.00, then 147.00 of its principal
    assert sell(alice, "11-01", "54.50") is None

    said = alice.refund("11-05", "1000.00", 11)

    assert alice.balance(Ledger.DUE_TO_CLAIM_BUYERS) == 853_00
    assert said.excess_minor == 147_00
    assert said.merchant_fee_back_minor == 0


def test_a_refund_of_a_purchase_that_was_not_sold_is_not_passed_on():
    alice = Play(program_with(charge_off_days=180, charge_off_mode="past_due"))
    alice.buy("03-05", "1000.00", 11)
    alice.until("10-02")
    alice.buy("10-05", "50.00", 12)
    alice.until("10-07")
    assert sell(alice, "10-08", "54.50") is None

    alice.refund("10-09", "50.00", 12)

    assert alice.balance(Ledger.DUE_TO_CLAIM_BUYERS) == 0
    assert alice.account.owed_minor == 15_00  # interest of the last bill, which is not past due


def test_what_is_not_charged_off_is_not_sold_and_not_above_its_amount():
    alice = Play(PASSES_ON)
    alice.buy("03-05", "1000.00", 11)
    refused = sell(alice, "06-01", "1.00")
    assert isinstance(refused, NoClaimToSell)
    assert refused.owed_minor == 1026_00

    bob = charged_off_after_180_days(PASSES_ON)
    dear = sell(bob, "11-01", "1090.01")
    assert isinstance(dear, SalePriceOutOfRange)
    assert dear.claimed_minor == 1090_00
    assert sell(bob, "11-01", "0.00") is None


def test_what_was_paid_before_the_sale_and_is_found_after_it_is_refused():
    alice = sold()
    command = Repay(line_id=1, amount_minor=100_00, source="bank", reference="x", value_on=day("10-20"))

    refused = decide_repay(
        alice.line,
        alice.account,
        command,
        at("11-05"),
        wallet_balance_minor=0,
        program=alice.program,
        history=alice.events,
    )

    assert isinstance(refused, ClaimIsSold)


def test_claims_that_follow_go_to_the_same_buyer():
    alice = Play(program_with(charge_off_days=180, charge_off_mode="past_due"))
    alice.buy("03-05", "1000.00", 11)
    alice.until("10-02")
    alice.buy("10-05", "500.00", 12)
    alice.until("10-07")
    assert sell(alice, "10-20", "50.00") is None
    assert alice.charge_off("10-25", "whole_line") is None

    other = sell(alice, "10-26", "20.00", buyer="Red Hill")

    assert isinstance(other, SoldToSomebodyElse)
    assert other.left_minor == 1075_00  # the interest of the last bill was not past due then
    assert sell(alice, "10-26", "20.00") is None
    assert alice.account.sold.left_minor == 1590_00


def test_the_bureau_reads_sold():
    alice = sold()
    alice.until("12-01")

    row = bureau_row(alice.events, day("11-15"), alice.program)

    assert (row.state, row.owed_minor, row.past_due_minor) == ("sold", 0, 0)
    assert bureau_row(alice.events, day("10-15"), alice.program).state == "charged_off"


def test_what_was_passed_on_is_explained():
    alice = sold()
    alice.repay("11-05", "100.00", "wallet")
    repaid = answer(alice, "11-06", f"event={last_of(alice, Repaid)}")
    adds_up(repaid)
    assert "Blue River" in tell(repaid, "en").parts[0].text

    alice.refund("11-08", "300.00", 11)
    refunded = answer(alice, "11-09", f"event={last_of(alice, Refunded)}")
    adds_up(refunded)
    assert "转交给债权人Blue River：¥300.00" in tell(refunded, "zh").parts[0].parts[0].text
    bought = answer(alice, "11-09", "purchase=11")
    adds_up(bought)
    assert bought.amount_minor == 0


def test_a_sold_line_leaves_the_clock_nothing_to_do():
    alice = sold()

    after, steps = advance(alice.account, day("2030-01-01"), alice.program)

    assert (after, steps) == (alice.account, ())


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=25, deadline=None)
@given(
    happenings=st.lists(LATE, min_size=3, max_size=10),
    after=st.lists(LATE, max_size=4),
    share=st.integers(0, 100),
)
def test_whatever_happens_the_line_is_the_book_and_no_fen_is_lost(program, happenings, after, share):
    history = play_late(program, happenings)
    play = history.play
    sell(play, history.on.isoformat(), yuan_text(play.account.claimed_minor * share // 100))
    for what, days, minor, which in after:
        history.on += timedelta(days=days)
        if what != "charge off":
            happen(history, what, minor, which)
    play.until(history.on)

    for bucket, memo in MEMO.items():
        assert play.balance(memo) == play.account.claim_minor(bucket)
    prices_minor = sum(event.price_minor for event in play.events if isinstance(event, ClaimsSold))
    assert play.balance(Ledger.CLAIM_SALE_INCOME) == prices_minor
    money_in_is_money_out(play)
    a_fold_of_all_events_is_the_live_state(play)
