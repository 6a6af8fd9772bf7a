"""Join: a person gets an account here, with an empty wallet."""

from __future__ import annotations

import msgspec

from florin.events import PersonJoined
from florin.money.at import At


class Join(msgspec.Struct, frozen=True, kw_only=True):
    """person_id: made by the caller in the lane of the logon. logon: how the person signs in, unique in the house."""

    person_id: int
    logon: str
    name: str


def decide(command: Join, at: At) -> tuple[PersonJoined]:
    return (PersonJoined(value_on=at.on, person_id=command.person_id, name=command.name),)
