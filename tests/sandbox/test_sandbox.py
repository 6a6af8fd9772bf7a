"""The sandbox from outside: what an integrator reads, calls and drives."""

from __future__ import annotations

import base64
import stat
import time
import urllib.request
from datetime import date
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from florin.sandbox.control import ControlServer
from florin.sandbox.faults import SLOW_S
from florin.sandbox.remote import Answer, VerbRefused, send_verb
from sandbox.conftest import descendants, is_alive, start_sandbox


def test_the_environment_file_has_what_a_shop_needs_and_is_the_owners_alone(sandbox):
    env = sandbox.env

    assert {"GATEWAY_URL", "APP_ID", "APP_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY", "API_URL", "API_KEY"} <= env.keys()
    assert stat.S_IMODE(sandbox.env_file.stat().st_mode) == 0o600
    if "GATEWAY_URL_80" in env:
        assert env["GATEWAY_URL_80"].startswith("http://127.")
        assert env["GATEWAY_URL_80"].endswith("/gateway.do")
        assert ":" not in env["GATEWAY_URL_80"].removeprefix("http://")
    else:
        assert "# GATEWAY_URL_80 is left out: " in sandbox.env_file.read_text()


def test_the_keys_are_in_the_forms_that_the_official_sdk_takes(sandbox):
    private = base64.b64decode(sandbox.env["APP_PRIVATE_KEY"])
    pem = load_pem_private_key(Path(f"{sandbox.env_file}.app-private-key.pem").read_bytes(), password=None)
    public = load_der_public_key(base64.b64decode(sandbox.env["ALIPAY_PUBLIC_KEY"]))

    # PKCS#1 is a sequence of version 0 and the modulus; PKCS#8 would name an algorithm there.
    assert private[4:7] == b"\x02\x01\x00"
    assert private[7:8] == b"\x02"
    assert pem.key_size == 2048
    root = load_pem_x509_certificate(base64.b64decode(sandbox.env["ALIPAY_ROOT_CERT"]))
    ours = load_pem_x509_certificate(Path(f"{sandbox.env_file}.alipay-cert.pem").read_bytes())
    theirs = load_pem_x509_certificate(base64.b64decode(sandbox.env["APP_CERT"]))
    assert (ours.public_key(), theirs.public_key()) == (public, pem.public_key())
    assert [each.verify_directly_issued_by(root) for each in (ours, theirs)] == [None, None]
    assert len(base64.b64decode(sandbox.env["AES_KEY"])) == 16
    beside = Path(f"{sandbox.env_file}.alipay-public-key.pem")
    assert load_pem_public_key(beside.read_bytes()) == public
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600


def test_the_wechat_keys_belong_together(sandbox):
    env = sandbox.env
    private = load_pem_private_key(Path(f"{sandbox.env_file}.wechat-private-key.pem").read_bytes(), password=None)
    ours = load_pem_public_key(Path(f"{sandbox.env_file}.wechat-public-key.pem").read_bytes())
    target = f"/v3/pay/transactions/out-trade-no/none-001?mchid={env['WECHAT_MCHID']}"
    timestamp, nonce = str(int(time.time())), "n" * 16
    signed = private.sign(f"GET\n{target}\n{timestamp}\n{nonce}\n\n".encode(), padding.PKCS1v15(), SHA256())
    named = (
        f'mchid="{env["WECHAT_MCHID"]}",serial_no="{env["WECHAT_SERIAL_NO"]}",nonce_str="{nonce}",'
        f'timestamp="{timestamp}",signature="{base64.b64encode(signed).decode()}"'
    )
    headers = {"Authorization": f"WECHATPAY2-SHA256-RSA2048 {named}", "Wechatpay-Serial": env["WECHAT_PUBLIC_KEY_ID"]}

    answer = httpx.get(env["WECHAT_URL"] + target, headers=headers, trust_env=False)

    assert (answer.status_code, answer.json()["code"]) == (404, "ORDER_NOT_EXIST")
    assert answer.headers["Wechatpay-Serial"] == env["WECHAT_PUBLIC_KEY_ID"]
    message = f"{answer.headers['Wechatpay-Timestamp']}\n{answer.headers['Wechatpay-Nonce']}\n{answer.text}\n".encode()
    ours.verify(base64.b64decode(answer.headers["Wechatpay-Signature"]), message, padding.PKCS1v15(), SHA256())
    assert len(env["WECHAT_APIV3_KEY"]) == 32


def test_it_says_its_date_and_its_addresses_and_then_ready(only_sandbox):
    said = "\n".join(only_sandbox.said)

    assert "2026-03-02" in said
    assert only_sandbox.env["GATEWAY_URL"] in said
    assert only_sandbox.said[-1] == "ready"


@pytest.mark.usefixtures("first_morning")
def test_both_shoppers_start_as_promised(sandbox):
    alice, bob = sandbox.verb("statement", "alice"), sandbox.verb("statement", "bob")

    assert (alice["on"], alice["wallet"], alice["line"]["limit"], alice["line"]["available"]) == (
        "2026-03-02", "500.00", "10000.00", "10000.00",
    )  # fmt: skip
    assert (bob["wallet"], bob["line"]) == ("0.00", None)


@pytest.mark.usefixtures("first_morning")
def test_an_order_that_only_a_code_names_is_paid_received_and_billed(sandbox, tea_house, notified):
    tea_house.ask("T1", "199.00")

    paid = sandbox.verb("pay", "T1")
    committed = sandbox.verb("statement")["line"]["committed"]
    received = sandbox.verb("receive", "T1")
    sandbox.verb("clock", "2026-04-01")
    statement = sandbox.verb("statement")["statements"][0]

    assert (paid["payment_state"], paid["credit"], committed) == ("escrowed", "199.00", "199.00")
    assert received["payment_state"] == "captured"
    assert (statement["amount"], statement["minimum"], statement["due_on"]) == ("199.00", "19.90", "2026-04-10")
    assert tea_house("alipay.trade.query", out_trade_no="T1")["trade_status"] == "TRADE_SUCCESS"
    assert ("T1", "TRADE_SUCCESS") in notified.statuses()
    assert all(tea_house.is_genuine(form) for form in notified.told)


@pytest.mark.usefixtures("first_morning")
def test_bob_pays_from_his_wallet_once_there_is_money_in_it(sandbox, tea_house):
    tea_house.ask("T2", "12.50")

    code, refused = sandbox.tried("pay", "T2", "--as", "bob")
    sandbox.verb("set", "bob", "--wallet", "20.00")
    paid = sandbox.verb("pay", "T2", "--as", "bob")

    assert (code, refused["refusal"]) == (1, "WalletTooLow")
    assert (paid["wallet"], paid["credit"]) == ("12.50", "0.00")
    assert sandbox.verb("statement", "bob")["wallet"] == "7.50"


@pytest.mark.usefixtures("first_morning")
def test_a_limit_is_lifted_for_a_time(sandbox):
    lifted = sandbox.verb("set", "alice", "--uplift", "2000.00", "--until", "2026-03-05")["line"]
    code, refused = sandbox.tried("set", "alice", "--uplift", "2000.00", "--until", "tomorrow")
    sandbox.verb("clock", "2026-03-06")
    after = sandbox.verb("statement")["line"]

    assert (lifted["limit"], lifted["uplifts"]) == ("12000.00", [{"amount": "2000.00", "until_on": "2026-03-05"}])
    assert (code, refused["refusal"]) == (1, "DayUnknown")
    assert (after["limit"], after["uplifts"]) == ("10000.00", [])


def test_a_wallet_may_be_set_lower_and_the_books_know_where_it_went(sandbox):
    assert sandbox.verb("set", "alice", "--wallet", "120.00")["wallet"] == "120.00"
    assert sandbox.verb("prove")["holds"]


@pytest.mark.usefixtures("first_morning")
def test_installments_are_chosen_when_paying(sandbox, tea_house):
    tea_house.ask("T3", "6000.00")

    paid = sandbox.verb("pay", "T3", "--installments", "12")

    assert (paid["installments"], paid["fee"], paid["fee_payer"]) == (12, "450.00", "shopper")


@pytest.mark.usefixtures("first_morning")
def test_the_shop_scans_a_code_and_is_paid_at_once(sandbox, tea_house):
    code = sandbox.verb("auth-code")["auth_code"]
    answer = tea_house(
        "alipay.trade.pay", out_trade_no="T4", total_amount="88.00", subject="Tea", scene="bar_code", auth_code=code
    )

    assert (answer["code"], answer["fund_bill_list"][0]["fund_channel"]) == ("10000", "PCREDIT")
    assert sandbox.verb("statement")["line"]["committed"] == "88.00"


def test_refunds_in_part_and_of_the_rest(sandbox, tea_house):
    tea_house.ask("T5", "100.00")
    sandbox.verb("pay", "T5")

    part = sandbox.verb("refund", "T5", "60.00")
    code, too_much = sandbox.tried("refund", "T5", "60.00")
    rest = sandbox.verb("refund", "T5")

    assert part["refunded"] == "60.00"
    assert (code, too_much["refusal"], too_much["numbers"]["over"]) == (1, "RefundExceedsPayment", "20.00")
    assert (rest["refunded_now"], rest["payment_state"]) == ("40.00", "refunded")
    assert tea_house("alipay.trade.query", out_trade_no="T5")["trade_status"] == "TRADE_CLOSED"


def test_a_refund_of_what_was_paid_out_already_is_possible_too(sandbox, tea_house):
    tea_house.ask("T6", "100.00")
    sandbox.verb("pay", "T6")
    sandbox.verb("settle")
    sandbox.verb("receive", "T6")
    settled = sandbox.verb("settle")

    sandbox.verb("refund", "T6", "40.00")

    assert settled["paid_out"] == "99.40"
    assert sandbox.verb("prove")["holds"]


@pytest.mark.usefixtures("first_morning")
def test_repaying_from_wallet_and_bank(sandbox, tea_house):
    tea_house.ask("T7", "199.00")
    sandbox.verb("pay", "T7")
    sandbox.verb("receive", "T7")

    from_wallet = sandbox.verb("repay", "alice", "100.00")
    by_bank = sandbox.verb("repay", "alice", "99.00", "--from", "bank")
    code, nothing_owed = sandbox.tried("repay", "alice", "1.00")

    assert (from_wallet["wallet"], from_wallet["line"]["owed"]) == ("400.00", "99.00")
    assert (by_bank["wallet"], by_bank["line"]["owed"]) == ("400.00", "0.00")
    assert (code, nothing_owed["refusal"]) == (1, "NothingOwed")


@pytest.mark.usefixtures("first_morning")
def test_limits_and_freezing(sandbox, tea_house):
    tea_house.ask("T8", "300.00")
    sandbox.verb("set", "alice", "--limit", "250.00")
    _, over = sandbox.tried("pay", "T8")
    sandbox.verb("set", "alice", "--limit", "1000.00", "--frozen")
    _, frozen = sandbox.tried("pay", "T8")
    sandbox.verb("set", "alice", "--unfrozen")

    assert (over["refusal"], over["numbers"]["over"]) == ("CreditLimitExceeded", "50.00")
    assert frozen["refusal"] == "LineNotOpen"
    assert sandbox.verb("pay", "T8")["credit"] == "300.00"


@pytest.mark.usefixtures("first_morning")
def test_bob_is_given_a_line(sandbox):
    assert sandbox.verb("set", "bob", "--limit", "800.00")["line"]["available"] == "800.00"


@pytest.mark.usefixtures("first_morning")
def test_the_clock_goes_forward_by_spans_and_to_days_and_never_back(sandbox):
    assert sandbox.verb("clock", "+10d")["on"] == "2026-03-12"
    assert sandbox.verb("clock", "+15h")["on"] == "2026-03-13"
    assert sandbox.verb("clock", "2026-03-20")["now"].startswith("2026-03-20T09:00:")
    assert sandbox.tried("clock", "2026-03-19")[1]["refusal"] == "ClockGoesForward"
    assert sandbox.tried("clock", "tomorrow")[1]["refusal"] == "TimeUnknown"


@pytest.mark.usefixtures("first_morning")
@pytest.mark.usefixtures("first_morning")
def test_the_clock_goes_to_the_next_day_that_matters_to_alice(sandbox, tea_house):
    code, refused = sandbox.tried("clock", "next")
    tea_house.ask("T18", "5.00")
    sandbox.verb("pay", "T18")
    sandbox.verb("receive", "T18")

    days = [sandbox.verb("clock", "next")["on"] for _ in range(2)]
    sandbox.verb("reset")  # the purchase is not the next test's

    assert (code, refused["refusal"]) == (1, "NothingAhead")
    assert days == ["2026-04-01", "2026-04-07"]  # the bill; the reminder, three days before it is due


def test_receipt_is_confirmed_by_the_clock_when_nobody_does(sandbox, tea_house):
    tea_house.ask("T9", "50.00")
    sandbox.verb("pay", "T9")

    sandbox.verb("clock", "+11d")

    assert sandbox.verb("statement")["line"]["owed"] == "50.00"


def test_an_order_can_fail_on_purpose_and_be_paid_after(sandbox, tea_house):
    tea_house.ask("T10", "50.00")
    sandbox.verb("fail", "decline")

    _, declined = sandbox.tried("pay", "T10")

    assert declined["refusal"] == "DeclinedOnPurpose"
    assert sandbox.verb("pay", "T10")["state"] == "paid"


def test_a_code_at_the_till_is_declined_twice_when_told_so(sandbox, tea_house):
    sandbox.verb("fail", "decline", "--times", "2")
    code = sandbox.verb("auth-code")["auth_code"]
    order = {"out_trade_no": "T11", "total_amount": "5.00", "subject": "Tea", "scene": "bar_code", "auth_code": code}

    answers = [tea_house("alipay.trade.pay", **order)["code"] for _ in range(3)]

    assert answers == ["40004", "40004", "10000"]


def test_a_timeout_is_carried_out_and_not_known(sandbox, tea_house):
    code = sandbox.verb("auth-code")["auth_code"]
    sandbox.verb("fail", "timeout")
    order = {"out_trade_no": "T12", "total_amount": "5.00", "subject": "Tea", "scene": "bar_code", "auth_code": code}

    unknown = tea_house("alipay.trade.pay", **order)
    asked = tea_house("alipay.trade.query", out_trade_no="T12")

    assert (unknown["code"], asked["trade_status"]) == ("20000", "TRADE_SUCCESS")


def test_a_till_waits_until_the_shopper_has_confirmed(sandbox, tea_house):
    code = sandbox.verb("auth-code")["auth_code"]
    sandbox.verb("fail", "in-progress")
    order = {"out_trade_no": "T19", "total_amount": "5.00", "subject": "Tea", "scene": "bar_code", "auth_code": code}

    asked = tea_house("alipay.trade.pay", **order)
    waits = tea_house("alipay.trade.query", out_trade_no="T19")
    sandbox.verb("pay", "T19")
    paid = tea_house("alipay.trade.query", out_trade_no="T19")

    assert (asked["code"], waits["trade_status"], paid["trade_status"]) == ("10003", "WAIT_BUYER_PAY", "TRADE_SUCCESS")


def test_a_timeout_of_rest_never_answers_and_the_same_key_tells_afterwards(sandbox):
    sandbox.verb("fail", "timeout")
    order = {"amount_minor": 500, "subject": "Tea", "order_number": "R1"}
    headers = {"Authorization": f"Bearer {sandbox.env['API_KEY']}", "Idempotency-Key": "R1"}
    url = f"{sandbox.env['API_URL']}/v1/payments"

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, json=order, headers=headers, timeout=1.5, trust_env=False)
    again = httpx.post(url, json=order, headers=headers, timeout=10, trust_env=False)

    assert again.status_code in (200, 201), again.text
    assert sandbox.verb("pay", "R1")["state"] == "paid"


def test_a_notify_comes_twice_with_the_same_identity(sandbox, tea_house, notified):
    tea_house.ask("T13", "5.00")
    sandbox.verb("fail", "duplicate-notify")

    sandbox.verb("pay", "T13")

    first, second = notified.told
    assert first["notify_id"] == second["notify_id"]


def test_a_notify_comes_late(sandbox, tea_house, notified):
    tea_house.ask("T14", "5.00")
    sandbox.verb("fail", "late-notify")

    sandbox.verb("pay", "T14")
    at_once = list(notified.told)
    sandbox.verb("clock", "+10m")

    assert at_once == []
    assert notified.statuses() == [("T14", "TRADE_SUCCESS")]


def test_a_notify_waits_until_the_next_one_has_overtaken_it(sandbox, tea_house, notified):
    tea_house.ask("T16", "5.00")
    sandbox.verb("fail", "out-of-order-notify")

    sandbox.verb("pay", "T16")
    at_once = list(notified.told)
    sandbox.verb("refund", "T16")

    assert at_once == []
    assert notified.statuses() == [("T16", "TRADE_CLOSED"), ("T16", "TRADE_SUCCESS")]


def test_an_answer_comes_late_and_says_what_has_happened(sandbox, tea_house):
    sandbox.verb("fail", "slow")
    began = time.monotonic()

    tea_house.ask("T17", "5.00")

    assert time.monotonic() - began >= SLOW_S


@pytest.mark.usefixtures("first_morning")
def test_a_shop_that_is_down_is_tried_on_the_whole_ladder_as_time_passes(sandbox, tea_house, notified):
    notified.answer = b"error"
    tea_house.ask("T15", "5.00")

    sandbox.verb("pay", "T15")
    at_once = len(notified.told)
    sandbox.verb("clock", "+25m")
    after_25_minutes = len(notified.told)
    sandbox.verb("clock", "+2d")

    times = [form["notify_time"] for form in notified.told]
    assert (at_once, after_25_minutes, len(times)) == (3, 6, 10)
    assert len({form["notify_id"] for form in notified.told}) == 1
    assert times == sorted(times)
    assert times[-1].startswith("2026-03-03")


def test_what_is_unknown_is_refused_by_name(sandbox):
    assert sandbox.tried("pay", "nobody-asked")[1]["refusal"] == "OrderUnknown"
    assert sandbox.tried("statement", "carol")[1]["refusal"] == "ShopperUnknown"
    assert sandbox.tried("fail", "meteor")[1]["refusal"] == "FaultUnknown"
    assert sandbox.tried("repay", "alice", "1e3")[1]["refusal"] == "AmountInvalid"
    assert sandbox.tried("repay", "bob", "1.00")[1]["refusal"] == "NoLine"


def test_a_reset_forgets_everything_but_the_keys(sandbox, tea_house):
    before = dict(sandbox.env)
    tea_house.ask("T16", "5.00")
    sandbox.verb("pay", "T16")
    sandbox.verb("clock", "+40d")

    now = sandbox.verb("reset")

    assert now["on"] == "2026-03-02"
    assert sandbox.env == before
    assert sandbox.tried("pay", "T16")[1]["refusal"] == "OrderUnknown"
    assert tea_house.ask("T16", "7.00")["code"] == "10000"


def test_the_books_are_proven_by_a_verb(sandbox, tea_house):
    tea_house.ask("T17", "5.00")
    sandbox.verb("pay", "T17")

    proof = sandbox.verb("prove")

    assert proof["holds"]
    assert {"books balance", "bank", "chains"} <= {check["name"] for check in proof["checks"]}


def test_the_control_endpoint_wants_its_token(sandbox):
    answer = httpx.post(
        f"{sandbox.env['SANDBOX_URL']}/reset", json={}, headers={"Authorization": "Bearer no"}, trust_env=False
    )

    assert answer.status_code == 401


def test_a_refusal_that_names_a_day_reaches_whoever_sent_the_verb():
    def pay() -> Answer:
        raise VerbRefused("LinePastDue", "A bill is past due.", numbers={"due_on": date(2026, 4, 10)})

    control = ControlServer({"pay": pay})
    control.start()
    try:
        with pytest.raises(VerbRefused) as refused:
            send_verb(control.url, control.token, "pay", {})
    finally:
        control.close()

    assert refused.value.answer()["numbers"] == {"due_on": "2026-04-10"}


def test_the_pages_are_served(sandbox):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{sandbox.env['PAGES_URL']}/sign-in", timeout=20) as page:
        assert page.status == 200


def test_it_ends_when_told_to_and_leaves_nothing_behind(tmp_path):
    sandbox = start_sandbox(tmp_path / "one.env")
    children = descendants(sandbox.process.pid)

    code = sandbox.stop()

    assert code == 0
    assert list(tmp_path.iterdir()) == []
    assert not [pid for pid in children if is_alive(pid)]


def test_verbs_without_a_sandbox_say_how_to_start_one(tmp_path):
    from florin.sandbox.remote import EnvironmentFileMissing, SandboxGone, read_environment

    with pytest.raises(EnvironmentFileMissing, match="no environment file"):
        read_environment(tmp_path / "none.env")
    with pytest.raises(SandboxGone, match="does not answer"):
        send_verb("http://127.0.0.1:9", "token", "clock", {})
