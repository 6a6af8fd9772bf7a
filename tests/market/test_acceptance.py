"""Which rule speaks: presets as they are meant, the narrowest rule whatever the order, and no rule beyond what it says."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from florin.credit.authorize import CreditLimitExceeded, LineNotOpen
from florin.credit.line import LineState, counted
from florin.credit.program import load_program
from florin.events import Captured, MonthCounted, Place, Refunded
from florin.events.market import AcceptanceRule, AcceptanceVersion, Market
from florin.market import ANYWHERE, Acceptance, AcceptanceCapExceeded, NotAcceptedHere, answer
from florin.market.change import with_version
from florin.market.contradictions import contradictions
from florin.market.ecosystem import Ecosystem, channel_at, covers, named
from florin.market.load import load_ecosystem
from florin.payments import pay
from florin.payments.trade import TradeDetail
from florin.presets import ecosystem_names
from payments.builders import AT, LINE, PAYMENT, TERMS, TODAY, TRADE, line, merchant, trade, wallet

HOUSE = Acceptance(map(load_ecosystem, ecosystem_names()))
DAY = timedelta(days=1)

# program × (market, category, channel) → yes, no or the cap
MEANT = {
    ("taobao", "dress", "online"): {"huabei": "yes", "baitiao-bill": "no", "fenfu": "no", "bank-card": "yes"},
    ("tmall", "phone", "online"): {"huabei": "yes", "baitiao-order": "no", "fenfu": "no", "bank-card": "yes"},
    ("jd", "phone", "online"): {"huabei": "no", "baitiao-bill": "yes", "fenfu": "no", "bank-card": "yes"},
    ("street", "dining", "offline"): {"huabei": 500_00, "baitiao-bill": "no", "fenfu": 3_000_00, "bank-card": "yes"},
    ("street", "flowers", "offline"): {"huabei": "no", "fenfu": 3_000_00, "bank-card": "yes"},
    ("chat", "cakes", "online"): {"huabei": "no", "baitiao-bill": "no", "fenfu": 1_000_00, "bank-card": "yes"},
    ("", "books", "online"): {"huabei": "no", "baitiao-bill": "no", "fenfu": "yes", "bank-card": "yes", "pay-in-4": "yes"},
}  # fmt: skip


@pytest.mark.parametrize("where", MEANT, ids=lambda where: "-".join(where))
def test_presets_say_where_each_program_is_at_home_a_guest_and_refused(where):
    market, category, sold = where
    place = Place(market=market, category=category, channel=sold)

    for program, meant in MEANT[where].items():
        ruling = HOUSE.ruling(program, place, TODAY)
        said = ruling.cap_minor or ("yes" if ruling.accepted else "no")
        assert (program, said) == (program, meant)
        assert (ruling.reason("en") and ruling.reason("zh")) or program == "pay-in-4"


def test_the_street_is_offline_however_the_shop_says_it_sells():
    stall = Place(market="street", category="dining", channel="online")

    assert HOUSE.ruling("huabei", stall, TODAY).channel == "offline"


def decide(amount_minor: int, *, market: str, acceptance: Acceptance = HOUSE, **of_line):
    of = merchant(market=market, category="dining")
    command = pay.Pay(payment_id=PAYMENT, trade_id=TRADE, person_id=7, line_id=LINE, credit_minor=amount_minor)
    return pay.decide(
        trade=trade(amount_minor),
        merchant=of,
        line=line(**of_line),
        wallet=wallet(),
        terms=TERMS,
        command=command,
        at=AT,
        acceptance=acceptance,
    )


def test_the_till_refuses_with_market_channel_reason_and_by_how_much():
    at_jd, at_a_stall = decide(100_00, market="jd"), decide(640_00, market="street")

    assert isinstance(at_jd, NotAcceptedHere)
    assert (at_jd.market, at_jd.channel, at_jd.ecosystem, at_jd.version) == ("jd", "guest", "ali", 1)
    assert at_jd.sentence("en") == "JD does not take it: JD lends by Baitiao. Choose another way to pay."
    assert at_jd.sentence("zh") == "京东不支持花呗，可使用白条。请选择其他付款方式。"
    assert isinstance(at_a_stall, AcceptanceCapExceeded)
    assert (at_a_stall.cap_minor, at_a_stall.over_minor) == (500_00, 140_00)
    assert "¥500.00" in at_a_stall.sentence("en")
    assert "¥140.00" in at_a_stall.sentence("zh")
    assert isinstance(decide(500_00, market="street"), tuple)


def test_acceptance_is_asked_before_the_limit():
    assert isinstance(decide(100_00, market="jd", limit_minor=1_00), NotAcceptedHere)
    assert isinstance(decide(100_00, market="taobao", limit_minor=1_00), CreditLimitExceeded)


def test_a_house_without_ecosystems_accepts_everything_and_so_does_a_program_of_none():
    assert isinstance(decide(100_00, market="jd", acceptance=ANYWHERE), tuple)
    assert HOUSE.ruling("campus", Place(market="jd"), TODAY).accepted


def test_a_shop_takes_a_bank_card_and_not_the_credit_of_an_ecosystem_by_its_tenders():
    cards_only = trade(100_00, detail=TradeDetail(tenders=("wallet", "card")))
    command = pay.Pay(payment_id=PAYMENT, trade_id=TRADE, person_id=7, line_id=LINE, credit_minor=100_00)
    with_line = {"trade": cards_only, "merchant": merchant(), "wallet": wallet(), "command": command, "at": AT}
    card = load_program("bank-card").terms_on(TODAY)

    assert isinstance(pay.decide(line=line(program="bank-card"), terms=card, **with_line), tuple)
    assert pay.decide(line=line(), terms=TERMS, **with_line) == pay.TenderNotAccepted(tender="credit")


@pytest.mark.parametrize(
    ("amount_minor", "of_line", "verdict", "most_minor"),
    [
        (400_00, {}, "yes", 500_00),
        (600_00, {}, "cap", 500_00),
        (400_00, {"principal_minor": 9_800_00}, "limit", 200_00),
        (400_00, {"principal_minor": 10_000_00}, "limit", 0),
        (600_00, {"principal_minor": 9_800_00}, "cap", 200_00),
        (400_00, {"state": LineState.FROZEN}, "no", 0),
    ],
)
def test_an_answer_says_yes_no_up_to_the_cap_or_not_enough_left(amount_minor, of_line, verdict, most_minor):
    stall = Place(market="street", category="dining", channel="offline")

    found = answer(line(**of_line), TERMS, amount_minor, stall, AT, acceptance=HOUSE, merchant_id=5)

    assert (found.verdict, found.most_minor, found.cap_minor) == (verdict, most_minor, 500_00)
    assert (found.refusal is None) == (verdict == "yes")
    if of_line.get("state"):
        assert isinstance(found.refusal, LineNotOpen)


@given(
    amount_minor=st.integers(1, 1_200_00),
    used_minor=st.integers(0, 1_000_00),
    market=st.sampled_from(["street", "jd", "tmall"]),
)
@settings(max_examples=60)
def test_an_answer_is_what_the_till_decides_and_its_most_is_really_the_most(amount_minor, used_minor, market):
    of_line = {"limit_minor": 1_000_00, "principal_minor": used_minor}
    place = Place(market=market, category="dining")

    found = answer(line(**of_line), TERMS, amount_minor, place, AT, acceptance=HOUSE, merchant_id=5, trade_id=TRADE)

    decided = decide(amount_minor, market=market, **of_line)
    assert (found.verdict == "yes") == isinstance(decided, tuple)
    assert found.refusal is None or found.refusal == decided
    assert isinstance(decide(found.most_minor + 1, market=market, **of_line), pay.Refusal)
    assert not found.most_minor or isinstance(decide(found.most_minor, market=market, **of_line), tuple)


# ── any rules ────────────────────────────────────────────────────────────────────────────────────────────────────

MARKETS = (
    Market(id="mall", title_en="Mall", title_zh="商城", kind="brands", flow="direct"),
    Market(id="street", title_en="Street", title_zh="街", kind="street", flow="direct"),
)
SALES = [
    Place(market=m, category=c, channel=k)
    for m, c, k in product(("mall", "street", "else"), "ab", ("online", "offline"))
]  # type: ignore[arg-type]

rules = st.builds(
    AcceptanceRule,
    program=st.sampled_from(["p", "q"]),
    market=st.sampled_from(["", "mall", "street", "else"]),
    category=st.sampled_from(["", "a", "b"]),
    channel=st.sampled_from(["", "home", "guest", "offline"]),
    answer=st.sampled_from(["yes", "no"]),
    reason_en=st.just("So."),
    reason_zh=st.just("如此。"),
)


def of_rules(*stated: AcceptanceRule, from_on: date = TODAY) -> Ecosystem:
    versions = (AcceptanceVersion(from_on=from_on, rules=stated),) if stated else ()
    return Ecosystem(name="any", title_en="Any", title_zh="任", programs=("p", "q"), markets=MARKETS, versions=versions)


def without_contradiction(stated: list[AcceptanceRule]) -> list[AcceptanceRule]:
    """As many of them, in order, as can stand together."""
    kept: list[AcceptanceRule] = []
    for rule in stated:
        if not any(contradictions(of_rules(*kept, rule))):
            kept.append(rule)
    return kept


def rulings(ecosystem: Ecosystem, on: date = TODAY) -> dict[tuple[str, Place], bool]:
    house = Acceptance([ecosystem])
    return {(p, sale): house.ruling(p, sale, on).accepted for p, sale in product("pq", SALES)}


@given(stated=st.lists(rules, min_size=2, max_size=7), seed=st.integers(0, 99))
@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
def test_the_narrowest_rule_speaks_whatever_the_order(stated, seed):
    kept = without_contradiction(stated)
    assume(kept)
    shuffled = random.Random(seed).sample(kept, len(kept))

    said = rulings(of_rules(*shuffled))

    for (program, sale), accepted in said.items():
        channel = channel_at(sale, frozenset({"mall"}), frozenset({"street"}))
        matched = [rule for rule in kept if rule.program == program and covers(rule, sale, channel)]
        most = max(map(named, matched), default=0)
        narrowest = [rule for rule in matched if named(rule) == most]
        assert len(narrowest) <= 1, "no sale is between two rules"
        assert accepted == (bool(narrowest) and narrowest[0].answer == "yes")


@given(stated=st.lists(rules, min_size=1, max_size=6), added=rules)
@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
def test_a_rule_that_is_added_reaches_no_other_sale_and_a_no_widens_nothing(stated, added):
    kept = without_contradiction(stated)
    assume(kept)
    before = of_rules(*kept)
    after = with_version(before, TODAY + DAY, [added])
    assume(not any(contradictions(after)))

    earlier, later = rulings(after), rulings(after, TODAY + DAY)

    assert earlier == rulings(before), "the day before is as it was"
    for (program, sale), accepted in later.items():
        channel = channel_at(sale, frozenset({"mall"}), frozenset({"street"}))
        if program != added.program or not covers(added, sale, channel):
            assert accepted == earlier[program, sale]
        elif added.answer == "no":
            assert accepted <= earlier[program, sale]


def test_a_change_is_dated_a_rule_can_be_withdrawn_and_an_urgent_one_leaves_what_is_planned():
    yes = AcceptanceRule(program="p", channel="home", answer="yes", reason_en="Yes.", reason_zh="可以。")
    no = AcceptanceRule(program="p", channel="home", answer="no", reason_en="No.", reason_zh="不可以。")
    capped = AcceptanceRule(program="p", channel="guest", answer="cap", cap_minor=5, reason_en="Few.", reason_zh="少。")
    withdrawn = AcceptanceRule(program="p", channel="guest", answer="none")
    made = with_version(of_rules(yes, capped), TODAY + 10 * DAY, [no])
    made = with_version(made, TODAY + DAY, [withdrawn])
    assert not list(contradictions(made))
    house = Acceptance([made])

    def at(days: int, market: str) -> tuple[bool, int]:
        ruling = house.ruling("p", Place(market=market), TODAY + days * DAY)
        return ruling.accepted, ruling.version

    assert [at(days, "mall") for days in (-1, 0, 1, 10)] == [(False, 0), (True, 1), (True, 1), (False, 2)]
    assert [at(days, "else") for days in (0, 1, 10)] == [(True, 1), (False, 0), (False, 0)]


@given(
    events=st.permutations(
        [
            Captured(value_on=TODAY, credit_minor=minor, wallet_minor=0, mdr_minor=0, counted=of)
            for minor, of in product((1, 20), (MonthCounted(month_on=date(2026, m, 1), market=k) for m in (3, 4) for k in "ab"))
        ]
        + [
            Refunded(
                value_on=TODAY, credit_minor=3, wallet_minor=0, before_receipt=True, request_no="r",
                counted=MonthCounted(month_on=date(2026, m, 1), market="a"),
            )
            for m in (3, 4)
        ]
    )
)  # fmt: skip
@settings(max_examples=25)
def test_what_counts_in_the_last_month_is_the_same_in_whatever_order_it_comes(events):
    counted_line = line()
    for event in events:
        counted_line = counted(counted_line, event)

    used = {
        (each.counted.month_on.month, each.counted.market): each.amount_minor
        for each in counted_line.particulars.month_used
    }
    assert used == {(4, "a"): 18, (4, "b"): 21}
