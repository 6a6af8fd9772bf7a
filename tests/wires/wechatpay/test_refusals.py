"""Every refusal that a command of this wire can meet has a code of its own, and every code a status."""

from __future__ import annotations

import ast
import inspect

import pytest

import florin.engine  # noqa: F401  so that every refusal is known
from florin.credit.authorize import CreditLimitExceeded
from florin.engine.submission import Busy, EngineFault, KeyConflict
from florin.events.refusals import REFUSALS
from florin.payments import ask, charge, close, parent, pay, refund, transfer
from florin.wires.wechatpay.refusals import _CODES, _CODES_WHEN, STATUSES, problem_of

# What a command of this wire cannot meet: sums that the wire makes itself, agreements that it does not charge, days on which a
# refund counts and items of it, which it cannot name.
_NEVER_MET = {
    "TendersDoNotAddUp",
    "AgreementNotActive",
    "AgreementLimitExceeded",
    "RefundDateImpossible",
    "RefundOfOtherItems",
}


@pytest.mark.parametrize("module", [ask, charge, close, parent, pay, refund, transfer])
def test_every_refusal_of_a_command_has_a_code(module: object):
    named = {node.id for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Name)}  # type: ignore[arg-type]

    assert (named & REFUSALS.keys()) - _NEVER_MET <= _CODES.keys()


def test_every_code_translates_a_refusal_that_exists_and_has_a_status():
    assert _CODES.keys() - REFUSALS.keys() <= {"DeclinedOnPurpose"}
    assert {*_CODES.values(), *_CODES_WHEN.values()} <= STATUSES.keys()


def test_a_refusal_over_the_limit_says_by_how_much():
    problem = problem_of(
        CreditLimitExceeded(requested_minor=500_000, available_minor=380_100, over_minor=119_900, line_id=1)
    )

    assert (problem.status, problem.code) == (403, "NOT_ENOUGH")
    assert "exceeds the buyer's available credit by 1199.00" in problem.message


def test_the_same_refusal_has_the_code_of_what_was_asked_for():
    conflict = KeyConflict(kind="refund", key="r1", event_id=1)

    assert (problem_of(conflict).code, problem_of(conflict, "refund").code) == ("OUT_TRADE_NO_USED", "INVALID_REQUEST")


def test_what_was_not_decided_is_unknown_and_not_a_no():
    for refusal in (Busy(table="line"), EngineFault(fault="x")):
        assert problem_of(refusal).status == 500
