"""The wire's page names every path, every code and every mistake."""

from __future__ import annotations

import re
from pathlib import Path

from florin.wires.wechatpay.diagnosis import Mistake
from florin.wires.wechatpay.refusals import STATUSES
from florin.wires.wechatpay.table import ROUTES

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "wechatpay.md").read_text(encoding="utf-8")


def test_every_code_stands_on_the_page_with_its_status():
    table = PAGE.split("## Errors")[1].split("\n\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    told = {code: int(row.split()[1]) for row in rows[2:] for code in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}

    assert told == STATUSES


def test_every_mistake_stands_on_the_page():
    assert [mistake for mistake in Mistake if f"`{mistake}`" not in PAGE] == []


def test_every_path_stands_on_the_page():
    lasts = {re.sub(r"\{\w+\}", "", route.path).rstrip("/").split("/")[-1] for route in ROUTES}

    assert [last for last in sorted(lasts) if last not in PAGE] == []
