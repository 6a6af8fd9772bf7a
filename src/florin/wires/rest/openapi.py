"""The OpenAPI 3.1 document, made from the table of operations and the structs: it cannot say other than what is served."""

from __future__ import annotations

import re
from collections import defaultdict
from inspect import cleandoc
from typing import Any, Final

import msgspec

from florin import __version__
from florin.wires.rest.operations import OPERATIONS
from florin.wires.rest.problems import Problem, status_of, title_of, type_of
from florin.wires.rest.serve import IDEMPOTENCY_KEY_LENGTH_MAX, Nothing, Operation
from florin.wires.rest.shapes import BatchAnswer, BatchItem, NewBatch

_REFERENCES: Final = "#/components/schemas/{name}"
_PART = re.compile(r"{(\w+)}")

_INTRODUCTION: Final = """\
Shop now, pay later. Amounts are whole numbers of minor units in fields ending in `_minor`: 19900 is ¥199.00; text and
fractions are refused. Ids are text. Unknown fields are refused by name. Every `POST` that moves money needs an
`Idempotency-Key`: sent again with the same content it gives the same answer, marked `Idempotency-Replayed: true`; with other
content it is refused (409). Whatever is not done is answered as `application/problem+json` (RFC 9457) in English or Chinese.
"""


def document() -> dict[str, Any]:
    """The document as JSON values."""
    structs = _structs()
    schemas, components = msgspec.json.schema_components(structs, ref_template=_REFERENCES)
    for component in components.values():
        # A docstring's own indentation would read as code.
        component["description"] = cleandoc(component.get("description", ""))
    reference = dict(zip(structs, schemas, strict=True))
    # A batch's items are decoded one by one, so that a wrong one spoils no other; the document says what they are.
    components["NewBatch"]["properties"]["items"]["items"] = {"$ref": _REFERENCES.format(name="BatchItem")}
    components["BatchOutcome"]["properties"]["problem"] = {"$ref": _REFERENCES.format(name="Problem")}
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for operation in OPERATIONS:
        paths[operation.path][operation.method.lower()] = _operation(operation, reference)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Florin",
            "version": __version__,
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "payments", "description": "For a merchant's program, with a key of scope `merchant`."},
            {"name": "owner", "description": "For the owner's program, with a key of scope `owner`."},
        ],
        "security": [{"key": []}],
        "paths": dict(paths),
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, `flk_live_<prefix>_<secret>`."}
            },
        },
    }


def _structs() -> list[type[msgspec.Struct]]:
    found: dict[Any, None] = dict.fromkeys((Problem, BatchItem))
    for operation in OPERATIONS:
        if operation.body not in (None, Nothing):
            found[operation.body] = None
        found[operation.answer] = None
    assert {NewBatch, BatchAnswer} <= found.keys()
    return list(found)


def _operation(operation: Operation, reference: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": _responses(operation, reference),
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body not in (None, Nothing):
        described["requestBody"] = {
            "required": True,
            "description": f"UTF-8, uncompressed, at most {operation.bytes_max} bytes.",
            "content": {"application/json": {"schema": reference[operation.body], **_examples(operation)}},
        }
    return described


def _examples(operation: Operation) -> dict[str, Any]:
    if not operation.examples:
        return {}
    return {"examples": {name: {"summary": name, "value": body} for name, body in operation.examples.items()}}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string"}}
        for part in _PART.findall(operation.path)
    ]
    if operation.idempotent:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "Your own name of this request; the same one when you try it again.",
                "schema": {"type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_LENGTH_MAX},
            }
        )
    if operation.query is not None:
        schema = msgspec.json.schema(operation.query)
        properties = schema["$defs"][operation.query.__name__]["properties"]
        parameters += [{"name": name, "in": "query", "schema": _given(each)} for name, each in properties.items()]
    parameters.append(
        {
            "name": "Accept-Language",
            "in": "header",
            "description": "`zh` or `en`: the language of a problem's sentence.",
            "schema": {"type": "string"},
        }
    )
    return parameters


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a query's value: it is left out rather than null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    return kinds[0] if kinds else schema


def _responses(operation: Operation, reference: dict[Any, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {
        "description": "Done.",
        "content": {"application/json": {"schema": reference[operation.answer]}},
    }
    if operation.idempotent:
        done["headers"] = {
            "Idempotency-Replayed": {
                "description": "`true` when this is the stored answer of the key.",
                "schema": {"type": "string", "const": "true"},
            }
        }
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in _codes(operation):
        by_status[status_of(code)].append(code)
    problem = {"application/problem+json": {"schema": reference[Problem]}}
    responses = {str(operation.status): done}
    for status, codes in sorted(by_status.items()):
        meaning = "\n".join(f"- `{code}` ({type_of(code)}): {title_of(code)}" for code in codes)
        responses[str(status)] = {"description": meaning, "content": problem}
    return responses


def _codes(operation: Operation) -> list[str]:
    codes = ["KeyMissing", "KeyUnknown", "ScopeWrong", "AppClosed", *operation.refusals]
    if operation.idempotent:
        codes += ["IdempotencyKeyMissing", "IdempotencyKeyInvalid"]
    if operation.body is not None:
        codes += ["BodyNotJson", "BodyBroken", "BodyTooSlow", "BodyTooLarge", "ContentTypeWrong", "FieldsInvalid"]
    elif operation.query is not None:
        codes += ["FieldsInvalid"]
    return [*codes, "HeaderRepeated", "StoreUnavailable", "Unexpected"]
