"""`florin onboarding`: from a draft to an open shop, each step with who took it and why."""

from __future__ import annotations

from pathlib import Path

import psycopg

from app.operator import Operator
from conftest import FreshDatabase
from florin.engine import onboarding
from florin.engine.admin import set_merchant_state
from world import START, World

FILE = """
name = "{name}"
legal_name = "Lotus Trading Co., Ltd."
registration_number = "91350100M000100Y43"
representative = "Li Hua"
bank_code = "102290000015"
account_name = "Lotus Trading Co., Ltd."
account_number = "1001223344556677"
categories = ["food"]
markets = ["taobao"]
documents = [
    {{ kind = "business-registration", sha256 = "{digest}" }},
    {{ kind = "representative-id", sha256 = "{digest}" }},
]
"""


def test_an_applicant_is_checked_decided_on_and_opened_and_only_then_takes_payments(
    fresh_database: FreshDatabase, tmp_path: Path
):
    operator = Operator(fresh_database, tmp_path)
    by, reason = ("--by", "anna"), ("--reason", "seen")
    first, second, draft = tmp_path / "first.toml", tmp_path / "second.toml", tmp_path / "draft.toml"
    first.write_text(FILE.format(name="Lotus Mall", digest="0" * 64))
    second.write_text(FILE.format(name="Lily Mall", digest="1" * 64))
    draft.write_text('name = "Lotus Mall"\n')
    with World(fresh_database.engine, start_on=START):
        operator("onboarding", "licence", "food", "--document", "food-licence")
        applied = operator.json("onboarding", "apply", draft, *by)
        lotus, merchant = applied["id"], int(applied["merchant_id"])
        incomplete = operator.refused("onboarding", "submit", lotus, *by)
        operator("onboarding", "change", lotus, first, *by)
        operator("onboarding", "submit", lotus, *by)
        failed = operator.refused("onboarding", "approve", lotus, *by, *reason)
        with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
            assert not set_merchant_state(connection, merchant, "open"), "the short way does not lead past the checks"
        operator("onboarding", "approve", lotus, "--in-spite", *by, "--reason", "licence seen at the office")
        shown = operator.json("onboarding", "open", lotus, *by, "--reason", "contract signed")
        lily = operator.json("onboarding", "apply", second, *by)["id"]
        twin = operator.json("onboarding", "submit", lily, *by)
        with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
            refused = onboarding.approve(connection, int(lily), by="bob", reason="both", in_spite=True)
        operator("onboarding", "block", "li hua", *by, *reason)
        blocked = operator.refused("onboarding", "approve", lily, "--in-spite", *by, *reason)
        operator("onboarding", "refuse", lily, *by, "--reason", "the same company")
        listed = operator("onboarding", "list")

    assert "missing" in str(incomplete).lower()
    assert "licence" in str(failed)
    assert [step["state"] for step in shown["steps"]] == ["draft", "draft", "submitted", "approved", "opened"]
    assert shown["steps"][3]["reason"] == "licence seen at the office"
    assert [each["check"] for each in twin["findings"] if not each["passes"]] == ["duplicate", "licence"]
    assert refused is not None
    assert "blocked list" in str(blocked)
    assert operator.json("merchant", "list")[1]["state"] == "open"
    assert "refused" in listed
