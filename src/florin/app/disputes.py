"""`florin dispute`: what buyers and sellers cannot settle between them: list, show, decide."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from florin.app.house import DataOption, House, JsonOption, entered, granted, group, say, say_table
from florin.app.merchants import amount_minor
from florin.engine import Submission
from florin.events.refusals import yuan
from florin.payments.requests.dispute import DecideDispute
from florin.queries.requests import RequestView, disputes, request_by_id
from florin.store import StoreRefusal

app = group("Disputes between buyers and sellers: list, show, decide.")

DisputeArgument = Annotated[int, typer.Argument(metavar="DISPUTE", help="Its number, from `florin dispute list`.")]


class NoSuchDispute(StoreRefusal):
    def __init__(self, *, request_id: int) -> None:
        super().__init__(f"There is no dispute {request_id}.", "See `florin dispute list`.")


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """What waits for a decision, the most urgent first; after its day the terms of escrow decide."""
    with entered(data) as house:
        found = disputes(house.connection)
    say_table(
        as_json,
        [document(view) for view in found],
        ("dispute", "order", "what", "asked", "held", "because", "decide by"),
        [
            (
                str(view.request.id), view.order_number, view.subject, yuan(view.request.amount_minor),
                yuan(view.request.held_minor), view.request.reason, str(view.request.due_on),
            )
            for view in found
        ],
    )  # fmt: skip


@app.command()
def show(dispute: DisputeArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """What is asked and answered, what each side has shown, and what is held."""
    with entered(data) as house:
        view = _view(house, dispute)
    say(as_json, document(view), *_told(view))


@app.command()
def decide(
    dispute: DisputeArgument,
    refund: Annotated[str, typer.Option("--refund", help="What the buyer gets, in yuan; 0 for nothing.")],
    note: Annotated[str, typer.Option("--note", help="Why, for both sides to read.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide: the buyer is refunded at once, and what is held beyond it is the seller's again."""
    refund_minor = amount_minor(refund)
    with entered(data) as house:
        request = _view(house, dispute).request
        command = DecideDispute(
            request_id=request.id, payment_id=request.payment_id, refund_minor=refund_minor, note=note
        )
        with house.engine() as engine:
            granted(engine.execute([Submission(command=command)]))
        view = _view(house, dispute)
    say(as_json, document(view), *_told(view))


def document(view: RequestView) -> dict[str, Any]:
    """For programs: ids as text."""
    request: dict[str, Any] = msgspec.to_builtins(view.request)
    names = {name: str(value) for name, value in request.items() if name == "id" or name.endswith("_id")}
    told = {"state": view.request.state.name.lower(), "waits_for": view.request.waits_for}
    evidence = [msgspec.to_builtins(each) for each in view.evidence]
    of_order = {"order_number": view.order_number, "subject": view.subject, "trade_id": str(view.trade_id)}
    return {**request, **names, **told, **of_order, "evidence": evidence}


def _view(house: House, request_id: int) -> RequestView:
    view = request_by_id(house.connection, request_id=request_id)
    if view is None:
        raise NoSuchDispute(request_id=request_id)
    return view


def _told(view: RequestView) -> list[str]:
    request = view.request
    lines = [
        f"Dispute {request.id} over order {view.order_number}, {view.subject}: {request.state.name.lower()}.",
        f"The buyer asks for {yuan(request.amount_minor)} since {request.asked_on} ({request.reason}). {request.note}".strip(),
        f"The seller: {request.answer or '–'}",
    ]
    for given in view.evidence:
        files = ", ".join(f"{file.name} (evidence/{file.digest[:2]}/{file.digest})" for file in given.files)
        lines.append(f"{given.value_on}, {given.by}: {given.note}{' ' if given.note and files else ''}{files}")
    if request.state.is_open:
        lines.append(
            f"{yuan(request.held_minor)} of what the seller was paid is held. Waits for the {request.waits_for}"
        )
        lines[-1] += f" until {request.due_on}, that day included."
    else:
        lines.append(f"{yuan(request.refunded_minor)} was given back. {request.decided}".strip())
    return lines
