"""`florin partner`: partner banks that fund a share of each new loan: open an agreement, show, list, close."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
import typer

from florin.app.house import DataOption, House, JsonOption, entered, granted, group, say, say_table
from florin.app.merchants import amount_minor, rate_ppm
from florin.credit.funding import CloseFunding, OpenFunding, percent
from florin.engine import Submission, lane_for
from florin.events.refusals import yuan
from florin.queries.partners import PartnerView, partner_by_id, partners
from florin.store import StoreRefusal

app = group("Partner banks that fund a share of each new loan: open an agreement, show, list, close.")

AgreementArgument = Annotated[int, typer.Argument(metavar="AGREEMENT", help="Its number, from `florin partner list`.")]


class NoSuchAgreement(StoreRefusal):
    def __init__(self, *, agreement_id: int) -> None:
        super().__init__(f"There is no agreement {agreement_id} with a partner bank.", "See `florin partner list`.")


@app.command("open")
def open_(
    partner: Annotated[str, typer.Argument(help="The partner bank's name, as contracts show it.")],
    share: Annotated[str, typer.Option("--share", help="Its share of each loan, in percent: 70%.")],
    cap: Annotated[str, typer.Option("--cap", help="The most that may be owed to it at a time, in yuan.")],
    program: Annotated[list[str], typer.Option("--program", help="Loans of this program; again for more.")],
    servicing: Annotated[
        str, typer.Option("--servicing", help="What the house keeps of the income collected for it, in percent.")
    ] = "0%",
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of new loans; else today.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day of new loans; else no end.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open an agreement. Loans that begin from its first day on are shared, as long as the cap leaves room."""
    with entered(data) as house, house.engine() as engine:
        command = OpenFunding(
            agreement_id=engine.new_id(lane_for(f"partner/{partner}")),
            partner=partner,
            programs=tuple(program),
            share_ppm=rate_ppm(share),
            servicing_ppm=rate_ppm(servicing),
            cap_minor=amount_minor(cap),
            from_on=_day(from_),
            until_on=_day(until),
        )
        granted(engine.execute([Submission(command=command)]))
        view = _view(house, command.agreement_id)
    say(as_json, document(view), *_told(view))


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every agreement, the newest first."""
    with entered(data) as house:
        found = partners(house.connection)
    say_table(
        as_json,
        [document(view) for view in found],
        ("agreement", "partner", "share", "programs", "from", "until", "cap", "owed to it", "left", ""),
        [
            (
                str(view.id), view.partner, percent(view.share_ppm), ", ".join(view.programs), str(view.from_on),
                str(view.until_on or "–"), yuan(view.cap_minor), yuan(view.partner_minor), yuan(view.left_minor),
                "" if view.state == "open" else "closed",
            )
            for view in found
        ],
    )  # fmt: skip


@app.command()
def show(agreement_id: AgreementArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """An agreement: its terms, and whose each part of its loans is."""
    with entered(data) as house:
        view = _view(house, agreement_id)
    say(as_json, document(view), *_told(view))


@app.command()
def close(
    agreement_id: AgreementArgument,
    reason: Annotated[str, typer.Option("--reason", help="For the record.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fund nothing new under an agreement. Its loans stay shared until they are paid."""
    with entered(data) as house:
        _view(house, agreement_id)
        with house.engine() as engine:
            granted(engine.execute([Submission(command=CloseFunding(agreement_id=agreement_id, reason=reason))]))
        view = _view(house, agreement_id)
    say(as_json, document(view), *_told(view))


def document(view: PartnerView) -> dict[str, Any]:
    """For programs: ids as text, and the sums that people would have to work out."""
    own = {"id": str(view.id), "own_minor": view.own_minor, "left_minor": view.left_minor}
    return {**msgspec.to_builtins(view), **own}


def _view(house: House, agreement_id: int) -> PartnerView:
    view = partner_by_id(house.connection, agreement_id=agreement_id)
    if view is None:
        raise NoSuchAgreement(agreement_id=agreement_id)
    return view


def _told(view: PartnerView) -> list[str]:
    until = f"until {view.until_on}" if view.until_on else "without an end"
    return [
        f"{view.partner}, agreement {view.id}: {view.state}.",
        f"It funds {percent(view.share_ppm)} of each loan under {', '.join(view.programs)} from {view.from_on} {until};"
        f" {percent(view.servicing_ppm)} of the income collected for it is kept for servicing.",
        f"{view.loans} loans of {yuan(view.lent_minor)}; {yuan(view.owed_minor)} of that is owed:"
        f" {yuan(view.own_minor)} to the house, {yuan(view.partner_minor)} to the partner"
        f" ({yuan(view.charged_off_minor)} of it charged off).",
        f"The cap of {yuan(view.cap_minor)} leaves {yuan(view.left_minor)}.",
    ]


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None
