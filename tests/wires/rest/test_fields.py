"""The explanation of a body that does not fit."""

from __future__ import annotations

import msgspec

from florin.wires.rest.fields import UNKNOWN_EXPLAINED_MAX, field_errors
from florin.wires.rest.shapes import NewPayment


def test_of_thousands_of_unknown_names_a_few_are_explained_and_all_that_is_missing():
    found = {f"amount_mino{number}": 1 for number in range(10_000)}

    errors = field_errors(found, NewPayment)

    required = [field.name for field in msgspec.structs.fields(NewPayment) if field.required]
    assert [error.field for error in errors[UNKNOWN_EXPLAINED_MAX:]] == required
