"""`florin dispute`: the operator reads what both sides say, and decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.operator import Operator
from conftest import FreshDatabase
from florin.app.disputes import NoSuchDispute
from florin.app.house import Refused
from florin.engine import lane_of
from florin.payments.requests.answer import AnswerRequest
from florin.payments.requests.ask import RequestRefund
from florin.payments.requests.dispute import GiveEvidence, OpenDispute
from world import ESCROW_APP, SHOP, World


@pytest.fixture
def operator(fresh_database: FreshDatabase, tmp_path: Path) -> Operator:
    return Operator(fresh_database, tmp_path)


def test_a_dispute_is_listed_shown_and_decided_once(operator: Operator, fresh_database: FreshDatabase):
    with World(fresh_database.engine) as world:
        world.person("alice", wallet_minor=100_00)
        payment_id = world.buy("alice", 0, 100_00, app=ESCROW_APP).event.payment_id
        names = {"request_id": world.engine.new_id(lane_of(payment_id)), "payment_id": payment_id}
        alice = {"person_id": world.people["alice"]}
        for command in (
            RequestRefund(**names, **alice, amount_minor=60_00, reason="defective", note="chipped"),
            AnswerRequest(**names, merchant_id=SHOP, agree=False, note="it was whole"),
            OpenDispute(**names, **alice),
            GiveEvidence(**names, **alice, note="look at the rim"),
        ):
            assert world.do(command).event
        number = str(names["request_id"])

        listed = operator("dispute", "list")
        shown = operator("dispute", "show", number)
        too_much = operator.refused("dispute", "decide", number, "--refund", "60.01")
        decided = operator.json("dispute", "decide", number, "--refund", "25.00", "--note", "both were careless")
        again = operator.refused("dispute", "decide", number, "--refund", "25.00")

        assert number in listed
        assert "The seller: it was whole" in shown
        assert "2026-03-02, buyer: look at the rim" in shown
        assert isinstance(too_much, Refused)
        assert (decided["id"], decided["state"], decided["refunded_minor"]) == (number, "decided", 25_00)
        assert isinstance(again, Refused)
        assert operator.json("dispute", "list") == []
        assert world.wallet_minor("alice") == 25_00


def test_a_number_that_is_no_dispute_is_refused_in_words(operator: Operator, fresh_database: FreshDatabase):
    with World(fresh_database.engine):
        assert isinstance(operator.refused("dispute", "show", "7"), NoSuchDispute)
