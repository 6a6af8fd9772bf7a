"""The document says what is served, and the page to browse it comes whole from this server."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from florin.wires.rest import problems
from florin.wires.rest.openapi import document
from florin.wires.rest.operations import OPERATIONS
from florin.wires.rest.serve import Nothing
from wires.rest.test_requests import Door

REFERENCE = Path(__file__).parents[3].joinpath("docs", "reference", "rest.md").read_text(encoding="utf-8")


@pytest.fixture
def door() -> Door:
    return Door()


def test_the_document_is_openapi_3_1_and_lists_every_operation(door: Door):
    answer = door.ask(method="GET", path="/v1/openapi.json", headers=[])

    shown = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert shown["openapi"] == "3.1.0"
    served = {(operation.method.lower(), operation.path, operation.name) for operation in OPERATIONS}
    listed = {(m, p, each["operationId"]) for p, methods in shown["paths"].items() for m, each in methods.items()}
    assert listed == served
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)


def test_every_reference_in_the_document_leads_somewhere():
    shown = document()

    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(shown)))
    assert references
    for reference in references:
        assert reference.removeprefix("#/components/schemas/") in shown["components"]["schemas"]


def test_amounts_in_the_document_are_integers_and_ids_are_text():
    for name, schema in document()["components"]["schemas"].items():
        for field, each in schema.get("properties", {}).items():
            kinds = {each.get("type"), *(one.get("type") for one in each.get("anyOf", ()))}
            if field.endswith("_minor"):
                assert kinds & {"integer", "array"}, (name, field)
            if field == "id" or field.endswith("_id"):
                assert "integer" not in kinds, (name, field)
            assert "number" not in kinds, (name, field)


def test_each_operation_names_its_key_its_body_and_its_problems():
    shown = document()

    for operation in OPERATIONS:
        described = shown["paths"][operation.path][operation.method.lower()]
        parameters = {parameter["name"] for parameter in described["parameters"]}
        assert ("Idempotency-Key" in parameters) is operation.idempotent
        assert ("requestBody" in described) is (operation.body not in (None, Nothing))
        assert {str(operation.status), "401", "403", "500", "503"} <= set(described["responses"])
        assert set(re.findall(r"{(\w+)}", operation.path)) <= parameters


def test_what_is_taken_is_closed_to_unknown_fields():
    schemas = document()["components"]["schemas"]

    for operation in OPERATIONS:
        if operation.body not in (None, Nothing):
            assert issubclass(operation.body, msgspec.Struct)
            assert schemas[operation.body.__name__]["additionalProperties"] is False


def test_every_example_is_a_body_that_is_taken():
    for operation in OPERATIONS:
        for example in operation.examples.values():
            assert operation.body is not None
            msgspec.json.decode(json.dumps(example), type=operation.body)


def test_the_page_asks_nobody_but_this_server(door: Door):
    page = door.ask(method="GET", path="/docs", headers=[])

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert set(re.findall(r'(?:src|href|spec-url)="([^"]+)"', page.body.decode())) == {
        "/docs/rapidoc-min.js",
        "/v1/openapi.json",
    }


def test_the_script_is_the_vendored_one_packed_or_not(door: Door):
    packed = door.ask(method="GET", path="/docs/rapidoc-min.js", headers=[(b"accept-encoding", b"gzip, br")])
    plain = door.ask(method="GET", path="/docs/rapidoc-min.js", headers=[])
    readme = files("florin.wires.rest").joinpath("vendor", "README.md").read_text()

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert hashlib.sha256(packed.body).hexdigest() in readme
    assert "content-encoding" not in plain.headers


def test_pages_take_get_alone(door: Door):
    for path in ("/docs", "/v1/openapi.json", "/problems/busy"):
        assert door.ask(path=path, headers=[]).status == 405


def test_the_reference_lists_every_operation_once_and_whether_it_needs_a_key_of_yours():
    rows = re.findall(r"^\| `([A-Z]+) (/v1/[^`]*)` \| ([^|]+) \| [^|]+ \|$", REFERENCE, re.MULTILINE)

    listed = {(method, path): key == "needed" for method, path, key in rows}

    assert listed == {(operation.method, operation.path): operation.idempotent for operation in OPERATIONS}
    assert len(rows) == len(OPERATIONS)


def test_the_reference_lists_every_problem_under_its_status():
    rows = re.findall(r"^\| (\d{3})[^|]*\| (.*) \|$", REFERENCE, re.MULTILINE)

    listed = {code: int(status) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}

    assert listed == {code: problems.status_of(code) for code in {*problems.STATUS, *problems.TROUBLES}}
