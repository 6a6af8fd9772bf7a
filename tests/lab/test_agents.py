"""The model in lanes and the model person by person are one model: the same purchases, to the fen."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from florin.bench.lab_agents import AgentsTask, Person, Setting, digest, rows_of, run
from florin.lab.parameters import drawn, likeliest
from florin.lab.simulate import simulate_lane
from florin.lab.world import World, dates, preset_world


def _one_by_one(world: World, people: int, seed: int) -> list[tuple[int, ...]]:
    setting = Setting(world, seed)
    agents = [Person(setting, number) for number in range(people)]
    for day, on in enumerate(dates(world)):
        for agent in agents:
            agent.live(day, on)
    return [need.row() for agent in agents for need in agent.needs]


def _in_a_lane(world: World, people: int, seed: int) -> list[tuple[int, ...]]:
    return rows_of(simulate_lane(world, np.arange(people, dtype=np.uint64), seed))


@pytest.mark.parametrize("number", range(2))
def test_whatever_the_parameters_a_lane_buys_what_its_people_buy_one_by_one(number: int) -> None:
    world = preset_world(drawn(11, number), months=6)

    assert _in_a_lane(world, 40, seed=number) == _one_by_one(world, 40, seed=number)


def test_so_it_is_where_some_merchants_pay_for_installments_and_prices_are_dearer() -> None:
    world = preset_world(likeliest(), months=5)
    world = world.accept("huabei", "street", 0.5).accept("baitiao-bill", "tmall", 0.7)
    some = np.full_like(world.lender("huabei").free_share, 0.4)
    world = world.change("huabei", free_share=some).change("bank-card", limit_ppm=0)
    world = replace(world, price_ppm=world.price_ppm + np.arange(len(world.markets))[:, None] * 4_000)

    lane = _in_a_lane(world, 60, seed=3)

    assert lane == _one_by_one(world, 60, seed=3)
    assert any(free for *_, free, _no_cash, _waited, _paid, _worth in lane)


def test_mesa_steps_every_agent_every_day_and_says_what_they_bought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mesa", _mesa())

    told = run(AgentsTask(people=12, months=2, seed=5))

    assert told.digest == digest(_in_a_lane(preset_world(likeliest(), months=2), 12, seed=5))
    assert told.mesa == "3"
    assert 0 < told.book_cpu_s < told.cpu_s


def _mesa() -> SimpleNamespace:
    """As much of Mesa 3 as the model uses."""

    class Agents(list):  # type: ignore[type-arg]
        def do(self, method: str) -> None:
            for agent in self:
                getattr(agent, method)()

    class Model:
        def __init__(self, *, seed: int) -> None:
            self.agents = Agents()

    class Agent:
        def __init__(self, model: Model) -> None:
            self.model = model
            model.agents.append(self)

    return SimpleNamespace(Agent=Agent, Model=Model, __version__="3")
