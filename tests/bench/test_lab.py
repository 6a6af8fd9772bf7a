"""The benchmark of the lab runs, at a size where its figures mean nothing; no time is ever asserted."""

import io

import msgspec
import pytest
from rich.console import Console

from florin.bench import lab
from florin.bench.lab import measure
from florin.bench.lab_show import lab_view
from florin.bench.scale import LabScale

TINY = LabScale(
    people=60,
    months=1,
    lane=30,
    same_people=40,
    mesa_people=10,
    mesa_months=1,
    whatif_accounts=10,
    whatif_months=1,
)


def test_the_lab_is_measured_and_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setattr(lab, "_ROOT", tmp_path)
    # It has a test of its own, and needs a server.
    monkeypatch.setattr(lab, "measure_whatif", lambda accounts, months: accounts * months / 4)

    report = measure(TINY)

    told = msgspec.to_builtins(report)
    assert told.keys() >= {"seconds", "rss_gb", "person_months_per_s", "mesa_ratio", "whatif_s"}
    assert report.holds
    assert report.rss_gb > 0
    assert (report.mesa_ratio, report.whatif_s) == (None, 2.5)
    assert "Mesa is not here: python3 requirements/environment.py mesa" in report.lacks
    shown = io.StringIO()
    Console(width=160, file=shown).print(lab_view(report))
    assert "60 people × 1 months × 4 lenders" in shown.getvalue()
    assert "requirements/environment.py mesa" in shown.getvalue()
    assert "on a live book of 10 accounts: 2.5 s" in shown.getvalue()
