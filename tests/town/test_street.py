"""The street at the level of its server: what it shows is what the house does, and nobody else presses its buttons."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from florin.engine import ClaimKind, Engine, Submission, claim, lane_for, lane_of
from florin.payments.ask import Ask
from florin.payments.pay import Pay
from florin.payments.refund import Refund
from florin.payments.trade import Flow, TradeDetail
from florin.sandbox.remote import send_verb
from florin.town.answers import KINDS
from florin.town.doors import DOORS
from florin.town.people import RESIDENTS
from street_world import RunningStreet, Walker, minor_of, number_of

DOCS = Path(__file__).parents[2] / "docs" / "explanation" / "street.md"
PROGRAMS = {program: kind for kind, programs in KINDS.items() for program in programs}


def _bought(walker: Walker, market: str, program: str = "", *, count: int = 0) -> str:
    """Buy at a door and pay with a line, or from the wallet; the order's number."""
    at_cashier = (
        walker.press("scan") if market == "street" else walker.press("buy", market=market, installments=str(count))
    )
    number = number_of(at_cashier.text)
    paid = walker.pay(at_cashier, program, count=count)
    assert paid.status_code == 200, paid.text
    return number


_WHO = {"huabei": "lin", "bank-card": "lin", "baitiao-order": "bo", "fenfu": "bo", "wallet": "mei"}
_COLUMNS = {
    "shop": "shop",
    "mall": "mall",
    "payment_institution": "payment institution",
    "lender": "lender",
    "bank": "bank",
    "network": "network",
}


def _rows_of_the_docs() -> list[dict[str, str]]:
    """Who gets what, as the page in the docs has it: a row each, by column."""
    lines = [line for line in DOCS.read_text().splitlines() if line.startswith("|")]
    first = next(number for number, line in enumerate(lines) if line.startswith("| door | price"))
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[first:]]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _parties(booked: dict[str, int]) -> dict[str, int]:
    """Whose each account is, written down here once more; a balance on its own side is a gain, or a cost."""
    gains: dict[str, int] = {}
    # A card's lender is the bank that issued it, and its interchange is income of nobody else.
    lender = "bank" if "INTERCHANGE_INCOME" in booked else "lender"
    for account, minor in booked.items():
        party, sign = _PARTY_OF[account]
        party = lender if party == "lender" else party
        gains[party] = gains.get(party, 0) + sign * minor
    return {party: minor for party, minor in gains.items() if minor}


_PARTY_OF = {
    "PRINCIPAL_UNBILLED": ("shopper", -1),
    "WALLET": ("shopper", +1),
    "MERCHANT_PAYABLE": ("shop", +1),
    "MDR_INCOME": ("payment_institution", +1),
    "COMMISSION_INCOME": ("mall", +1),
    "SOFTWARE_FEE_INCOME": ("mall", +1),
    "DEFERRED_FEE_INCOME": ("lender", +1),
    "CREDIT_FEE_INCOME": ("lender", +1),
    "INTERCHANGE_INCOME": ("lender", +1),
    "LENDER_NETWORK_COST": ("lender", -1),
    "INTERCHANGE_COST": ("payment_institution", -1),
    "PAYMENTS_NETWORK_COST": ("payment_institution", -1),
    "PAYMENTS_DUE_TO_NETWORK": ("network", +1),
    "LENDER_DUE_TO_NETWORK": ("network", +1),
    "LENDER_DUE_TO_PAYMENTS": ("between", +1),
    "LENDER_DUE_FROM_PAYMENTS": ("between", -1),
    "PAYMENTS_DUE_FROM_LENDER": ("between", -1),
    "PAYMENTS_DUE_TO_LENDER": ("between", +1),
    "PAYMENTS_DUE_TO_MALL": ("between", +1),
    "MALL_DUE_FROM_PAYMENTS": ("between", -1),
}


# ── doors ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_lamp_says_what_the_till_then_does(street: RunningStreet):
    """Asked before anything is bought, then tried: with each line of each shopper, at each door, for its price."""
    said = {}
    for logon in RESIDENTS:
        with Walker(street, logon) as walker:
            said |= {(logon, market, kind): lamp for market in DOORS for kind, lamp in walker.lamps(market).items()}
    did = _tried_at_the_till(street)

    looks = {key: look for key, (look, _) in said.items() if look != "none"}
    assert looks.keys() == did.keys()
    assert {key: look == "yes" for key, look in looks.items()} == {key: not sentence for key, sentence in did.items()}
    assert {key: said[key][1] for key, sentence in did.items() if sentence} == {
        key: sentence for key, sentence in did.items() if sentence
    }
    assert len(set(looks.values())) > 1, "answers differ from door to door"


def _tried_at_the_till(street: RunningStreet) -> dict[tuple[str, str, str], str]:
    """What the engine says against paying at each door with each line that there is; empty for nothing."""
    did = {}
    with street.connect() as connection, Engine(street.engine_dsn, name="tests") as engine:
        lines = connection.execute(
            "SELECT p.logon, p.id, l.id, l.program FROM person p JOIN line l ON l.lane = p.lane AND l.person_id = p.id"
        ).fetchall()
        apps = dict(connection.execute("SELECT id, merchant_id FROM app").fetchall())
        for logon, person_id, line_id, program in lines:
            for door in DOORS.values() if logon in RESIDENTS else ():
                number = f"TILL-{logon}-{program}-{door.market}"
                trade_id = engine.new_id(lane_for(f"{door.app_id}/{number}"))
                ask = Ask(
                    trade_id=trade_id,
                    app_id=door.app_id,
                    merchant_id=apps[door.app_id],
                    out_trade_no=number,
                    amount_minor=door.price_minor,
                    subject="tried",
                    flow=Flow.DIRECT,
                    detail=TradeDetail(),
                )
                payment_id = engine.new_id(lane_of(person_id))
                pay = Pay(
                    payment_id=payment_id,
                    trade_id=trade_id,
                    person_id=person_id,
                    line_id=line_id,
                    credit_minor=door.price_minor,
                )
                once = claim(ClaimKind.ORDER, door.app_id, number)
                _, paid = engine.execute([Submission(command=ask, claims=(once,)), Submission(command=pay)])
                did[logon, door.market, PROGRAMS[program]] = "" if paid.refusal is None else paid.refusal.sentence()
                if paid.refusal is None:
                    _give_back(engine, payment_id, door.price_minor)
    return did


def _give_back(engine: Engine, payment_id: int, amount_minor: int) -> None:
    command = Refund(payment_id=payment_id, amount_minor=amount_minor, request_no="tried", reason="tried")
    [outcome] = engine.execute([Submission(command=command)])
    assert outcome.refusal is None, outcome.refusal


# ── who got which fen ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("row", _rows_of_the_docs(), ids=lambda row: f"{row['door']} by {row['paid with']}")
def test_of_each_purchase_in_the_docs_everybody_gets_what_they_say(street, row):
    program, _, count = row["paid with"].partition(" × ")
    with Walker(street, _WHO[program]) as walker:
        number = _bought(walker, row["door"], "" if program == "wallet" else program, count=int(count or 0))
        walker.told(number)
        walker.press("receive", number=number)
        told = walker.told(number)

    documented = {party: minor_of(row[column]) for party, column in _COLUMNS.items() if row[column] != "–"}
    assert told.shares == _parties(street.booked(number))
    assert told.shares == {"shopper": -minor_of(row["price"]), **documented}
    assert (sum(told.shares.values()), told.total) == (0, "¥0.00")


def test_what_is_paid_into_escrow_is_nobodys_until_it_is_received(street, lin):
    number = _bought(lin, "taobao", "huabei")
    waiting = lin.told(number)
    assert street.booked(number) == {}

    lin.press("receive", number=number)

    received, booked = lin.told(number), street.booked(number)
    assert waiting.shares == {}
    assert "¥199.00 is promised to the shop" in waiting.text
    assert (waiting.done, received.done) == (["Paid"], ["Paid", "Received"])
    assert received.shares == _parties(booked)
    assert received.shares["shopper"] == -199_00
    assert "is promised" not in received.text


def test_the_stall_has_a_new_code_when_its_code_was_paid(street, mei):
    before = re.findall(r'class="stall-code".*?</svg>', mei.page(), re.DOTALL)

    number = _bought(mei, "street")
    told = mei.told(number)

    after = re.findall(r'class="stall-code".*?</svg>', mei.page(), re.DOTALL)
    assert told.shares == _parties(street.booked(number))
    assert (len(before), len(after)) == (1, 1)
    assert before != after


def test_after_a_day_the_money_is_at_the_shops_bank(street, bo):
    number = _bought(bo, "jd", "baitiao-order")
    today, payable, paid_out = bo.told(number), _of_jd(street, _PAYABLE), _of_jd(street, _PAID_OUT)
    on = _today(street)

    bo.press("time")

    tomorrow = bo.told(number)
    assert (today.done, tomorrow.done) == (["Paid"], ["Paid", "At the shop's bank"])
    assert _of_jd(street, _PAID_OUT) - paid_out == payable > 0
    assert tomorrow.shares == today.shares
    assert _today(street) == on + timedelta(days=1)


def _today(street: RunningStreet) -> date:
    with street.connect() as connection:
        row = connection.execute("SELECT business_on FROM clock").fetchone()
    assert row is not None
    return row[0]


def _of_jd(street: RunningStreet, question: str) -> int:
    with street.connect() as connection:
        row = connection.execute(question, {"app": DOORS["jd"].app_id}).fetchone()
    assert row is not None
    return int(row[0])


_PAYABLE = """
    SELECT sum(l.signed_minor)::bigint
      FROM posting_line l JOIN app a ON a.merchant_id = l.owner_id
     WHERE a.id = %(app)s AND l.name IN ('MERCHANT_PAYABLE', 'MERCHANT_AVAILABLE')
"""
_PAID_OUT = """
    SELECT coalesce(sum(p.amount_minor), 0)::bigint
      FROM payout p JOIN app a ON a.merchant_id = p.merchant_id
     WHERE a.id = %(app)s AND p.state = 'settled'
"""


def test_the_page_is_complete_in_chinese(street):
    with Walker(street, "wang", language="zh-CN") as wang:
        page = wang.page()

    assert '<html lang="zh-CN">' in page
    assert "一条街，五扇门" in page
    assert "已到期未还" in page, "his late bill"


def test_a_reset_house_finds_the_street_as_it_was_and_sells_on(street, mei):
    before = _bought(mei, "street")
    mei.told(before)

    send_verb(street.values["SANDBOX_URL"], street.values["SANDBOX_TOKEN"], "reset", {})
    empty, number = mei.purchases(), _bought(mei, "street")

    assert empty == []
    assert mei.told(number).shares["shop"] == street.booked(number)["MERCHANT_PAYABLE"]
    assert _today(street) == date(2026, 4, 12)


# ── strangers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_shop_believes_nothing_that_the_house_has_not_signed(street, mei):
    number = number_of(mei.press("buy", market="taobao", installments="0").text)
    forged = {"out_trade_no": number, "trade_no": "1", "trade_status": "TRADE_SUCCESS", "sign": "bm90IG91cnM="}

    by_alipay = httpx.post(f"{street.url}/told/taobao", data=forged, trust_env=False)
    by_rest = httpx.post(f"{street.url}/told/jd", json={"type": "payment.paid"}, trust_env=False)

    assert (by_alipay.status_code, by_rest.status_code) == (403, 403)
    assert number not in {purchase.number for purchase in mei.purchases()}


def test_a_ticket_signs_in_once(street, mei):
    sent = httpx.post(f"{street.url}/buy", data={"as": "mei", "market": "jd"}, trust_env=False, follow_redirects=False)
    ticket = sent.headers["location"]

    first, second = (httpx.get(ticket, trust_env=False, follow_redirects=False) for _ in range(2))
    changed = httpx.get(ticket[:-1] + ("A" if ticket[-1] != "A" else "B"), trust_env=False, follow_redirects=False)

    assert first.status_code == 302
    assert (second.status_code, changed.status_code) == (404, 404)


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Host": "street.example"}], ids=["another site", "another name"]
)
def test_nobody_else_presses_its_buttons(street, headers):
    refused = httpx.post(f"{street.url}/time", data={"as": "mei"}, headers=headers, trust_env=False)

    assert refused.status_code == 403
