"""Gathered work: many callers, few turns; nobody is answered with what was looked up before he asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from florin.engine.gathered import Gathered


class Doubling:
    """Doubles numbers, and knows with whom each was asked. A turn ends when `open` is set."""

    def __init__(self) -> None:
        self.turns: list[list[int]] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.turns.append(list(numbers))
        assert self.open.wait(10)
        if 13 in numbers:
            raise ValueError("thirteen")
        return [2 * number for number in numbers]


@pytest.fixture
def work() -> Doubling:
    return Doubling()


def test_all_who_ask_in_one_turn_of_the_loop_are_asked_for_together(work: Doubling):
    async def main() -> list[int]:
        return await asyncio.gather(*(gathered(number) for number in range(5)))

    gathered = Gathered(work, name="test")

    assert asyncio.run(main()) == [0, 2, 4, 6, 8]
    assert work.turns == [[0, 1, 2, 3, 4]]


def test_who_asks_while_a_turn_is_under_way_waits_for_the_next(work: Doubling):
    async def main() -> list[int]:
        work.open.clear()
        first = asyncio.ensure_future(gathered(1))
        while not work.turns:
            await asyncio.sleep(0.001)
        late = [asyncio.ensure_future(gathered(number)) for number in (2, 3)]
        await asyncio.sleep(0.01)
        assert work.turns == [[1]]
        work.open.set()
        return await asyncio.gather(first, *late)

    gathered = Gathered(work, name="test")

    assert asyncio.run(main()) == [2, 4, 6]
    assert work.turns == [[1], [2, 3]]


def test_a_turn_takes_so_many_and_the_rest_goes_after_it(work: Doubling):
    async def main() -> list[int]:
        return await asyncio.gather(*(gathered(number) for number in range(5)))

    gathered = Gathered(work, name="test", most=2)

    assert asyncio.run(main()) == [0, 2, 4, 6, 8]
    assert work.turns == [[0, 1], [2, 3], [4]]


def test_what_the_work_raises_is_raised_to_those_of_its_turn_alone(work: Doubling):
    async def main() -> None:
        with pytest.raises(ValueError, match="thirteen"):
            await gathered(13)
        assert await gathered(14) == 28

    gathered = Gathered(work, name="test")

    asyncio.run(main())


def test_who_goes_away_takes_nothing_from_the_others(work: Doubling):
    async def main() -> None:
        work.open.clear()
        gone, stays = (asyncio.ensure_future(gathered(number)) for number in (1, 2))
        while not work.turns:
            await asyncio.sleep(0.001)
        gone.cancel()
        work.open.set()
        assert await stays == 4
        assert await gathered(3) == 6

    gathered = Gathered(work, name="test")

    asyncio.run(main())


def test_who_asks_after_the_end_is_told(work: Doubling):
    async def main() -> None:
        with pytest.raises(RuntimeError):
            await gathered(1)

    gathered = Gathered(work, name="test")
    gathered.close()

    asyncio.run(main())
