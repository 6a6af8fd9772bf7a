"""What if, by the owner's program: a change of terms, limits or acceptance, tried on the live book, in a process of its own.

The event loop of payments only waits: the process is nice to others, and one runs at a time.
"""

from __future__ import annotations

import asyncio
import signal
import sys

import msgspec
import structlog

from florin.lab.whatif import Outcome
from florin.queries import what_if
from florin.wires.rest import shapes
from florin.wires.rest.problems import FieldError, Refuse, invalid
from florin.wires.rest.serve import Answer, Call

# What is larger is asked for by command, where somebody watches.
LINES_MAX = 200_000
_TIMEOUT_S = 600.0

_running: set[asyncio.subprocess.Process] = set()
_FIXES = {
    "months": "Choose another number of months, or an earlier day.",
    "draws": "Leave it out for all draws.",
    "": "Open a line, and let a day close.",
}

_log = structlog.get_logger(__name__)
_answered = msgspec.json.Decoder(what_if.Answer)


async def try_change(call: Call, body: shapes.NewWhatIf) -> Answer:
    """POST /v1/owner/what-ifs"""
    asked = what_if.Asked(
        dsn=call.house.engine.dsn,
        change=body.toml,
        months=body.months,
        draws=body.draws,
        seed=body.seed,
        lines_max=LINES_MAX,
    )
    match await _asked(asked):
        case what_if.Lived(outcome=outcome):
            return Answer(shown(outcome))
        case what_if.ChangeWrong(problems=problems):
            fix = "Mend the change; docs/how-to/what-if.md has each part."
            errors = tuple(FieldError(field=field, message=message, fix=fix) for field, message in problems)
            raise Refuse("FieldsInvalid", errors=errors)
        case what_if.SizeWrong(field=field, message=message):
            raise invalid(field or "toml", message, _FIXES[field])
        case what_if.BookWrong(lines=lines, most=most):
            raise Refuse("BookTooLarge", lines=lines, lines_max=most)
        case what_if.Away():
            raise Refuse("StoreUnavailable")
        case _:
            raise Refuse("WhatIfRuns")


def shown(outcome: Outcome) -> shapes.WhatIf:
    """An outcome as this wire's JSON. Decimals are text."""
    return msgspec.convert(msgspec.to_builtins(outcome), shapes.WhatIf)


def end_what_ifs() -> None:
    """Whoever stops the server does not wait for minutes: what runs is ended, and whoever asked is told to ask again."""
    for process in tuple(_running):
        process.kill()


async def _asked(asked: what_if.Asked) -> what_if.Answer:
    """The answer of a process that ends with this one, with its caller, and at the latest after `_TIMEOUT_S`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        what_if.__name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    _running.add(process)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            process.stdin.write(msgspec.json.encode(asked) + b"\n")  # and it stays open: its end would end the process
            said = await process.stdout.read()
            await process.wait()
    except TimeoutError:
        _log.warning("a what-if took too long", seconds=_TIMEOUT_S)
        raise Refuse("WhatIfRuns") from None
    finally:
        _running.discard(process)
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == -signal.SIGKILL:
        raise Refuse("WhatIfRuns")
    if process.returncode != 0:
        _log.error("a what-if failed", returncode=process.returncode)
        raise Refuse("Unexpected")
    answer: what_if.Answer = _answered.decode(said)
    return answer
