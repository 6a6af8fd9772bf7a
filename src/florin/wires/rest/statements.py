"""Statements by the owner's program, and why an amount is what it is."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from florin.credit.explain import NothingToExplain, QuestionUnreadable, question_of
from florin.documents import sheet_of, statement_pdf
from florin.engine import NotFound, clock
from florin.queries.documents import statement_document
from florin.queries.explain import Explained, explain_line, explain_payout
from florin.queries.statements import statements_of
from florin.wires.rest import shapes, show
from florin.wires.rest.owner import number_in
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call


async def get_statements(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/statements"""
    query: shapes.StatementQuery = call.query
    line_id = number_in(call, "line_id")

    def question(connection: Any) -> Any:
        return statements_of(
            connection, line_id=line_id, at=clock.read(connection), before=query.closes_before, limit=query.limit + 1
        )

    found = await call.house.reads.ask_async(question)
    if found is None:
        raise RefusedBy(NotFound(what="line", id=line_id))
    shown = tuple(show.statement(line_id, statement) for statement in found[: query.limit])
    more = shown[-1].closes_on if len(found) > query.limit else None
    return Answer(shapes.StatementList(items=shown, next_closes_before=more))


async def get_statement(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/statements/{closes_on}: JSON, or a PDF for `Accept: application/pdf` or `.pdf`."""
    line_id = number_in(call, "line_id")
    named = call.parts["closes_on"]
    as_pdf = named.endswith(".pdf") or b"application/pdf" in call.accepts
    try:
        closes_on = date.fromisoformat(named.removesuffix(".pdf"))
    except ValueError:
        raise invalid(
            "closes_on", "This is no date.", "Write the day on which the cycle closed, as in 2026-04-01."
        ) from None

    def question(connection: Any) -> Any:
        return statement_document(connection, line_id=line_id, closes_on=closes_on, at=clock.read(connection))

    found = await call.house.reads.ask_async(question)
    if found is None:
        raise RefusedBy(NotFound(what="statement", id=line_id), closes_on=closes_on)
    lender = call.house.settings.lender
    if as_pdf:
        drawn = await asyncio.to_thread(statement_pdf, sheet_of(found, lender, call.language))
        return Answer(drawn, content_type=b"application/pdf")
    return Answer(show.statement_document(found, lender, call.language))


async def explain(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/explain"""
    query: shapes.ExplainQuery = call.query
    line_id = number_in(call, "line_id")
    try:
        asked = question_of(query.what)
    except QuestionUnreadable as unreadable:
        raise invalid("what", *_two_sentences(str(unreadable))) from None

    def question(connection: Any) -> Explained | None:
        return explain_line(
            connection,
            line_id=line_id,
            question=asked,
            at=clock.read(connection),
            language=call.language,
            on=query.on,
        )

    try:
        found = await call.house.reads.ask_async(question)
    except NothingToExplain as nothing:
        known = f"There is {', '.join(nothing.known)}." if nothing.known else "Ask for something that the line has."
        raise invalid("what", f"This line has no {nothing.what} to explain.", known) from None
    if found is None:
        raise RefusedBy(NotFound(what="line", id=line_id))
    return Answer(found)


async def explain_paid_out(call: Call, body: Any) -> Answer:
    """GET /v1/owner/payouts/{payout_id}/explain"""
    payout_id = number_in(call, "payout_id")
    found = await call.house.reads.ask_async(explain_payout, payout_id=payout_id, language=call.language)
    if found is None:
        raise RefusedBy(NotFound(what="payout", id=payout_id))
    return Answer(found)


def _two_sentences(text: str) -> tuple[str, str]:
    problem, _, fix = text.partition(". ")
    return f"{problem}.", fix
