"""The REST wire: for programs that speak JSON. A merchant asks for payments and gives money back; the owner keeps lines.

How one request is read, file by file:

    application.py  routes, made from the table
    operations.py   the table: each method of each path, what it takes and gives
    serve.py        who calls, with which key, with what body; then the operation; then its answer
    fields.py       strict reading, and what is wrong with a field
    payments.py     a merchant's operations: body to command, event to answer
    owner.py        the owner's
    shapes.py       the JSON of both sides; show.py fills them
    problems.py     how this wire says no
    webhooks.py     what an app is told, signed
    openapi.py      the document; documents.py serves it, and a page to browse it

Amounts are whole numbers of minor units (`amount_minor`): one form, exact in every language. An id is text. A `POST` that moves
money needs an Idempotency-Key, and its answer is made from what was recorded, so the same key has the same answer.
"""

from florin.wires.rest.application import create_app, problem_response, route_handlers
from florin.wires.rest.serve import Settings
from florin.wires.rest.webhooks import RestRenderer

__all__ = ["RestRenderer", "Settings", "create_app", "problem_response", "route_handlers"]
