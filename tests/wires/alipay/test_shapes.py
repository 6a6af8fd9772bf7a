from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.money import yuan_text
from florin.wires.alipay import shapes
from florin.wires.alipay.answers import Problem

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)  # 12:00 in China
TEA = {"out_trade_no": "tea-0305", "total_amount": "199.00", "subject": "茶具"}


def precreate(**changes: Any) -> shapes.Precreate:
    request = shapes.read_request("alipay.trade.precreate", json.dumps({**TEA, **changes}))
    assert isinstance(request, shapes.Precreate)
    return request


def refused(method: str, biz: object) -> Problem:
    text = biz if isinstance(biz, str) or biz is None else json.dumps(biz)
    with pytest.raises(Problem) as caught:
        shapes.read_request(method, text)
    return caught.value


def test_an_order_is_read_with_its_amount_in_minor_units():
    order = precreate(total_amount="0.01")

    assert (order.out_trade_no, order.total_amount, order.subject) == ("tea-0305", 1, "茶具")
    assert type(order.total_amount) is shapes.Amount


@pytest.mark.parametrize(
    ("written", "minor"), [('"199.9"', 19_990), ("12", 1_200), ("0.1", 10), ('"100000000.00"', 10**10)]
)
def test_an_amount_may_be_text_or_a_number_and_never_passes_through_a_float(written: str, minor: int):
    text = '{"out_trade_no":"a","subject":"b","total_amount":' + written + "}"

    order = shapes.read_request("alipay.trade.precreate", text)

    assert isinstance(order, shapes.Order)
    assert order.total_amount == minor


@pytest.mark.parametrize(
    "amount",
    ["0", "0.00", "-1.00", "1.005", "100000000.01", "1e2", "١٢", " 1", "1,000.00", "+1", "abc", "9" * 40, "1.", ".5"],
)
def test_an_amount_outside_the_rules_is_refused_with_the_field_and_what_came(amount: str):
    problem = refused("alipay.trade.precreate", {**TEA, "total_amount": amount})

    assert (problem.code, problem.sub_code) == ("40004", "ACQ.INVALID_PARAMETER")
    assert "total_amount" in problem.sub_msg


@given(st.integers(1, shapes.AMOUNT_MINOR_MAX))
def test_an_amount_comes_back_as_the_text_it_was(minor: int):
    text = yuan_text(minor)

    assert precreate(total_amount=text).total_amount == minor


@pytest.mark.parametrize("name", ["out_trade_no", "total_amount", "subject"])
@pytest.mark.parametrize("empty", [None, ""])
def test_a_required_field_that_is_empty_is_as_good_as_absent(name: str, empty: str | None):
    problem = refused("alipay.trade.precreate", {**TEA, name: empty})

    assert problem.sub_code == "ACQ.INVALID_PARAMETER"
    assert name in problem.sub_msg
    assert "missing" in problem.sub_msg


@pytest.mark.parametrize("number", ["a" * 65, "tea house", "茶", "a/b", "a\nb", "a&b=c"])
def test_an_order_number_with_other_characters_is_refused(number: str):
    assert "out_trade_no" in refused("alipay.trade.precreate", {**TEA, "out_trade_no": number}).sub_msg


def test_an_order_number_may_be_written_as_a_number():
    assert precreate(out_trade_no=20260305001).out_trade_no == "20260305001"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "character"),
        ("[]", "JSON object"),
        ("null", "JSON object"),
        ('"x"', "JSON object"),
        ('{"total_amount": NaN}', "NaN"),
        ('{"total_amount":"1.00","total_amount":"9.00"}', "comes twice"),
        ('{"subject":"a\\u0000b"}', "no text"),
        ('{"subject":"a\\ud800b"}', "no text"),
        ("[" * 100_000, "too deep"),
        ('{"a":' * 100_000, "too deep"),
    ],
)
def test_what_is_no_json_object_is_refused_as_such(text: str, why: str):
    problem = refused("alipay.trade.precreate", text)

    assert (problem.code, problem.sub_code) == ("40002", "isv.illegal-json")
    assert why in problem.sub_msg


def test_a_request_without_biz_content_or_of_an_unknown_method_says_so():
    assert "biz_content is missing" in refused("alipay.trade.precreate", None).sub_msg
    assert refused("alipay.trade.fly", "{}").sub_code == "isv.invalid-method"


@pytest.mark.parametrize("method", [m for m, shape in shapes.REQUESTS.items() if issubclass(shape, shapes.Named)])
def test_an_existing_trade_is_named_by_one_of_its_two_numbers(method: str):
    rest = {"refund_amount": "1.00", "out_request_no": "r1"}

    assert "out_trade_no" in refused(method, rest).sub_msg
    for name in ("trade_no", "out_trade_no"):
        request = shapes.read_request(method, json.dumps({**rest, name: "7"}))
        assert getattr(request, name) == "7"


@pytest.mark.parametrize("where", ["object", "text"])
def test_installments_are_read_from_either_pair_of_names(where: str):
    def sent(params: dict[str, str]) -> shapes.ExtendParams:
        return precreate(extend_params=params if where == "object" else json.dumps(params)).extend_params

    old, new = (
        sent({"hb_fq_num": "12", "hb_fq_seller_percent": "100"}),
        sent({"fq_num": "12", "fq_seller_percent": "100"}),
    )

    assert (old.installments(), old.seller_percent()) == (new.installments(), new.seller_percent()) == (12, 100)
    assert precreate().extend_params.installments() == 0


@pytest.mark.parametrize(
    "params",
    [
        {"hb_fq_num": "x"},
        {"hb_fq_num": "0"},
        {"hb_fq_num": "-3"},
        {"hb_fq_num": "3", "hb_fq_seller_percent": "50"},
        {"hb_fq_num": "3", "fq_num": "6"},
    ],
)
def test_installments_that_make_no_sense_are_refused(params: dict[str, str]):
    assert refused("alipay.trade.precreate", {**TEA, "extend_params": params}).sub_code == "ACQ.INVALID_PARAMETER"


@pytest.mark.parametrize(
    ("fields", "tenders"),
    [
        ({}, ("wallet", "credit", "card")),
        ({"enable_pay_channels": "pcredit"}, ("credit",)),
        ({"enable_pay_channels": "balance, creditCard"}, ("wallet", "card")),
        ({"enable_pay_channels": "credit_group"}, ("credit", "card")),
        ({"disable_pay_channels": "pcredit"}, ("wallet", "credit", "card")),
        ({"disable_pay_channels": "pcredit,pcreditpayInstallment"}, ("wallet", "card")),
        ({"disable_pay_channels": "credit_group,moneyFund"}, ("wallet",)),
        ({"disable_pay_channels": "balance,moneyFund"}, ("credit", "card")),
        ({"extend_params": {"hb_fq_num": "3"}}, ("credit",)),
        ({"extend_params": {"hb_fq_num": "3"}, "disable_pay_channels": "pcredit"}, ("credit",)),
    ],
)
def test_payment_channels_leave_the_tenders_that_they_name(fields: dict[str, Any], tenders: tuple[str, ...]):
    assert precreate(**fields).tenders() == tenders


@pytest.mark.parametrize(
    "fields",
    [
        {"enable_pay_channels": "debitCardExpress"},
        {"enable_pay_channels": "balance", "disable_pay_channels": "pcredit"},
        {"disable_pay_channels": "balance,moneyFund,credit_group"},
        {"extend_params": {"hb_fq_num": "3"}, "disable_pay_channels": "pcreditpayInstallment"},
    ],
)
def test_channels_that_leave_nothing_to_pay_with_are_refused(fields: dict[str, Any]):
    assert "pay_channels" in refused("alipay.trade.precreate", {**TEA, **fields}).sub_msg


@pytest.mark.parametrize(
    ("fields", "expires_at"),
    [
        ({}, NOON + timedelta(hours=2)),
        ({"timeout_express": "90m"}, NOON + timedelta(minutes=90)),
        ({"timeout_express": "15d"}, NOON + timedelta(days=15)),
        ({"timeout_express": "1c"}, datetime(2026, 3, 5, 16, 0, tzinfo=UTC)),
        ({"qr_code_timeout_express": "5m"}, NOON + timedelta(minutes=5)),
        ({"qr_code_timeout_express": "5m", "timeout_express": "1h"}, NOON + timedelta(minutes=5)),
        ({"qr_code_timeout_express": "2h", "timeout_express": "1h"}, NOON + timedelta(hours=1)),
        ({"timeout_express": "5m", "time_expire": "2026-03-06 08:00:00"}, datetime(2026, 3, 6, 0, 0, tzinfo=UTC)),
        ({"time_expire": "2026-03-06 08:00"}, datetime(2026, 3, 6, 0, 0, tzinfo=UTC)),
    ],
)
def test_an_order_expires_when_it_says_and_an_absolute_time_wins(fields: dict[str, Any], expires_at: datetime):
    assert precreate(**fields).expires_at(NOON, shapes.QR_CODE_EXPIRY) == expires_at


@pytest.mark.parametrize("text", ["0m", "1.5h", "16d", "1s", "90", "", "1C", "m", "999999d", "-1m"])
def test_a_timeout_outside_1m_to_15d_is_refused(text: str):
    if text:
        assert "timeout_express" in refused("alipay.trade.precreate", {**TEA, "timeout_express": text}).sub_msg
    else:
        assert precreate(timeout_express=text).timeout_express is None


@pytest.mark.parametrize("text", ["2026-02-30 00:00:00", "2026-03-05T00:00:00", "2026/03/05 00:00:00", "tomorrow"])
def test_a_moment_that_is_none_is_refused(text: str):
    assert "time_expire" in refused("alipay.trade.precreate", {**TEA, "time_expire": text}).sub_msg


def test_shares_named_with_an_order_are_refused_and_not_quietly_dropped():
    royalty = [{"trans_in": "2088", "amount": "1.00"}]

    assert "royalty_info" in refused("alipay.trade.precreate", {**TEA, "royalty_info": royalty}).sub_msg
    refund = {"out_trade_no": "a", "refund_amount": "1.00", "refund_royalty_parameters": [{"trans_out": "2088"}]}
    assert "refund_royalty_parameters[0].amount" in refused("alipay.trade.refund", refund).sub_msg


def test_a_field_of_the_wrong_kind_or_too_long_names_itself():
    assert "subject" in refused("alipay.trade.precreate", {**TEA, "subject": "茶" * 257}).sub_msg
    assert "subject" in refused("alipay.trade.precreate", {**TEA, "subject": ["a"]}).sub_msg
    assert "total_amount" in refused("alipay.trade.precreate", {**TEA, "total_amount": {"a": "1"}}).sub_msg
    assert "extend_params" in refused("alipay.trade.precreate", {**TEA, "extend_params": "[1]"}).sub_msg
    assert "goods_detail" in refused("alipay.trade.precreate", {**TEA, "goods_detail": [{}] * 151}).sub_msg


def test_times_are_china_time_in_and_out():
    assert shapes.china_instant("2026-03-05 12:00:00") == NOON
    assert shapes.china_text(NOON) == "2026-03-05 12:00:00"


def test_a_timestamp_of_any_clock_passes_unless_a_leeway_is_asked_for():
    eight_hours_off = "2026-03-05 04:00:00"

    shapes.check_timestamp(eight_hours_off, wall_now=NOON, leeway=None)
    shapes.check_timestamp("2026-03-05 12:04:00", wall_now=NOON, leeway=timedelta(minutes=5))
    with pytest.raises(Problem, match="China time") as strict:
        shapes.check_timestamp(eight_hours_off, wall_now=NOON, leeway=timedelta(minutes=5))
    with pytest.raises(Problem) as malformed:
        shapes.check_timestamp("5 March", wall_now=NOON, leeway=None)
    assert strict.value.sub_code == malformed.value.sub_code == "isv.invalid-timestamp"


@given(st.text(max_size=200))
def test_no_biz_content_however_odd_raises_anything_but_a_problem(text: str):
    for method in shapes.REQUESTS:
        with pytest.raises(Problem):
            shapes.read_request(method, text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["subject", "body", "goods_detail", "extend_params", "timeout_express"]), json_values
    )
)
def test_fields_of_any_kind_give_an_order_or_a_problem(fields: dict[str, Any]):
    with contextlib.suppress(Problem):
        shapes.read_request("alipay.trade.pay", json.dumps({**TEA, **fields}))
