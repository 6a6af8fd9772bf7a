"""What stands around the gateway: the apps' keys, the record of wrong signatures, the middleware."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa

from florin.engine import admin
from florin.wires.alipay.apps import public_key_for
from florin.wires.alipay.call import SignatureWrong
from florin.wires.alipay.mistakes import Mistake
from florin.wires.alipay.routes import AbsoluteFormTargets
from florin.wires.desk.addresses import is_loopback_name
from florin.wires.desk.failures import SignatureFailures
from florin.wires.desk.findings import Finding
from florin.wires.desk.pace import DiagnosisPace
from florin.wires.keys import ensure_platform_key, load_master_key
from florin.wires.keys import forms as keys
from wires.alipay.house import DIRECT_SHOP, ESCROW_SHOP, House, Shop
from world import SHOP

QUERY = {"out_trade_no": "never"}


def add_app(house: House, app_id: int, *public_keys: str) -> Shop:
    admin.add_app(
        house.world.connection,
        app_id=app_id,
        merchant_id=SHOP,
        name="another",
        wire="alipay",
        market="direct",
        public_keys=public_keys,
    )
    house.world.connection.commit()
    return Shop(house, app_id)


def test_two_keys_are_good_while_an_app_changes_from_one_to_the_other(house: House, stranger_key: rsa.RSAPrivateKey):
    old, new = (keys.public_key_base64(key.public_key()) for key in (house.key, stranger_key))
    shop = add_app(house, 7, old, new)

    for key in (house.key, stranger_key):
        shop.key = key
        assert shop.call("alipay.trade.query", **QUERY)["sub_code"] == "ACQ.TRADE_NOT_EXIST"


def test_an_app_without_a_readable_key_is_told_to_register_one(house: House):
    for app_id, registered in ((7, []), (8, ["no key at all"])):
        answer = add_app(house, app_id, *registered).call("alipay.trade.query", **QUERY)
        assert (answer["code"], answer["sub_code"]) == ("40003", "isv.missing-signature-config")


def test_another_apps_key_is_named(house: House, stranger_key: rsa.RSAPrivateKey):
    add_app(house, 7, keys.public_key_base64(stranger_key.public_key()))

    answer = Shop(house, ESCROW_SHOP, key=stranger_key).call("alipay.trade.query", **QUERY)

    assert "registered for another app: 7" in answer["sub_msg"]


def test_a_closed_app_is_told_so_in_a_signed_answer(house: House, shop: Shop):
    house.world.connection.execute("UPDATE app SET state = 'closed'")
    house.world.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    house.world.connection.commit()

    assert shop.call("alipay.trade.query", **QUERY)["sub_code"] == "isv.invalid-app-id"


def wrong_signature(expected: bytes) -> SignatureWrong:
    finding = Finding((Mistake.UNSORTED,), "未排序", "unsorted", b"b=1&a=\x00\xff")
    return SignatureWrong(
        code="40002", sub_code="isv.invalid-signature", sub_msg="", expected=expected, finding=finding
    )


def keep(failures: SignatureFailures, expected: bytes = b"a=1&b=2", app_id: int = 7) -> None:
    failures.keep(wrong_signature(expected), app_id=app_id, request_line="GET /", received_at=datetime.now(UTC))


def test_wrong_signatures_are_kept_as_text_whatever_their_bytes_and_not_by_the_thousand(house: House):
    now = 0.0
    failures = SignatureFailures(house.world.dsn, clock=lambda: now)

    keep(failures, b"a=\x00\xff\xe8\x8c\xb6")
    keep(failures)
    keep(failures, app_id=8)
    now = 1.5
    keep(failures, b"x" * 100_000)

    rows = house.world.connection.execute(
        "SELECT app_id, expected_text, received_text FROM signature_failure ORDER BY id"
    ).fetchall()
    assert [row[0] for row in rows] == [7, 8, 7]
    assert rows[0][1:] == ("a=\\x00\\xff茶", "b=1&a=\\x00\\xff")
    assert rows[2][1].endswith("… (100,000 bytes)")


def test_a_database_that_is_away_loses_the_record_and_nothing_else():
    keep(SignatureFailures("postgresql://nobody@127.0.0.1:1/none"))


def test_no_log_holds_a_whole_payment_code():
    with structlog.testing.capture_logs() as logged:
        keep(
            SignatureFailures("postgresql://nobody@127.0.0.1:1/none"),
            b'biz_content={"auth_code": "281234567890123456"}',
        )

    assert "2812****" in logged[0]["expected"]
    assert "281234567890123456" not in str(logged)


@pytest.mark.parametrize(
    ("path", "reached"),
    [("http://127.0.0.2/gateway.do", "/gateway.do"), ("/gateway.do", "/gateway.do"), ("HTTP://x", "/")],
)
def test_the_middleware_brings_an_absolute_target_to_its_path(path: str, reached: str):
    seen: list[dict[str, Any]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    asyncio.run(AbsoluteFormTargets(application)({"type": "http", "path": path}, None, None))  # type: ignore[arg-type]

    assert seen[0]["path"] == reached


@pytest.mark.parametrize(
    "host", ["localhost", "shop.localhost", "127.0.0.1", "127.1", "::1", "2130706433", "127.9.9.9"]
)
def test_this_machine_is_known_by_every_name_it_has(host: str):
    assert is_loopback_name(host)


@pytest.mark.parametrize("host", ["shop.example", "localhost.example", "8.8.8.8", "10.0.0.1", "", "127.example"])
def test_other_machines_are_not_this_one(host: str):
    assert not is_loopback_name(host)


def test_a_reason_is_kept_as_a_line_in_chinese_and_one_in_english(house: House):
    failures = SignatureFailures(house.world.dsn)

    keep(failures)

    assert house.world.one("SELECT finding FROM signature_failure") == "未排序\nUnsorted"


def test_the_public_key_that_a_shop_sets_is_its_apps_own_or_else_the_wires(house: House):
    master = load_master_key(house.folder / "master.key")
    key = ensure_platform_key(house.world.connection, "alipay", DIRECT_SHOP, master=master)
    house.world.connection.commit()

    shown = {app_id: house.reads.ask(public_key_for, app_id) for app_id in (DIRECT_SHOP, ESCROW_SHOP)}

    assert shown[DIRECT_SHOP] == key.public_key
    assert shown[ESCROW_SHOP] == keys.public_key_base64(house.platform_key)
    house.world.connection.execute("UPDATE platform_key SET state = 'retired'")
    house.world.connection.commit()
    assert house.reads.ask(public_key_for, ESCROW_SHOP) == ""


# ── how often a wrong signature is explained ──────────────────────────────────────────────────────────────────────


def test_a_bucket_holds_a_burst_and_fills_up_again():
    now = 100.0
    pace = DiagnosisPace(per_second=5, burst=20, clock=lambda: now)

    assert [pace.may_diagnose(7) for _ in range(22)] == [True] * 20 + [False] * 2
    assert pace.may_diagnose(8)
    now += 1.0
    assert [pace.may_diagnose(7) for _ in range(6)] == [True] * 5 + [False]
    now += 1_000.0
    assert [pace.may_diagnose(7) for _ in range(21)] == [True] * 20 + [False]


def test_asked_by_many_at_once_a_bucket_gives_no_more_than_it_holds():
    pace = DiagnosisPace(per_second=0, burst=20)

    with ThreadPoolExecutor(16) as threads:
        allowed = list(threads.map(lambda _: pace.may_diagnose(7), range(500)))

    assert sum(allowed) == 20


def test_over_its_pace_a_wrong_signature_is_refused_unexplained_and_a_right_one_still_served(house: House, shop: Shop):
    house.gateway = house.new_gateway(house.settings, pace=DiagnosisPace(per_second=0, burst=3))
    stranger = Shop(house, key=keys.new_private_key())

    answers = [stranger.call("alipay.trade.query", **QUERY) for _ in range(5)]

    assert {answer["sub_code"] for answer in answers} == {"isv.invalid-signature"}
    explained = ["wrong private key" in answer["sub_msg"] for answer in answers]
    paused = ["diagnosis is paused" in answer["sub_msg"] for answer in answers]
    assert explained == [True] * 3 + [False] * 2
    assert paused == [False] * 3 + [True] * 2
    assert "app_id=" in answers[-1]["sub_msg"]
    assert house.world.one("SELECT count(*) FROM signature_failure WHERE strpos(finding, 'paused') > 0") == 0
    assert shop.call("alipay.trade.query", **QUERY)["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    other = Shop(house, DIRECT_SHOP, key=stranger.key).call("alipay.trade.query", **QUERY)
    assert "wrong private key" in other["sub_msg"]
