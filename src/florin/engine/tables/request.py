"""Refund requests to rows and back."""

from __future__ import annotations

from typing import Any

import msgspec

from florin.engine.tables.table import Table, bigint, day, json, smallint
from florin.payments.requests.request import RefundRequest, RequestState

REFUND_REQUEST = Table(
    "refund_request",
    [smallint("lane"), smallint("state"), day("due_on"), day("asked_on"), bigint("id"), bigint("payment_id"),
     bigint("merchant_id"), bigint("person_id"), bigint("amount_minor"), json("detail")],
    changing=("state", "due_on", "detail"),
)  # fmt: skip

_COLUMNS = frozenset(column.name for column in REFUND_REQUEST.columns)


def request_row(request: RefundRequest) -> tuple[Any, ...]:
    fields = msgspec.to_builtins(request)
    detail = {name: value for name, value in fields.items() if name not in _COLUMNS}
    return (
        request.lane, int(request.state), request.due_on, request.asked_on, request.id, request.payment_id,
        request.merchant_id, request.person_id, request.amount_minor, msgspec.json.encode(detail).decode(),
    )  # fmt: skip


def request_of(row: tuple[Any, ...]) -> RefundRequest:
    lane, state, due_on, asked_on, identifier, payment_id, merchant_id, person_id, amount, detail = row
    fields = {
        "lane": lane, "state": RequestState(state), "due_on": due_on, "asked_on": asked_on, "id": identifier,
        "payment_id": payment_id, "merchant_id": merchant_id, "person_id": person_id, "amount_minor": amount,
    }  # fmt: skip
    return msgspec.convert({**detail, **fields}, RefundRequest)
