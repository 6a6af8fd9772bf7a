"""The last calls of each app: noted by both wires for those who are known, bounded, and lost rather than waited for."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from conftest import FreshDatabase
from florin.wires.desk import heard
from florin.wires.desk.heard import CallLog
from florin.wires.keys.forms import new_private_key
from wires.alipay.house import ESCROW_SHOP, House, Shop
from wires.rest.house import RestHouse
from wires.wechatpay import house as wechatpay
from world import DIRECT_APP, World


@pytest.fixture(scope="module")
def stranger_key() -> rsa.RSAPrivateKey:
    return new_private_key()


def kept(world: World) -> list[tuple[int, str, str, str]]:
    columns = "SELECT app_id, wire, asked, answered FROM wire_call ORDER BY id"
    return world.connection.execute(columns).fetchall()


def noted(log: CallLog, count: int, *, app_id: int = 1) -> None:
    for number in range(count):
        log.note(app_id=app_id, wire="rest", asked=f"GET /{number}", answered="200", began=time.perf_counter())


def test_calls_are_noted_with_their_answers_and_those_of_nobody_known_are_not(
    fresh_database: FreshDatabase, stranger_key: rsa.RSAPrivateKey, tmp_path: Path
):
    with World(fresh_database.engine) as world:
        house = House(world, new_private_key(), tmp_path)
        house.gateway.notes = log = CallLog(world.dsn)
        shop = Shop(house)
        order = {"out_trade_no": "tea-1", "total_amount": "12.00", "subject": "茶"}

        shop.call("alipay.trade.precreate", **order)
        shop.call("alipay.trade.query", out_trade_no="never")
        shop.call("alipay.trade.precreate", **{**order, "total_amount": "cheap"})
        stranger = Shop(house, key=stranger_key).call("alipay.trade.query", out_trade_no="tea-1")
        written = log.write()

        assert stranger["sub_code"] == "isv.invalid-signature"
        assert written == 3
        assert kept(world) == [
            (ESCROW_SHOP, "alipay", "alipay.trade.precreate", "10000"),
            (ESCROW_SHOP, "alipay", "alipay.trade.query", "ACQ.TRADE_NOT_EXIST"),
            (ESCROW_SHOP, "alipay", "alipay.trade.precreate", "ACQ.INVALID_PARAMETER"),
        ]
        assert 0 < world.one("SELECT max(took_us) FROM wire_call") < 60_000_000
        house.close()


def test_the_other_wires_note_the_status_and_the_name_of_what_is_wrong(fresh_database: FreshDatabase, tmp_path: Path):
    with World(fresh_database.engine) as world, RestHouse(world) as rest:
        house = wechatpay.House(world, new_private_key(), tmp_path)
        house.gateway._notes = rest.notes
        shop = wechatpay.Shop(house)
        later = shop.request("GET", "/v3/certificates", b"", timestamp="1")
        nowhere = f"/v3/pay/transactions/out-trade-no/never?mchid={shop.mchid}"

        rest.shop.get("/v1/payments/7")
        rest.stranger.get("/v1/payments/7")
        rest.owner.get("/v1/owner/nothing")
        rest.shop.post("/v1/payments", {"amount_minor": 100, "subject": "tea"}, key="k1")
        shop.native("tea-000001")
        shop.get(nowhere)
        shop.send(later)
        rest.notes.write()

        assert kept(world) == [
            (DIRECT_APP, "rest", "GET /v1/payments/7", "404 NotFound"),
            (DIRECT_APP, "rest", "POST /v1/payments", "201"),
            (shop.app_id, "wechatpay", "POST /v3/pay/transactions/native", "200"),
            (shop.app_id, "wechatpay", nowhere.replace("/v3", "GET /v3").partition("?")[0], "404 ORDER_NOT_EXIST"),
        ]
        house.close()


def test_of_each_app_the_newest_are_kept_in_memory_and_in_the_table(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(heard, "KEPT_MAX", 3)
    with World(fresh_database.engine) as world:
        log = CallLog(world.dsn)
        noted(log, 10)
        noted(log, 1, app_id=2)
        assert log.write() == 4
        noted(log, 2)
        log.write()
        noted(log, 1)
        log.write()

        assert [asked for app_id, _, asked, _ in kept(world) if app_id == 2] == ["GET /0"]
        assert [asked for app_id, _, asked, _ in kept(world) if app_id == 1][-3:] == ["GET /0", "GET /1", "GET /0"]
        assert len([1 for app_id, *_ in kept(world) if app_id == 1]) <= 2 * 3


def test_a_database_that_is_away_costs_the_notes_and_nothing_else():
    log = CallLog("postgresql://127.0.0.1:1/nowhere")
    noted(log, 5)

    assert log.write() == 0
    assert log.write() == 0, "they are gone, not kept for later"
