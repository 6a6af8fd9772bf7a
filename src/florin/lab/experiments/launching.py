"""The launch game: who lends, whose mall takes a rival's credit, and which merchants do.

Alibaba and JD each launch or not and let their malls take rivals' credit or not; Tencent, who has no mall, launches or not.
Merchants off the malls take a credit that passes the tourist test. Each combination is a world; a group's payoff is the
present value of five years of what it gains there against the world in which nobody launched, less what launching costs.
Whoever launched before is not bound; equilibria are those in pure strategies, of the game in which all choose at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from florin.lab.answers import answered
from florin.lab.arrays import Bits
from florin.lab.parameters import Parameters
from florin.lab.simulate import simulate_lane
from florin.lab.surplus import Accounts, account
from florin.lab.world import World, preset_world

PLAYERS = ("ali", "jd", "tencent")
PROGRAM = {"ali": "huabei", "jd": "baitiao-bill", "tencent": "fenfu"}
MALLS = {"ali": ("taobao", "tmall"), "jd": ("jd",)}
YEARS = 5


class Move(NamedTuple):
    """What a player does. accepts: rivals' credit in his malls; nothing for who has no mall."""

    launches: bool
    accepts: bool = False


Profile = tuple[Move, Move, Move]


class Game(NamedTuple):
    """Payoffs in fen a person, by profile; every profile is there."""

    payoffs: dict[Profile, tuple[float, float, float]]

    def equilibria(self) -> list[Profile]:
        """Profiles from which nobody gains by moving alone. Of those that are the same world, one."""
        stable = [profile for profile in self.payoffs if not any(self._better(profile, player) for player in range(3))]
        return [profile for profile in stable if profile == effective(profile)]

    def _better(self, profile: Profile, player: int) -> bool:
        mine = self.payoffs[profile][player]
        return any(self.payoffs[other][player] > mine for other in _others(profile, player))


def moves(player: str) -> tuple[Move, ...]:
    """All that a player can do."""
    accepting = (False, True) if player in MALLS else (False,)
    return tuple(Move(launches, accepts) for launches, accepts in product((False, True), accepting))


def effective(profile: Profile) -> Profile:
    """The same world, without an acceptance that no rival makes use of."""
    launched = [move.launches for move in profile]
    ali, jd, tencent = profile
    return (
        Move(ali.launches, ali.accepts and (launched[1] or launched[2])),
        Move(jd.launches, jd.accepts and (launched[0] or launched[2])),
        tencent,
    )


def play(parameters: Parameters, people: Bits, seed: int, *, months: int) -> Game:
    """Every profile's payoffs. Worlds that are the same are simulated once."""
    presets = preset_world(parameters, months=months)
    base = answered(presets, presets.launch("bank-card"), people, seed)
    known: dict[Profile, Accounts] = {}

    def gains(profile: Profile) -> Accounts:
        profile = effective(profile)
        if profile not in known:
            known[profile] = account(simulate_lane(_world(base, profile), people, seed))
        return known[profile]

    nobody: Profile = (Move(False), Move(False), Move(False))
    payoffs = {}
    for profile in product(moves("ali"), moves("jd"), moves("tencent")):
        created = gains(profile) - gains(nobody)
        yearly = [created.group_minor(player, base) * 12 / months / len(people) for player in PLAYERS]
        payoffs[profile] = tuple(_value(parameters, each, move) for each, move in zip(yearly, profile, strict=True))
    return Game(payoffs)  # type: ignore[arg-type]


def present_value(parameters: Parameters, yearly: float) -> float:
    """Of so much at the end of each of the years."""
    return sum(yearly / (1 + parameters.discount) ** year for year in range(1, YEARS + 1))


def _value(parameters: Parameters, yearly: float, move: Move) -> float:
    return present_value(parameters, yearly) - (parameters.launch_cost_minor if move.launches else 0.0)


def _world(base: World, profile: Profile) -> World:
    launched = [PROGRAM[player] for player, move in zip(PLAYERS, profile, strict=True) if move.launches]
    world = base.launch("bank-card", *launched)
    for player, move in zip(PLAYERS, profile, strict=True):
        if move.accepts:
            for rival in _rivals(player):
                for market in MALLS[player]:
                    world = world.accept(PROGRAM[rival], market, 1.0)
    return world


def _others(profile: Profile, player: int) -> Iterable[Profile]:
    for move in moves(PLAYERS[player]):
        if move != profile[player]:
            yield (*profile[:player], move, *profile[player + 1 :])  # type: ignore[misc]


def _rivals(player: str) -> list[str]:
    return [other for other in PLAYERS if other != player]
