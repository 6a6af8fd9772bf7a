"""Callers on an event loop: answered once a batch, and free to go away."""

import asyncio

from florin.engine import Submission
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
