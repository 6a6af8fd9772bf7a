"""The reference lists every method, code and finding that the wire knows."""

from __future__ import annotations

from pathlib import Path

from florin.wires.alipay.gateway import METHODS
from florin.wires.alipay.mistakes import Mistake
from florin.wires.alipay.refusals import _CODES, _CODES_WHEN
from florin.wires.alipay.shapes import REQUESTS

DOCS = Path(__file__).parents[3] / "docs"


def test_every_method_is_read_served_and_documented():
    text = (DOCS / "reference" / "alipay.md").read_text(encoding="utf-8")

    assert METHODS.keys() == REQUESTS.keys()
    assert [method for method in METHODS if f"`{method}`" not in text] == []


def test_every_business_code_is_documented():
    text = (DOCS / "reference" / "alipay.md").read_text(encoding="utf-8")

    assert [code for code in {*_CODES.values(), *_CODES_WHEN.values()} if f"`ACQ.{code}`" not in text] == []


def test_every_finding_of_a_wrong_signature_is_explained():
    text = (DOCS / "explanation" / "signatures.md").read_text(encoding="utf-8")

    assert [mistake.value for mistake in Mistake if f"`{mistake}`" not in text] == []
