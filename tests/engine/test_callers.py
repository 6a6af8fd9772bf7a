"""Callers on an event loop: answered once a batch, and free to go away."""

import asyncio

import pytest
from msgspec.structs import replace

from florin.engine import NotFound, Submission
from florin.engine.engine import EngineClosed
from florin.wallet.join import Join
from florin.wallet.top_up import TopUp
from world import World


def test_a_caller_who_goes_away_stops_neither_his_command_nor_the_engine(world: World) -> None:
    alice = world.person("alice")

    async def go_away() -> None:
        top_ups = [
            Submission(command=TopUp(person_id=alice, amount_minor=100, bank_reference=f"b{n}")) for n in range(8)
        ]
        calls = [asyncio.ensure_future(world.engine.execute_async([one])) for one in top_ups]
        await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(go_away())

    bob = world.engine.execute([Submission(command=Join(person_id=world.engine.new_id(0), logon="bob", name="Bob"))])
    assert bob[0].event is not None
    assert world.wallet_minor("alice") == 800


def test_an_unknown_merchant_or_app_is_refused_by_name(world: World) -> None:
    world.person("alice", limit_minor=100_000)
    known = world.charge_command("alice", 100)

    for field in ("merchant_id", "app_id"):
        outcome = world.do(replace(known.command, **{field: 777}))
        assert outcome.refusal == NotFound(what=field.removesuffix("_id"), id=777)


def test_a_closed_engine_says_so_instead_of_never_answering(world: World) -> None:
    alice = world.person("alice")
    world.engine.close()

    with pytest.raises(EngineClosed):
        world.do(TopUp(person_id=alice, amount_minor=100, bank_reference="late"))
