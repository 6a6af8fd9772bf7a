"""What became of money that a shopper took out: on its way, at her bank, or back, and why."""

from __future__ import annotations

from florin.engine import lane_of
from florin.wallet.withdraw import SettleWithdrawal, Withdraw


def test_a_shopper_reads_what_became_of_what_she_took_out_and_why_it_came_back(shop, browser):
    alice = shop.people["Alice"]
    for amount_minor, told in (
        (1_000, {"returned": True, "reason": "account closed", "reason_code": "AC04"}),
        (2_000, {}),
        (3_000, None),
    ):
        withdrawal_id = shop.engine.new_id(lane_of(alice))
        assert shop.do(Withdraw(withdrawal_id=withdrawal_id, person_id=alice, amount_minor=amount_minor)).event
        answer = {
            "withdrawal_id": withdrawal_id,
            "person_id": alice,
            "amount_minor": amount_minor,
            "bank_reference": "b",
        }
        if told is not None:
            assert shop.do(SettleWithdrawal(**answer, **told)).event

    english, chinese = browser("alice").read("/withdraw"), browser("alice").read("/withdraw?lang=zh")

    assert "Back in your wallet: account closed. Check your bank account's details" in english
    assert "At your bank" in english
    assert "On its way to your bank" in english
    assert "已退回余额：账户已销户。" in chinese
    assert shop.one("SELECT reason_code FROM payout WHERE state = 'returned'") == "AC04"
