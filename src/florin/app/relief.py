"""`florin line reage` and `hardship`: relief for who cannot pay as agreed; what it would do, and once agreed, done."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import typer

from florin.app.house import DataOption, JsonOption, Refused, entered, granted, say
from florin.app.programs import percent
from florin.credit.end_hardship import EndHardship
from florin.credit.hardship import AgreeHardship, HardshipPreview
from florin.credit.hardship import preview as hardship_preview
from florin.credit.reage import ReAge, ReAgePreview
from florin.credit.reage import preview as reage_preview
from florin.engine import Outcome, Submission, clock
from florin.events import HardshipEndedEarly
from florin.events.refusals import Refusal, yuan
from florin.queries.lines import LineView, line_by_id
from florin.store import StoreRefusal

LineArgument = Annotated[int, typer.Argument(metavar="LINE", help="The line's number, from `florin shopper list`.")]
AgreeOption = Annotated[bool, typer.Option("--agree", help="Do it; without this it is only shown.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Who agreed and why, for the record; needed to do it.")]


class Rest(StrEnum):
    """What becomes of the installments to come."""

    DUE_AT_ONCE = "due_at_once"
    CONTINUE = "continue"


class NoSuchLine(StoreRefusal):
    def __init__(self, *, line_id: int) -> None:
        super().__init__(f"There is no line {line_id}.", "See `florin shopper list`.")


class AgreementWithoutReason(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "Nothing was agreed: --agree and --end stand with a --reason.", 'Add --reason "who agreed, and why".'
        )


class PlanOrEnd(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "A hardship plan is either made, with --installments, or ended, with --end.",
            'Add --installments 12 to see one, or --end --reason "who agreed, and why" to end the one that runs.',
        )


def reage(
    line_id: LineArgument,
    agree: AgreeOption = False,
    reason: ReasonOption = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a late line current by agreement: what least payments lacked is left to later bills."""
    view = _looked_at(data, line_id, agree=agree, reason=reason)
    found = reage_preview(view.line, view.account, view.at.on, view.program)
    if isinstance(found, Refusal):
        raise Refused(found)
    if agree:
        _do(data, ReAge(line_id=line_id, reason=reason.strip()))
    say(as_json, _document(line_id, found, agreed=agree), *_told_reage(line_id, found, agreed=agree))


def hardship(
    line_id: LineArgument,
    installments: Annotated[int, typer.Option("--installments", help="As the terms offer them.")] = 0,
    waive_penalty: Annotated[bool, typer.Option("--waive-penalty", help="Penalties are owed no more.")] = False,
    agree: AgreeOption = False,
    end: Annotated[bool, typer.Option("--end", help="End the plan that runs, by agreement; needs a --reason.")] = False,
    rest: Annotated[
        Rest | None,
        typer.Option("--rest", help="With --end: what was to come; else as the terms say of a broken plan."),
    ] = None,
    reason: ReasonOption = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """All that is owed becomes one plan at a reduced rate; nothing new is bought while it runs. --end ends it early."""
    if end == bool(installments):
        raise PlanOrEnd
    if end:
        _end_hardship(data, line_id, rest, reason, as_json=as_json)
        return
    view = _looked_at(data, line_id, agree=agree, reason=reason)
    found = hardship_preview(
        view.line, view.account, installments, view.at.on, view.program, waive_penalty=waive_penalty
    )
    if isinstance(found, Refusal):
        raise Refused(found)
    if agree:
        command = AgreeHardship(
            line_id=line_id, installments=installments, waive_penalty=waive_penalty, reason=reason.strip()
        )
        _do(data, command)
    say(as_json, _document(line_id, found, agreed=agree), *_told_hardship(line_id, found, agreed=agree))


def _end_hardship(data: Path | None, line_id: int, rest: Rest | None, reason: str, *, as_json: bool) -> None:
    """Raises NoSuchLine, AgreementWithoutReason, Refused."""
    _looked_at(data, line_id, agree=True, reason=reason)
    command = EndHardship(line_id=line_id, rest=rest.value if rest else None, reason=reason.strip())
    event = cast(HardshipEndedEarly, _do(data, command).event)
    due = "with its next bill" if event.rest == "due_at_once" else "in its installments"
    document = {"line_id": str(line_id), "rest": event.rest, "rest_minor": event.rest_minor, "value_on": event.value_on}
    said = f"The hardship plan of line {line_id} is over. {yuan(event.rest_minor)} of it was to come, and is due {due}"
    say(as_json, document, said + (", less its interest." if event.rest == "due_at_once" else "."))


def _looked_at(data: Path | None, line_id: int, *, agree: bool, reason: str) -> LineView:
    """The line as of today. Raises NoSuchLine, AgreementWithoutReason."""
    if agree and not reason.strip():
        raise AgreementWithoutReason
    with entered(data) as house:
        try:
            view = line_by_id(house.connection, line_id=line_id, at=clock.read(house.connection))
        except LookupError:  # of a house that was never served, which has no line
            view = None
    if view is None:
        raise NoSuchLine(line_id=line_id)
    return view


def _do(data: Path | None, command: ReAge | AgreeHardship | EndHardship) -> Outcome:
    """The command is decided anew by the engine, on the line as it is then. Raises Refused."""
    with entered(data) as house, house.engine() as engine:
        outcomes = engine.execute([Submission(command=command)])
        granted(outcomes)
    return outcomes[0]


def _document(line_id: int, found: ReAgePreview | HardshipPreview, *, agreed: bool) -> dict[str, Any]:
    return {"line_id": str(line_id), "agreed": agreed, **msgspec.to_builtins(found)}


def _told_reage(line_id: int, found: ReAgePreview, *, agreed: bool) -> list[str]:
    done = "is current again" if agreed else "would be current again; --agree --reason … does it"
    return [
        f"Line {line_id} {done}. It was past due since {found.past_due_on}, {found.days_past_due} days.",
        f"  left to later bills  {yuan(found.arrears_minor):>14}",
        f"  paid of late         {yuan(found.paid_minor):>14}   needed {yuan(found.needed_minor)}",
        f"  next bill, at least  {yuan(found.next_minimum_minor):>14}   without it {yuan(found.next_minimum_before_minor)}",
    ]


def _told_hardship(line_id: int, found: HardshipPreview, *, agreed: bool) -> list[str]:
    done = "has a hardship plan" if agreed else "would have this hardship plan; --agree --reason … does it"
    return [
        f"Line {line_id} {done}: {yuan(found.total_minor)} in {len(found.parts)} installments.",
        f"  purchases            {yuan(found.principal_minor):>14}   at {percent(found.yearly_rate)} a year, "
        f"before {percent(found.yearly_rate_before)}",
        f"  interest of the plan {yuan(found.interest_minor):>14}",
        f"  charges until now    {yuan(found.charges_minor):>14}   bear nothing",
        f"  owed no more         {yuan(found.waived_penalty_minor + found.waived_fee_minor):>14}",
        *(
            f"  {part.number:>3}  bill {part.bills_on}  due {part.due_on}"
            f"{yuan(part.principal_minor + part.interest_minor + part.charges_minor):>14}"
            for part in found.parts
        ),
    ]
