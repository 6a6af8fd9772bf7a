"""The till in its event loop: who goes away in the middle of a call, and a database that does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from conftest import FreshDatabase
from florin.wires.keys.forms import new_private_key
from wires.alipay.house import House, Shop
from world import World

PAY = "alipay.trade.pay"


@pytest.fixture
def house(fresh_database: FreshDatabase, tmp_path: Path) -> Iterator[House]:
    """alice has a line of ¥10,000."""
    with World(fresh_database.engine) as world:
        made = House(world, new_private_key(), tmp_path)
        world.person("alice", limit_minor=1_000_000)
        yield made
        made.close()


def order(house: House, number: str) -> dict[str, Any]:
    code = house.code_of("alice")
    return {"out_trade_no": number, "total_amount": "10.00", "subject": "茶", "scene": "bar_code", "auth_code": code}


def test_who_goes_away_in_the_middle_of_a_call_has_paid_once_or_not_and_is_told_which(house: House):
    shop, count = Shop(house), 24
    orders = [order(house, f"gone-{n}") for n in range(count)]
    requests = [shop.request(PAY, each) for each in orders]

    async def leave(request: Any, after_s: float) -> bool:
        call = asyncio.create_task(house.gateway.answer(request))
        await asyncio.wait({call}, timeout=after_s)
        if call.done():
            return False
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        return True

    async def all_leave() -> list[bool]:
        return await asyncio.gather(*(leave(request, n * 0.002) for n, request in enumerate(requests)))

    left = asyncio.run(all_leave())
    told = [shop.call("alipay.trade.query", out_trade_no=each["out_trade_no"]) for each in orders]
    again = [shop.call(PAY, **each) for each in orders]

    assert any(left), "some went away before they were answered"
    assert {each.get("trade_status", each.get("sub_code")) for each in told} <= {"TRADE_SUCCESS", "ACQ.TRADE_NOT_EXIST"}
    assert [each["code"] for each in again] == ["10000"] * count
    paid_before = [(n, each["trade_no"]) for n, each in enumerate(told) if "trade_no" in each]
    assert all(again[n]["trade_no"] == trade_no for n, trade_no in paid_before)
    assert house.world.one("SELECT count(*) FROM payment") == count
    assert house.world.line("alice").exposure_minor == count * 10_00
    house.world.assert_books_hold()


def test_a_database_that_goes_away_is_an_unknown_result_and_the_loop_goes_on_when_it_is_back(
    house: House, fresh_database: FreshDatabase
):
    shop = Shop(house)
    before, during = order(house, "before"), order(house, "during")
    query, spared = {"out_trade_no": "before"}, house.world.connection.info.backend_pid

    async def serve(away: Callable[[bool], None]) -> list[dict[str, Any]]:
        async def call(method: str, biz: dict[str, Any]) -> dict[str, Any]:
            request = shop.request(method, biz)
            return shop.read(await house.gateway.answer(request), request)

        answers = [await call(PAY, before)]
        await asyncio.to_thread(away, True)
        answers += await asyncio.gather(call(PAY, during), call("alipay.trade.query", query))
        await asyncio.to_thread(away, False)
        for _ in range(50):
            back = await call("alipay.trade.query", query)
            if back["code"] == "10000":
                break
            await asyncio.sleep(0.1)
        return [*answers, back, await call(PAY, during), await call(PAY, during)]

    paid, lost, unread, back, then, again = asyncio.run(serve(lambda is_away: _away(fresh_database, is_away, spared)))

    assert paid["code"] == "10000"
    assert (lost["code"], lost["sub_code"]) == (unread["code"], unread["sub_code"]) == ("20000", "isp.unknow-error")
    assert "query before you try again" in lost["sub_msg"]
    assert (back["code"], back["trade_status"]) == ("10000", "TRADE_SUCCESS")
    assert then == again
    assert then["code"] == "10000"
    assert house.world.one("SELECT count(*) FROM payment") == 2
    house.world.assert_books_hold()


def _away(database: FreshDatabase, is_away: bool, spared: int) -> None:
    """Nobody may connect, and who is connected is thrown out, the test's own connection spared; or all may again."""
    elsewhere = database.superuser.replace(f"/{database.name}?", "/postgres?")
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS {'false' if is_away else 'true'}")
        if is_away:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
            connection.execute(ended, (database.name, spared))
