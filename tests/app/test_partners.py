"""`florin partner` and `florin report partners`: an operator's own words, and figures that add up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.operator import Operator
from conftest import FreshDatabase
from florin.app.house import Refused
from florin.app.merchants import RateUnreadable
from florin.app.partners import NoSuchAgreement
from world import World

OPEN = ("partner", "open", "Harbor Bank", "--share", "70%", "--cap", "1000.00", "--program", "huabei")


@pytest.fixture
def operator(fresh_database: FreshDatabase, tmp_path: Path) -> Operator:
    return Operator(fresh_database, tmp_path)


def test_an_agreement_is_opened_shown_listed_and_closed(operator: Operator):
    opened = operator.json(*OPEN, "--servicing", "10%", "--until", "2099-12-31")
    shown = operator("partner", "show", opened["id"])
    closed = operator.json("partner", "close", opened["id"], "--reason", "renewed")
    again = operator.refused("partner", "close", opened["id"], "--reason", "renewed")

    assert (opened["share_ppm"], opened["servicing_ppm"], opened["cap_minor"]) == (700_000, 100_000, 100_000)
    assert (opened["state"], opened["until_on"], opened["left_minor"]) == ("open", "2099-12-31", 100_000)
    assert "It funds 70 % of each loan under huabei" in shown
    assert closed["state"] == "closed"
    assert isinstance(again, Refused)
    assert again.refusal.name == "FundingNotOpen"
    assert [each["state"] for each in operator.json("partner", "list")] == ["closed"]
    assert "Harbor Bank" in operator("partner", "list")


def test_what_cannot_be_agreed_is_refused_in_words(operator: Operator):
    too_much = operator.refused(*OPEN[:4], "70.01%", *OPEN[5:])
    unreadable = operator.refused(*OPEN[:4], "0.7", *OPEN[5:])
    missing = operator.refused("partner", "show", "7")

    assert isinstance(too_much, Refused)
    assert "Choose a share of 70 % or less." in str(too_much.remedy)
    assert isinstance(unreadable, RateUnreadable)
    assert isinstance(missing, NoSuchAgreement)


def test_the_report_says_what_was_funded_repaid_and_is_still_to_be_settled(
    operator: Operator, fresh_database: FreshDatabase
):
    with World(fresh_database.engine) as world:
        world.person("alice", limit_minor=1_000_000, wallet_minor=100_000)
        opened = operator.json(*OPEN)
        world.buy("alice", 100_001)
        world.until(date(2026, 3, 4))
        world.repay("alice", 30_000)
        (before,) = operator.json("report", "partners")
        world.until(date(2026, 3, 5))
        (after,) = operator.json("report", "partners")
        said = operator("report", "partners")

    assert before["agreement"]["id"] == opened["id"]
    assert (before["funded_minor"], before["repaid_minor"], before["to_settle_minor"]) == (70_000, 21_000, 21_000)
    assert (before["agreement"]["own_minor"], before["agreement"]["partner_minor"]) == (70_001 - 49_000, 49_000)
    assert after["to_settle_minor"] == 0
    assert "Harbor Bank" in said
    assert "490.00" in said
