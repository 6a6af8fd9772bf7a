"""What one line answers at one sale: yes, no, up to a cap, or not enough left.

`refuse_line` is the till's own question, asked by `payments.pay` of every purchase on a line; `answer` asks the same and says
beside it how much could be paid. So what a page, a street or a REST call shows is what the till would decide.
"""

from __future__ import annotations

import msgspec

from florin.credit.authorize import CreditLimitExceeded, refuse_credit
from florin.credit.line import Line
from florin.credit.shared_limit import SharedExposure, SharedLimitExceeded, refuse_shared
from florin.credit.spendable import spendable
from florin.credit.sub_limits import SubLimitExceeded
from florin.credit.terms import Terms
from florin.events.market import Arm, LineAnswer, Verdict
from florin.events.parts import Place
from florin.events.refusals import Language, Refusal
from florin.market.acceptance import (
    Acceptance,
    AcceptanceCapExceeded,
    AcceptanceMonthCapExceeded,
    Ruling,
    refuse_ruling,
)
from florin.market.holdout import Experiment, HeldOut, refuse_held_out
from florin.money.at import At


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a line answers to an amount at a place.

    verdict: `yes`, all of it; `cap`, accepted there, but this is more than a purchase, or what is left of a month, may be;
    `limit`, accepted, but not so much is left; `no`, not accepted there, held out, or the line cannot be used at all. most: the
    largest amount that is offered there, zero or more; the tolerance of a limit is not. left: what is left on the line there,
    whatever is accepted; below zero where more is in use. refusal: what the till would say; None for yes. room: what the line
    would pay there if it were accepted without a cap. month_left: what is left of the rule's cap of a calendar month; None:
    there is none.
    """

    line_id: int
    program: str
    verdict: Verdict
    most_minor: int
    left_minor: int
    ruling: Ruling
    refusal: Refusal | None = None
    room_minor: int = 0
    month_left_minor: int | None = None
    experiment: str = ""
    arm: Arm = ""

    @property
    def cap_minor(self) -> int | None:
        """The most that one purchase may be here; None: no such cap."""
        return self.ruling.cap_minor if self.ruling.accepted else None

    def reason(self, language: Language) -> str:
        """Why not, as the till says it; for yes the rule's own sentence, empty where no rule speaks."""
        return self.ruling.reason(language) if self.refusal is None else self.refusal.sentence(language)

    def recorded(self) -> LineAnswer:
        """As a checkout's event keeps it."""
        return LineAnswer(
            line_id=self.line_id,
            program=self.program,
            verdict=self.verdict,
            channel=self.ruling.channel,
            most_minor=self.most_minor,
            room_minor=self.room_minor,
            cap_minor=self.cap_minor,
            month_cap_minor=self.ruling.month_cap_minor,
            month_left_minor=self.month_left_minor,
            refusal="" if self.refusal is None else self.refusal.name,
            ecosystem=self.ruling.ecosystem,
            version=self.ruling.version,
            experiment=self.experiment,
            arm=self.arm,
        )


def refuse_line(
    line: Line,
    terms: Terms,
    amount_minor: int,
    place: Place,
    at: At,
    *,
    acceptance: Acceptance,
    merchant_id: int,
    trade_id: int = 0,
    shared: SharedExposure | None = None,
) -> Refusal | None:
    """Why this amount may not be paid with this line there; None when it may. place: as it is sold, terms or no terms.

    First whether it is accepted, then whether she is held out, then whether the line has room.
    """
    ruling = acceptance.ruling(line.program, place, at.on)
    not_here = refuse_ruling(ruling, amount_minor, line, at.on, merchant_id=merchant_id, trade_id=trade_id)
    if not_here is not None:
        return not_here
    if acceptance.experiments:
        experiment = experiment_of(acceptance, line, at)
        held_out = refuse_held_out(experiment, line, amount_minor, at, merchant_id=merchant_id, trade_id=trade_id)
        if held_out is not None:
            return held_out
    tolerance_minor = terms.over_limit_tolerance_minor
    if refused := refuse_credit(
        line, amount_minor, tolerance_minor, at, terms, place=place if terms.sub_limits else None
    ):
        return refused
    return None if shared is None else refuse_shared(shared, amount_minor, line.id, terms)


def answer(
    line: Line,
    terms: Terms,
    amount_minor: int,
    place: Place,
    at: At,
    *,
    acceptance: Acceptance,
    merchant_id: int,
    trade_id: int = 0,
    shared: SharedExposure | None = None,
) -> Answer:
    """What the line answers to an amount above zero. Arguments as of `refuse_line`."""

    def refused(minor: int) -> Refusal | None:
        return refuse_line(
            line,
            terms,
            minor,
            place,
            at,
            acceptance=acceptance,
            merchant_id=merchant_id,
            trade_id=trade_id,
            shared=shared,
        )

    refusal = refused(amount_minor)
    # What refuses the smallest amount for another reason than its size refuses every amount; what takes all takes that.
    of_any = None if refusal is None else refused(1)
    return _answer(line, terms, place, at, acceptance, merchant_id, shared, refusal, of_any)


def answer_yes(
    line: Line,
    terms: Terms,
    place: Place,
    at: At,
    *,
    acceptance: Acceptance,
    merchant_id: int,
    shared: SharedExposure | None = None,
) -> Answer:
    """What the line answered when the till took an amount; the line as it was before. Arguments as of `refuse_line`."""
    return _answer(line, terms, place, at, acceptance, merchant_id, shared, None, None)


def _answer(
    line: Line,
    terms: Terms,
    place: Place,
    at: At,
    acceptance: Acceptance,
    merchant_id: int,
    shared: SharedExposure | None,
    refusal: Refusal | None,
    of_any: Refusal | None,
) -> Answer:
    """refusal, of_any: why the amount, and why the smallest amount, would be refused."""
    ruling, experiment = acceptance.ruling(line.program, place, at.on), experiment_of(acceptance, line, at)
    arm: Arm = "" if experiment is None else experiment.arm_of(line.person_id, merchant_id)
    left_minor = spendable(line, terms, at.on, shared).at(place)
    return Answer(
        line_id=line.id,
        program=line.program,
        verdict=_verdict(refusal, of_any),
        most_minor=_most_minor(line, left_minor, ruling, experiment, arm, at) if of_any is None else 0,
        left_minor=left_minor,
        ruling=ruling,
        refusal=refusal,
        room_minor=_room_minor(line, terms, left_minor, at),
        month_left_minor=ruling.month_left_minor(line, at.on),
        experiment="" if experiment is None else experiment.name,
        arm=arm,
    )


def experiment_of(acceptance: Acceptance, line: Line, at: At) -> Experiment | None:
    """The first experiment, by name, that concerns a line's program today."""
    return next((each for each in acceptance.experiments if each.concerns(line.program, at.on)), None)


def _verdict(refusal: Refusal | None, of_any: Refusal | None) -> Verdict:
    """of_any: why the smallest amount would be refused."""
    if refusal is None:
        return "yes"
    if of_any is not None and not _is_of_size(of_any):
        return "no"
    if isinstance(refusal, _CAPS):
        return "cap"
    return "limit" if _is_of_size(refusal) else "no"


def _is_of_size(refusal: Refusal) -> bool:
    """A smaller amount might pass."""
    if isinstance(refusal, HeldOut):
        return refusal.left_minor > 0
    return isinstance(refusal, (*_CAPS, CreditLimitExceeded, SubLimitExceeded, SharedLimitExceeded))


def _room_minor(line: Line, terms: Terms, left_minor: int, at: At) -> int:
    """What the line itself would pay, whatever is accepted: nothing when it cannot be used."""
    refused = refuse_credit(line, 1, terms.over_limit_tolerance_minor, at, terms)
    return 0 if refused is not None and not _is_of_size(refused) else max(0, left_minor)


def _most_minor(line: Line, left_minor: int, ruling: Ruling, experiment: Experiment | None, arm: Arm, at: At) -> int:
    most = [left_minor]
    if ruling.cap_minor is not None:
        most.append(ruling.cap_minor)
    if (month_left_minor := ruling.month_left_minor(line, at.on)) is not None:
        most.append(month_left_minor)
    if experiment is not None and arm == "held_out":
        most.append(experiment.room_minor(line, at.on))
    return max(0, min(most))


_CAPS = (AcceptanceCapExceeded, AcceptanceMonthCapExceeded)
