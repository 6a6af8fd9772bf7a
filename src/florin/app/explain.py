"""`florin explain`: why does this person owe this amount? In words, or for programs."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from psycopg import Connection

from florin.app.house import DataOption, JsonOption, entered, say
from florin.credit.explain import NothingToExplain, QuestionUnreadable, Told, lines_of, question_of
from florin.engine import clock
from florin.events.refusals import Language, yuan
from florin.queries import is_id
from florin.queries.directory import shopper_by_logon
from florin.queries.explain import Explained, explain_line, explain_payout
from florin.queries.fees import fees_of_payment
from florin.queries.lines import line_by_id, line_of_person
from florin.queries.shares import Share, shares_of_payment
from florin.store import StoreRefusal


class NoSuchQuestion(StoreRefusal):
    def __init__(self, unreadable: QuestionUnreadable) -> None:
        problem, _, remedy = str(unreadable).partition(". ")
        super().__init__(f"{problem}.", remedy)


class NothingThere(StoreRefusal):
    def __init__(self, nothing: NothingToExplain) -> None:
        known = f"There is: {', '.join(nothing.known)}." if nothing.known else "Ask for something that the line has."
        super().__init__(f"There is no {nothing.what} to explain.", known)


class NoSuchLine(StoreRefusal):
    def __init__(self, *, whose: str) -> None:
        super().__init__(
            f"There is no line {whose[:80]}, and nobody of that name has one.", "See `florin shopper list`."
        )


class NoSuchPayment(StoreRefusal):
    def __init__(self, *, whose: str) -> None:
        super().__init__(f"There is no payment {whose[:80]} that anybody has paid.", "Give a payment's number.")


def explain(
    whose: Annotated[
        str, typer.Argument(metavar="LINE|PERSON", help="A line's or person's number, or a shopper's login.")
    ],
    what: Annotated[
        str,
        typer.Option(
            help="owed, payoff, available, minimum, interest, penalty, credit-balance, statement, refusal; or one of a kind: "
            "statement=2026-04, minimum=2026-04, interest=2026-04, line=2026-04/2, purchase=PAYMENT, event=ID, refusal=ID, "
            "payout=ID. Of a payment's number: shares, fees."
        ),
    ] = "owed",
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As of the end of that day.")] = None,
    lang: Annotated[str, typer.Option(help="zh or en.")] = "en",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why an amount is what it is: each part back to its events, terms and arithmetic."""
    if what in ("shares", "fees"):
        (_explain_shares if what == "shares" else _explain_fees)(whose, lang, data, as_json)
        return
    try:
        question = question_of(what)
    except QuestionUnreadable as unreadable:
        raise NoSuchQuestion(unreadable) from None
    language = _language(lang)
    with entered(data) as house:
        try:
            if question.what == "payout":
                found = explain_payout(house.connection, payout_id=question.id, language=language)
            else:
                found = explain_line(
                    house.connection,
                    line_id=_line_id(house.connection, whose),
                    question=question,
                    at=clock.read(house.connection),
                    language=language,
                    on=on.date() if on else None,
                )
        except NothingToExplain as nothing:
            raise NothingThere(nothing) from None
    if found is None:
        raise NothingThere(NothingToExplain(what))
    if as_json:
        say(True, found)
    else:
        _print(found)


def _explain_shares(whose: str, lang: str, data: Path | None, as_json: bool) -> None:
    """Who got which fen of the payment of that number."""
    number = int(whose) if whose.isascii() and whose.isdigit() and len(whose) < 20 else 0
    with entered(data) as house:
        found = shares_of_payment(house.connection, payment_id=number, language=_language(lang))
    if found is None:
        raise NoSuchPayment(whose=whose)
    told = [f"{share.name}: {yuan(share.amount_minor)}{_because(share)}" for share in found.shares]
    promised = [f"promised, not paid yet: {yuan(found.promised_minor)}"] if found.promised_minor else []
    say(as_json, found, *told, *promised)


def _explain_fees(whose: str, lang: str, data: Path | None, as_json: bool) -> None:
    """Each fee of the payment of that number, and why it is what it is."""
    number = int(whose) if whose.isascii() and whose.isdigit() and len(whose) < 20 else 0
    with entered(data) as house:
        found = fees_of_payment(house.connection, payment_id=number, language=_language(lang))
    if found is None:
        raise NoSuchPayment(whose=whose)
    say(as_json, found, *(f"{line.name}: {line.text}" for line in found))


def _because(share: Share) -> str:
    return " = " + ", ".join(f"{cause.text} {yuan(cause.amount_minor)}" for cause in share.causes)


def _language(lang: str) -> Language:
    return "zh" if lang.lower().startswith("zh") else "en"


def _line_id(connection: Connection[Any], whose: str) -> int:
    """The line of that number, else that person's. Raises NoSuchLine."""
    at = clock.read(connection)
    number = int(whose) if whose.isascii() and whose.isdigit() and len(whose) < 20 else 0
    if is_id(number):
        view = line_by_id(connection, line_id=number, at=at) or line_of_person(connection, person_id=number, at=at)
        if view is not None:
            return view.line.id
    rows = [row.line_id for row in shopper_by_logon(connection, whose) if row.line_id is not None]
    if not rows:
        raise NoSuchLine(whose=whose)
    return rows[0]


def _print(found: Explained) -> None:
    """The answer as an indented list; then what it rests on: terms, and the events by their number."""
    for depth, text, amount in lines_of(found.answer):
        mark = "" if depth == 0 else "  " * (depth - 1) + ("- " if amount else "· ")
        typer.echo(f"{mark}{text}")
    for line in _grounds(found.answer):
        typer.echo(line)


def _grounds(answer: Told) -> list[str]:
    terms: dict[str, tuple[str, date]] = {}
    events: dict[str, str] = {}
    _collect(answer, terms, events)
    said = [f"{name} = {value} (from {from_on})" for name, (value, from_on) in sorted(terms.items())]
    recorded = [f"{identifier} {kind}" for identifier, kind in events.items()]
    return [*(["terms: " + "; ".join(said)] if said else []), *(["events: " + ", ".join(recorded)] if recorded else [])]


def _collect(told: Told, terms: dict[str, tuple[str, date]], events: dict[str, str]) -> None:
    for term in told.terms:
        terms[term.name] = (term.value, term.from_on)
    if told.event is not None and told.event.id:
        events.setdefault(told.event.id, f"{told.event.kind} {told.event.value_on}")
    for one in (*told.parts, *told.notes):
        _collect(one, terms, events)
