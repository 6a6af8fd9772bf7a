"""What the owner's operations share: his key belongs to no app, and its idempotency keys are the house's.

What moves money or a line is a command to the engine; a merchant's state and a standing agreement are reference data, set as
often as one likes with the same result. The operations are in files of their own subject.
"""

from __future__ import annotations

from typing import Any

from florin.engine import ClaimKind, NotFound, Outcome, Submission, claim
from florin.engine.submission import Claim
from florin.queries import is_id
from florin.wires.rest.problems import RefusedBy
from florin.wires.rest.serve import Call

# The owner's own keys, apart from every app's: ids of apps are above zero.
_SCOPE = 0


async def execute(call: Call, command: Any, content: Any, more: tuple[Claim, ...] = ()) -> Outcome:
    """Run one command under the owner's key. Raises RefusedBy."""
    claims = (owner_claim(call, content), *more)
    (outcome,) = await call.house.engine.execute_async((Submission(command=command, claims=claims),))
    if outcome.refusal is not None:
        raise RefusedBy(outcome.refusal, replayed=outcome.replayed)
    return outcome


def owner_claim(call: Call, content: Any) -> Claim:
    """The owner's key for what he sends."""
    return claim(ClaimKind.REQUEST, _SCOPE, call.idempotency_key, content)


def number_in(call: Call, part: str) -> int:
    """The number in the path, or 0, which is nobody's."""
    text = call.parts[part]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def known_id(call: Call, part: str, what: str) -> int:
    """The number in the path, if it has the form of an id. Raises RefusedBy."""
    identifier = number_in(call, part)
    if not is_id(identifier):
        raise RefusedBy(NotFound(what=what, id=identifier))
    return identifier
