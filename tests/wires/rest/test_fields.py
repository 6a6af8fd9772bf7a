"""The explanation of a body that does not fit."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.wires.rest.fields import UNKNOWN_EXPLAINED_MAX, Reader, field_errors
from florin.wires.rest.operations import OPERATIONS
from florin.wires.rest.problems import Refuse
from florin.wires.rest.shapes import NewPayment

BODIES = sorted(
    {operation.body for operation in OPERATIONS if operation.body is not None}, key=lambda body: body.__name__
)
PYTHONS = re.compile(r"`|\b(int|str|bool|float|dict|list|tuple|None|True|datetime)\b")


def test_of_thousands_of_unknown_names_a_few_are_explained_and_all_that_is_missing():
    found = {f"amount_mino{number}": 1 for number in range(10_000)}

    errors = field_errors(found, NewPayment)

    required = [field.name for field in msgspec.structs.fields(NewPayment) if field.required]
    assert [error.field for error in errors[UNKNOWN_EXPLAINED_MAX:]] == required


@pytest.mark.parametrize("body", BODIES)
def test_every_field_of_every_body_says_what_it_takes_in_words_of_json(body: type[msgspec.Struct]):
    wrong: list[Any] = [None, True, 1.5, -1, 10**30, "", "\x00", "x" * 10_000, [], [None], {}, {"a": 1}, "2026", "1"]

    for field in msgspec.structs.fields(body):
        for value in wrong:
            for error in field_errors({field.encode_name: value}, body):
                said = f"{error.message} {error.fix}"
                assert error.fix, (field.encode_name, value)
                assert not PYTHONS.search(said), said
                assert ("minor units" in said) == error.field.endswith("_minor"), said


LINE = '"sku": "a", "title": "tea", "quantity": 1, "unit_minor": 5, "amount_minor": 5'


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        (f'"lines": [{{{LINE}, "sku": "b"}}]', "lines[0].sku"),
        (f'"lines": [{{{LINE}}}, {{{LINE}, "titl\\u0065": "b"}}]', "lines[1].title"),
        ('"lines": [], "lines": []', "lines"),
    ],
)
def test_a_name_that_comes_twice_in_an_object_within_is_refused_where_it_stands(lines: str, field: str):
    with pytest.raises(Refuse) as refused:
        Reader(NewPayment).read(f'{{"amount_minor": 5, "subject": "tea", {lines}}}'.encode())

    assert (refused.value.code, refused.value.numbers["field"]) == ("FieldRepeated", field)


def test_lines_of_one_order_name_the_same_fields_each_and_nothing_is_repeated():
    body = f'{{"amount_minor": 10, "subject": "tea", "lines": [{{{LINE}}}, {{{LINE}}}]}}'

    assert len(Reader(NewPayment).read(body.encode()).lines) == 2


names = st.sampled_from([field.encode_name for field in msgspec.structs.fields(NewPayment)])


@given(st.lists(st.tuples(names, st.text(max_size=8)), max_size=8), st.booleans())
def test_a_name_is_found_twice_exactly_when_it_is_there_twice(pairs, is_ascii):
    parts = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=is_ascii)}" for name, value in pairs]
    body = f"{{{', '.join(parts)}}}".encode("utf-8", "replace")
    twice = len({name for name, _ in pairs}) < len(pairs)

    try:
        Reader(NewPayment).read(body)
        code = ""
    except Refuse as refuse:
        code = refuse.code

    assert (code == "FieldRepeated") == twice or code == "BodyNotJson"
