"""`florin onboarding`: merchants who apply: their files, what was checked, who approved, refused or opened them, and why."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from florin.app.house import DataOption, House, JsonOption, Refused, entered, group, say, say_table
from florin.app.merchants import MerchantNameTaken
from florin.engine import onboarding
from florin.engine.ids import IdBlocks
from florin.engine.side import Side
from florin.events.refusals import Refusal
from florin.payments.onboarding import Application
from florin.queries.directory import merchants_called
from florin.queries.onboarding import ApplicationView, application_by_id, applications
from florin.store import StoreRefusal

app = group("Merchants who apply: apply, change, submit, approve, refuse, open; the blocked list, licences.")

FileArgument = Annotated[Path, typer.Argument(help="The application, a TOML file.", exists=True, dir_okay=False)]
IdArgument = Annotated[int, typer.Argument(metavar="APPLICATION", help="Its number, from `florin onboarding list`.")]
ByOption = Annotated[str, typer.Option("--by", help="Who decides, for the record.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the record.")]


class ApplicationUnreadable(StoreRefusal):
    def __init__(self, *, file: Path, problem: str) -> None:
        super().__init__(f"{file} is no application: {problem}", "See docs/how-to/onboard.md for its fields.")


class NoApplication(StoreRefusal):
    def __init__(self, *, application_id: int) -> None:
        super().__init__(f"There is no application {application_id}.", "See `florin onboarding list`.")


@app.command("apply")
def apply_(file: FileArgument, by: ByOption, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Take an application in. Its merchant is closed until it is opened; he may be given a login already."""
    application = _read(file)
    with entered(data) as house:
        for merchant_id, name in merchants_called(house.connection, application.name):
            if name == application.name:
                raise MerchantNameTaken(name=name, merchant_id=merchant_id)
        side = Side(house.store.addresses.engine, name="operator-ids")
        try:
            applied = onboarding.apply(house.connection, IdBlocks(side), application, by=by)
        finally:
            side.close()
        if isinstance(applied, Refusal):
            raise Refused(applied)
        view = _view(house, applied.application_id)
    say(as_json, _document(view), *_told(view))


@app.command()
def change(
    application_id: IdArgument, file: FileArgument, by: ByOption, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Put a draft, or one that was refused, in place of itself."""
    application = _read(file)
    _do(application_id, data, as_json, lambda c: onboarding.change(c, application_id, application, by=by))


@app.command()
def submit(application_id: IdArgument, by: ByOption, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Check a complete application; somebody decides then."""
    _do(application_id, data, as_json, lambda c: onboarding.submit(c, application_id, by=by))


@app.command()
def approve(
    application_id: IdArgument,
    by: ByOption,
    reason: ReasonOption,
    in_spite: Annotated[bool, typer.Option("--in-spite", help="Although checks have failed; say why.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve a submitted application. Who is on the blocked list is not approved."""
    _do(
        application_id,
        data,
        as_json,
        lambda c: onboarding.approve(c, application_id, by=by, reason=reason, in_spite=in_spite),
    )


@app.command()
def refuse(
    application_id: IdArgument, by: ByOption, reason: ReasonOption, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Refuse it, with the reason that the merchant reads."""
    _do(application_id, data, as_json, lambda c: onboarding.refuse(c, application_id, by=by, reason=reason))


@app.command("open")
def open_(
    application_id: IdArgument, by: ByOption, reason: ReasonOption, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Open the merchant of an approved application: he takes payments, at once."""
    _do(application_id, data, as_json, lambda c: onboarding.open_merchant(c, application_id, by=by, reason=reason))


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every application, the newest first."""
    with entered(data) as house:
        found = applications(house.connection)
    say_table(
        as_json,
        [_document(view) for view in found],
        ("application", "merchant", "name", "company", "risk", "state", "missing or failed"),
        [
            (
                str(view.id), str(view.merchant_id), view.application.name, view.application.legal_name,
                view.application.risk, view.state, ", ".join((*view.missing, *_failed(view))),
            )
            for view in found
        ],
    )  # fmt: skip


@app.command()
def show(application_id: IdArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """One application: what is missing, what was found, every step with who took it and why."""
    with entered(data) as house:
        view = _view(house, application_id)
    say(as_json, _document(view), *_told(view))


@app.command()
def block(
    text: Annotated[str, typer.Argument(help="A name or a registration number.")],
    by: ByOption,
    reason: ReasonOption,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put somebody on the blocked list."""
    with entered(data) as house:
        onboarding.block(house.connection, text, by=by, reason=reason)
    say(as_json, {"blocked": text}, f"{text} is on the blocked list.")


@app.command()
def unblock(
    text: Annotated[str, typer.Argument(help="As it was put on the list.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take somebody off the blocked list."""
    with entered(data) as house:
        was_there = onboarding.unblock(house.connection, text)
    said = f"{text} is off the blocked list." if was_there else f"{text} was not on the blocked list."
    say(as_json, {"unblocked": text, "was_there": was_there}, said)


@app.command()
def licence(
    category: Annotated[str, typer.Argument(help="The kind of goods.")],
    document: Annotated[str, typer.Option("--document", help="The kind of document that it needs.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which document a kind of goods needs."""
    with entered(data) as house:
        onboarding.need_licence(house.connection, category, document)
    say(as_json, {"category": category, "document": document}, f"{category} needs {document}.")


def _do(application_id: int, data: Path | None, as_json: bool, step: Callable[[Any], Refusal | None]) -> None:
    with entered(data) as house:
        try:
            refusal = step(house.connection)
        except onboarding.NoSuchApplication:
            raise NoApplication(application_id=application_id) from None
        if refusal is not None:
            raise Refused(refusal)
        view = _view(house, application_id)
    say(as_json, _document(view), *_told(view))


def _read(file: Path) -> Application:
    try:
        return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Application)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as problem:
        raise ApplicationUnreadable(file=file, problem=str(problem)) from None


def _view(house: House, application_id: int) -> ApplicationView:
    view = application_by_id(house.connection, application_id=application_id)
    if view is None:
        raise NoApplication(application_id=application_id)
    return view


def _document(view: ApplicationView) -> dict[str, Any]:
    return {**msgspec.to_builtins(view), "id": str(view.id), "merchant_id": str(view.merchant_id)}


def _failed(view: ApplicationView) -> list[str]:
    return [finding.check for finding in view.findings if not finding.passes]


def _told(view: ApplicationView) -> list[str]:
    return [
        f"Application {view.id} of {view.application.name}, merchant {view.merchant_id}: {view.state}.",
        *([f"Missing: {', '.join(view.missing)}."] if view.missing else []),
        *(f"{'ok' if each.passes else 'FAILED':<8}{each.check}: {each.says}" for each in view.findings),
        *(f"{step.decided_at:%Y-%m-%d} {step.state} by {step.decided_by}: {step.reason}" for step in view.steps),
    ]
