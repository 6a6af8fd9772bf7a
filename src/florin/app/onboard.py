"""Onboarding a shopper: an account, a first sum of money from her bank, a line. Merchants and apps: `florin.engine.admin`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from florin.bank import Bank, receive_top_up
from florin.credit.open import OpenLine
from florin.engine import Claim, ClaimKind, Engine, Outcome, Submission, claim, lane_for
from florin.wallet.join import Join


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A shopper of the house. line_id: 0 without credit."""

    person_id: int
    line_id: int


class NotDone(RuntimeError):
    """A step that has no reason to be refused was refused all the same."""


def join_shopper(
    engine: Engine,
    bank: Bank,
    *,
    logon: str,
    name: str,
    on: date,
    wallet_minor: int = 0,
    limit_minor: int = 0,
    program: str = "huabei",
) -> Joined:
    """A person with a wallet, money in it and a line, as far as the amounts are above zero."""
    lane = lane_for(f"person/{logon}")
    person_id = engine.new_id(lane)
    line_id = engine.new_id(lane) if limit_minor else 0
    do(engine, Join(person_id=person_id, logon=logon, name=name), claim(ClaimKind.LOGON, 0, logon))
    if wallet_minor:
        done(
            receive_top_up(
                engine, bank, person_id=person_id, amount_minor=wallet_minor, reference=f"first-money/{logon}", on=on
            )
        )
    if line_id:
        do(engine, OpenLine(person_id=person_id, line_id=line_id, program=program, limit_minor=limit_minor))
    return Joined(person_id=person_id, line_id=line_id)


def do(engine: Engine, command: Any, *claims: Claim) -> Outcome:
    """Execute a command that has no reason to be refused. Raises NotDone with the refusal's sentence."""
    return done(engine.execute([Submission(command=command, claims=claims)])[0])


def done(outcome: Outcome) -> Outcome:
    """The outcome, when it is no refusal. Raises NotDone."""
    if outcome.refusal is not None:
        raise NotDone(f"{outcome.refusal.name}: {outcome.refusal.sentence()}")
    return outcome
