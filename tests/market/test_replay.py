"""A preview: what checkouts would have answered under other rules, and nothing that rules cannot change."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from florin.events import Place
from florin.events.market import AcceptanceRule
from florin.market import Acceptance, answer
from florin.market.change import with_version
from florin.market.load import load_ecosystem
from florin.market.replay import Flipped, Session, effect_of
from payments.builders import AT, LINE, TERMS, TODAY, line

ALI, TENCENT = load_ecosystem("ali"), load_ecosystem("tencent")
BEFORE = Acceptance([ALI, TENCENT])
AT_JD = AcceptanceRule(
    program="huabei", market="jd", channel="guest", answer="cap", cap_minor=300_00, reason_en="So.", reason_zh="好。"
)


def session(amount_minor: int, merchant_id: int = 5, market: str = "jd", **of_line) -> Session:
    place = Place(market=market, category="books")
    found = answer(line(**of_line), TERMS, amount_minor, place, AT, acceptance=BEFORE, merchant_id=merchant_id)
    return Session(
        on=TODAY, merchant_id=merchant_id, amount_minor=amount_minor, place=place, answers=(found.recorded(),)
    )


def changed(rule: AcceptanceRule, days: int = 0) -> Acceptance:
    return Acceptance([with_version(ALI, TODAY + timedelta(days=days), [rule]), TENCENT])


def test_what_would_open_counts_by_merchant_and_amount_only_where_the_line_had_room():
    sessions = [
        session(200_00),
        session(300_00, merchant_id=6),
        session(301_00),  # above the new cap
        session(200_00, principal_minor=10_000_00),  # nothing left
        session(200_00, market="tmall"),  # pays already
    ]

    effect = effect_of(sessions, BEFORE, changed(AT_JD), TODAY)

    assert (effect.sessions, effect.gained, effect.gained_minor, effect.lost) == (5, 2, 500_00, 0)
    assert effect.flipped == (
        Flipped(merchant_id=6, program="huabei", opened=1, opened_minor=300_00),
        Flipped(merchant_id=5, program="huabei", opened=1, opened_minor=200_00),
    )


def test_what_would_close_and_a_change_of_another_day_changes_nothing_today():
    no = replace(AT_JD, market="", channel="home", answer="no", cap_minor=0)
    sold = session(100_00, market="taobao")

    closing = effect_of([sold], BEFORE, changed(no), TODAY)
    planned = effect_of([sold], BEFORE, changed(no, days=3), TODAY)

    assert (closing.lost, closing.lost_minor, closing.flipped[0].closed_minor) == (1, 100_00, 100_00)
    assert (planned.lost, planned.flipped) == (0, ())


def test_the_held_out_and_means_that_a_shop_does_not_take_stay_as_they_are():
    found = session(100_00)
    for refusal in ("HeldOut", "TenderNotAccepted"):
        stays = replace(found, answers=(replace(found.answers[0], refusal=refusal),))
        assert effect_of([stays], BEFORE, changed(AT_JD), TODAY).flipped == ()


def test_a_cap_of_a_month_counts_what_was_paid_under_it_and_each_month_anew():
    capped = changed(replace(AT_JD, answer="yes", cap_minor=0, cap_month_minor=250_00))
    march = [replace(session(100_00), by_line=LINE) for _ in range(3)]
    never_paid, april = session(100_00), replace(march[0], on=TODAY + timedelta(days=40))

    effect = effect_of([april, *march, never_paid, *march[:1]], BEFORE, capped, TODAY)

    assert effect.sessions == 6
    assert effect.gained == 4, "the first two that were paid, the one that was not, and April's"
    assert effect_of([april, *march], BEFORE, capped, TODAY, since=april.on).sessions == 1
