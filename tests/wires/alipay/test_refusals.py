"""Every refusal that a command of this wire can meet has a code of its own, and keeps its numbers."""

from __future__ import annotations

import ast
import inspect

import pytest

import florin.engine  # noqa: F401  so that every refusal is known
from florin.credit.authorize import CreditLimitExceeded
from florin.engine.submission import Busy, EngineFault, KeyConflict
from florin.events.refusals import REFUSALS
from florin.payments import ask, charge, close, pay, refund
from florin.payments.pay import TradeNotOpen
from florin.wires.alipay.refusals import _CODES, problem_of

# What a module raises but a command of this wire cannot meet: sums that the wire makes itself, agreements that it refuses,
# days on which a refund counts, which it cannot name.
_NEVER_MET = {"TendersDoNotAddUp", "AgreementNotActive", "AgreementLimitExceeded", "RefundDateImpossible"}


@pytest.mark.parametrize("module", [ask, charge, close, pay, refund])
def test_every_refusal_of_a_command_has_a_code(module: object):
    named = {node.id for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Name)}  # type: ignore[arg-type]

    assert (named & REFUSALS.keys()) - _NEVER_MET <= _CODES.keys()


def test_every_code_translates_a_refusal_that_exists():
    in_the_sandbox = {"DeclinedOnPurpose"}

    assert _CODES.keys() - REFUSALS.keys() <= in_the_sandbox


def test_a_refusal_over_the_limit_says_by_how_much():
    refusal = CreditLimitExceeded(requested_minor=500_000, available_minor=380_100, over_minor=119_900, line_id=1)

    problem = problem_of(refusal)

    assert problem.sub_code == "ACQ.BUYER_BALANCE_NOT_ENOUGH"
    assert "exceeds the buyer's available credit by 1,199.00" in problem.sub_msg


def test_the_same_refusal_has_the_code_of_what_was_asked_for():
    conflict, not_open = KeyConflict(kind="refund", key="r1", event_id=1), TradeNotOpen(trade_id=1)

    assert problem_of(conflict).sub_code == "ACQ.CONTEXT_INCONSISTENT"
    assert problem_of(conflict, "refund").sub_code == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert problem_of(not_open).sub_code == "ACQ.TRADE_HAS_CLOSE"
    assert problem_of(not_open, "close").sub_code == "ACQ.TRADE_STATUS_ERROR"


def test_what_was_not_decided_is_unknown_and_not_a_no():
    for refusal in (Busy(table="line"), EngineFault(fault="x")):
        assert problem_of(refusal).code == "20000"
