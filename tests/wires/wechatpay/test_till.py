"""At the till: a code pays once, a larger amount waits for the buyer, and a reverse undoes whatever became of it."""

from __future__ import annotations

from typing import Any

import pytest

from florin.payments.trade import TradeDetail
from wires.wechatpay.house import House, Shop

PATH = "/v3/pay/transactions"


def scanned(shop: Shop, number: str, code: str, total: int = 1_200) -> tuple[int, dict[str, Any]]:
    order = shop.order(number, total, payer={"auth_code": code}, scene_info={"store_info": {"id": "S1"}})
    del order["notify_url"]
    return shop.post(f"{PATH}/codepay", order)


def reversed_(shop: Shop, number: str) -> tuple[int, dict[str, Any]]:
    return shop.post(f"{PATH}/out-trade-no/{number}/reverse", shop.own)


@pytest.mark.parametrize("credit", [True, False], ids=["line", "wallet"])
def test_a_code_pays_one_order_and_answers_a_till_that_retries(house: House, shop: Shop, credit: bool):
    number, code = f"till-{credit}", house.code_of("alice", credit=credit)

    first = scanned(shop, number, code)

    assert (first[0], first[1]["trade_state"], first[1]["trade_type"]) == (200, "SUCCESS", "MICROPAY")
    assert scanned(shop, number, code) == first
    assert scanned(shop, f"{number}-2", code)[1]["code"] == "AUTH_CODE_INVALID"
    assert scanned(shop, number, house.code_of("alice"))[1]["code"] == "ORDERPAID"
    assert scanned(shop, f"{number}-3", "280000000000000000")[1]["code"] == "AUTH_CODE_INVALID"


def test_what_a_code_has_just_paid_is_not_read_again(house: House, shop: Shop, monkeypatch: pytest.MonkeyPatch):
    scanned(shop, "till-asked-0", house.code_of("alice"))  # whatever this house has to get to know
    code, asked, ask = house.code_of("alice"), list[str](), house.reads.ask

    def noted(question: Any, *args: Any, **named: Any) -> Any:
        asked.append(question.__name__)
        return ask(question, *args, **named)

    monkeypatch.setattr(house.reads, "ask", noted)

    assert scanned(shop, "till-asked-1", code)[1]["trade_state"] == "SUCCESS"

    assert asked == ["find_codes"]


def test_a_larger_amount_waits_for_the_buyer_and_is_hers_alone(house: House, shop: Shop):
    status, waiting = scanned(shop, "till-large", house.code_of("alice"), 150_000)

    assert (status, waiting["code"], waiting["trade_state"]) == (202, "USERPAYING", "USERPAYING")
    trade_id = house.trade_id("till-large")
    assert house.world.pay("bob", trade_id, 0, 150_000).refusal is not None
    house.pay("alice", "till-large")
    assert shop.query("till-large")["trade_state"] == "SUCCESS"


def test_a_reverse_gives_back_what_was_paid_and_closes_what_was_not(house: House, shop: Shop):
    scanned(shop, "till-back", house.code_of("alice"))
    scanned(shop, "till-wait", house.code_of("alice"), 150_000)
    before = house.world.line("alice").committed_minor

    assert [reversed_(shop, "till-back")[0] for _ in range(2)] == [200, 200]
    assert reversed_(shop, "till-wait")[0] == 200

    assert shop.query("till-back")["trade_state"] == shop.query("till-wait")["trade_state"] == "REVOKED"
    assert house.world.line("alice").committed_minor == before - 1_200
    assert reversed_(shop, "till-none")[1]["code"] == "ORDER_NOT_EXIST"
    house.world.assert_books_hold()


def test_a_declined_code_leaves_the_order_payable(house: House, shop: Shop):
    status, declined = scanned(shop, "till-poor", house.code_of("bob", credit=False))

    assert (status, declined["code"]) == (403, "NOT_ENOUGH")
    assert scanned(shop, "till-poor", house.code_of("alice"))[0] == 200


def plan(count: int, percent: int) -> dict[str, int]:
    return {"subsidy_installment_num": count, "subsidy_percent": percent}


def test_the_merchant_bears_the_fee_of_the_installments_that_he_says(house: House, shop: Shop):
    info = {"subsidy_detail": [{"subsidy_period_type": "PERIOD", "subsidy_plan": [plan(6, 100), plan(3, 0)]}]}
    for number, count in (("plan-0006", 6), ("plan-0003", 3)):
        assert shop.native(number, 60_000, subsidy_info=info)[0] == 200
        outcome = house.world.pay("alice", house.trade_id(number), 60_000, 0, installments=count)
        assert outcome.event is not None, outcome.refusal
        chosen = house.world.payment(outcome.event.payment_id).plan
        assert chosen is not None
        assert (chosen.count, chosen.fee_payer) == (count, "merchant" if count == 6 else "shopper")

    assert shop.native("plan-0006", 60_000)[1]["code"] == "OUT_TRADE_NO_USED"  # another offer is another order
    half = {"subsidy_detail": [{"subsidy_period_type": "PERIOD", "subsidy_plan": [plan(6, 50)]}]}
    assert shop.native("plan-bad1", 60_000, subsidy_info=half)[1]["code"] == "PARAM_ERROR"
    twice = {"subsidy_detail": [{"subsidy_period_type": "PERIOD", "subsidy_plan": [plan(6, 100), plan(6, 0)]}]}
    assert shop.native("plan-bad2", 60_000, subsidy_info=twice)[1]["code"] == "PARAM_ERROR"


def test_a_count_that_the_merchant_bears_is_his_whatever_else_the_order_says():
    detail = TradeDetail(merchant_bears=(3, 12))

    assert [detail.fee_payer_of(count) for count in (3, 6, 12)] == ["merchant", "shopper", "merchant"]
    assert TradeDetail(fee_payer="merchant").fee_payer_of(6) == "merchant"
