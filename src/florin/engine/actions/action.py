"""What an action is: which rows a command needs, and which pure rule it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from florin.campaigns.budget import Draw
from florin.engine.ids import IdBlocks, is_id, lane_of
from florin.engine.lanes import LANES
from florin.engine.room import Room
from florin.events import Event
from florin.events.refusals import Refusal

Events = Sequence[Event]


class Needs(NamedTuple):
    """Ids of rows. Trades in `trades_seen` are read without a lock; a line in `accounts` comes with its items, caught up.

    lines_seen: persons whose lines are read without a lock; only for a command that has locked their wallets. histories:
    lines of `accounts` whose events are all needed, because something counts on a day that is over; posted: and all
    entries that they have derived. uses: persons, of `wallets`, whose uses of coupons are read without a lock. budgets: what
    is wanted of campaigns' budgets; those of a command's first needs alone may be above zero. shared: persons whose guards of
    shared limits are needed beside those of the lines, which come by themselves. parents: parent orders, which never change.
    requests: refund requests. receivers: of merchants, with whom they may share.
    """

    trades: tuple[int, ...] = ()
    trades_seen: tuple[int, ...] = ()
    payments: tuple[int, ...] = ()
    agreements: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()
    accounts: tuple[int, ...] = ()
    wallets: tuple[int, ...] = ()
    balances: tuple[int, ...] = ()
    payouts: tuple[int, ...] = ()
    campaigns: tuple[int, ...] = ()
    fundings: tuple[int, ...] = ()
    parents: tuple[int, ...] = ()
    requests: tuple[int, ...] = ()
    reserves: tuple[int, ...] = ()
    breaks: tuple[int, ...] = ()
    receipts: tuple[int, ...] = ()
    receivers: tuple[int, ...] = ()
    lines_seen: tuple[int, ...] = ()
    histories: tuple[int, ...] = ()
    posted: tuple[int, ...] = ()
    uses: tuple[int, ...] = ()
    budgets: tuple[Draw, ...] = ()
    shared: tuple[int, ...] = ()


NOTHING = Needs()


class Action(NamedTuple):
    """place: lane id source of the command's first event. needs, then_needs, rule: see the package."""

    place: Callable[[Any, IdBlocks], int]
    needs: Callable[[Any], Needs]
    rule: Callable[[Room, Any], Events | Refusal]
    then_needs: Callable[[Room, Any], Needs] = lambda room, command: NOTHING


def own(name: str) -> Callable[[Any, IdBlocks], int]:
    """The command brings the id of its first event."""
    return lambda command, ids: int(getattr(command, name))


def beside(name: str) -> Callable[[Any, IdBlocks], int]:
    """A fresh id in the lane of what the command names; a number that is no id of ours is refused from the first lane."""

    def place(command: Any, ids: IdBlocks) -> int:
        identifier: int = getattr(command, name)
        return ids.take(lane_of(identifier) if is_id(identifier) else LANES[0])

    return place


def in_lane(command: Any, ids: IdBlocks) -> int:
    """A fresh id in the lane that the command names."""
    return ids.take(command.lane)


def by(**needed: str) -> Callable[[Any], Needs]:
    """Rows named by the command's own fields."""
    return lambda command: Needs(**{kind: (getattr(command, field),) for kind, field in needed.items()})


def of_account(decide: Callable[..., Events | Refusal]) -> Callable[[Room, Any], Events | Refusal]:
    """The rule of a command about a line's account under its program; `accounts` is what it needs."""

    def rule(room: Room, command: Any) -> Events | Refusal:
        line = room.named_line(command)
        return decide(line, room.account(line.id), command, room.at, program=room.program(line))

    return rule
