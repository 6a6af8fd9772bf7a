"""A part of the limit for one market, one kind of goods, one channel: outstanding purchases of that part never exceed it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.explain.stories import traced
from credit.explain.test_sums import adds_up
from credit.play import Play, day, program_with
from credit.test_correction import assert_the_books_hold
from credit.test_properties import ALL_HAPPENINGS, PROGRAMS, History, happen
from florin.credit.authorize import CreditLimitExceeded
from florin.credit.contradictions import contradictions
from florin.credit.correction import line_as_of
from florin.credit.explain import explain, question_of, tell
from florin.credit.items import principal_by_item
from florin.credit.particulars import ORDINARY, Outstanding
from florin.credit.program import ProgramInvalid, program_of
from florin.credit.sub_limits import SubLimitExceeded
from florin.credit.terms import SubLimit
from florin.events import Captured, Place, Received, Refused
from florin.presets import preset_text

GAME, PHONE, NOODLES = 11, 12, 13
GAMES, FOOD = Place(market="home", category="games"), Place(market="home", category="food", channel="offline")
FEW_GAMES = program_with(
    sub_limits=(SubLimit(category="games", limit_minor=200_00), SubLimit(channel="offline", share=Decimal("0.3")))
)


def alice_with(**places: Place) -> Play:
    alice = Play(FEW_GAMES, limit="1000.00")
    alice.places = {GAME: GAMES, PHONE: GAMES, NOODLES: FOOD}
    return alice


def refusal(play: Play, on: str, yuan: str, place: Place) -> SubLimitExceeded:
    found = play.refused(on, yuan, place)
    assert isinstance(found, SubLimitExceeded)
    return found


def test_a_purchase_above_its_sub_limit_is_refused_though_the_limit_has_room():
    alice = alice_with()
    alice.buy("03-05", "150.00", GAME)

    refused = refusal(alice, "03-05", "60.00", GAMES)

    assert refused == SubLimitExceeded(
        market="", category="games", channel="", requested_minor=60_00, sub_limit_minor=200_00,
        outstanding_minor=150_00, over_minor=10_00, line_id=1,
    )  # fmt: skip
    assert "¥10.00 over the part of your limit that is for goods of the kind games: ¥200.00" in refused.sentence("en")
    assert "超出“games”类商品的分项额度 ¥10.00" in refused.sentence("zh")
    assert alice.refused("03-05", "50.00", GAMES) is None
    assert alice.refused("03-05", "60.00", FOOD) is None
    assert alice.refused("03-05", "60.00") is None


def test_all_sub_limits_that_cover_a_purchase_must_have_room():
    alice = alice_with()
    alice.buy("03-05", "290.00", NOODLES)
    in_a_shop = Place(market="home", category="games", channel="offline")

    refused = refusal(alice, "03-05", "20.00", in_a_shop)

    assert (refused.channel, refused.category, refused.sub_limit_minor) == ("offline", "", 300_00)
    assert "purchases in shops" in refused.sentence("en")
    assert alice.refused("03-05", "10.00", in_a_shop) is None


def test_a_share_is_of_the_limit_in_force_and_rounded_down():
    alice = alice_with()
    alice.uplift("03-05", "0.01", "03-20")
    alice.uplift("03-05", "100.00", "03-10")

    assert refusal(alice, "03-10", "331.00", FOOD).sub_limit_minor == 330_00
    assert refusal(alice, "03-11", "331.00", FOOD).sub_limit_minor == 300_00


def test_the_limit_itself_is_asked_first():
    alice = alice_with()

    assert type(alice.refused("03-05", "1000.01", GAMES)) is CreditLimitExceeded


def test_what_is_reserved_and_committed_counts_and_a_release_makes_room():
    alice = alice_with()
    alice.hold("03-05", "80.00", GAME)
    alice.escrow("03-05", "100.00", PHONE)
    assert refusal(alice, "03-05", "30.00", GAMES).outstanding_minor == 180_00
    alice.receive("03-06", "100.00", PHONE)
    assert refusal(alice, "03-06", "30.00", GAMES).outstanding_minor == 180_00

    alice.void("03-07", "80.00", GAME)

    assert alice.refused("03-07", "100.00", GAMES) is None
    assert alice.line.particulars.outstanding == (Outstanding(place=GAMES, owed_minor=100_00),)


def test_repayments_and_refunds_of_such_purchases_make_room_and_others_do_not():
    alice = alice_with()
    alice.buy("03-05", "100.00", NOODLES)
    alice.buy("03-06", "200.00", GAME)
    alice.repay("03-10", "100.00")  # the oldest purchase first
    assert refusal(alice, "03-10", "1.00", GAMES).outstanding_minor == 200_00

    alice.refund("03-11", "50.00", GAME)
    alice.until("04-01")

    assert alice.line.particulars.outstanding == (Outstanding(place=GAMES, owed_minor=150_00),)
    alice.repay("04-05", "30.00")
    assert refusal(alice, "04-05", "90.00", GAMES).outstanding_minor == 120_00


def test_a_purchase_in_installments_is_outstanding_until_each_is_paid():
    alice = alice_with()
    alice.buy("03-05", "180.00", GAME, installments=3)
    alice.until("04-01")
    alice.repay("04-10", f"{alice.line.due_minor / 100:.2f}")

    assert refusal(alice, "04-10", "100.00", GAMES).outstanding_minor == 120_00


def test_when_all_is_paid_the_line_is_ordinary_again():
    alice = alice_with()
    alice.buy("03-05", "150.00", GAME)
    alice.repay("03-06", "150.00")

    assert alice.line.particulars == ORDINARY
    assert alice.account.places == ()


def test_an_amount_of_zero_forbids():
    alice = Play(program_with(sub_limits=(SubLimit(market="guest", limit_minor=0),)))

    assert refusal(alice, "03-05", "0.01", Place(market="guest")).sub_limit_minor == 0
    assert alice.refused("03-05", "0.01", Place(market="home")) is None


@pytest.mark.parametrize(
    ("sub_limits", "wrong"),
    [
        ((SubLimit(limit_minor=1),), "sub_limits[0]"),
        ((SubLimit(market="home"),), "sub_limits[0]"),
        ((SubLimit(market="home", limit_minor=1, share=Decimal(1)),), "sub_limits[0]"),
        ((SubLimit(market="home", limit_minor=-1),), "sub_limits[0].limit_minor"),
        ((SubLimit(market="home", share=Decimal("1.1")),), "sub_limits[0].share"),
        ((SubLimit(market="home", limit_minor=1), SubLimit(market="home", limit_minor=2)), "sub_limits[1]"),
    ],
)
def test_a_sub_limit_that_says_nothing_or_two_things_is_a_contradiction(sub_limits, wrong):
    assert wrong in dict(contradictions(program_with(sub_limits=sub_limits).versions[0].terms))


def test_a_file_states_sub_limits_and_a_channel_that_is_none_is_told_by_line():
    stated = '\nsub_limits = [{ category = "games", channel = "%s", share = 0.3 }]\n'
    whole = preset_text("huabei")
    text = whole.replace("\ngrace_days = 0", stated % "offline" + "\ngrace_days = 0", 1)

    assert program_of(text, source="own.toml").versions[0].terms.sub_limits == (
        SubLimit(category="games", channel="offline", share=Decimal("0.3")),
    )
    with pytest.raises(ProgramInvalid, match=r"sub_limits\[0\]\.channel"):
        program_of(text.replace('"offline"', '"by post"'), source="own.toml")


# ── whatever happens ──────────────────────────────────────────────────────────────────────────────────────────────


def by_place(play: Play) -> dict[Place, tuple[int, int]]:
    """(reserved, owed) at each place, from the log and from the items alone."""
    reserved, owed = Counter[Place](), Counter[Place]()
    committed: Counter[int] = Counter()
    for event in play.events:
        minor = getattr(event, "credit_minor", 0)
        match type(event).__name__:
            case "Escrowed":
                committed[event.payment_id] += minor
            case "Received":
                committed[event.payment_id] -= minor
            case "Refunded" if event.before_receipt:
                committed[event.payment_id] -= minor
    for item, minor in committed.items():
        reserved[play.places[item]] += minor
    bought = {e.payment_id: e.place for e in play.events if isinstance(e, Captured | Received)}
    for item, minor in principal_by_item(play.account).items():
        if bought.get(item) is not None:
            owed[bought[item]] += minor
    places = {*reserved, *owed}
    return {place: (reserved[place], owed[place]) for place in places if reserved[place] or owed[place]}


class Placed(dict[int, Place]):
    """Every item at one of four places, by its number."""

    def get(self, item: int, default: object = None) -> Place:  # type: ignore[override]
        return self[item]

    def __missing__(self, item: int) -> Place:
        return Place(market="home", category=("games", "food")[item % 2], channel=("online", "offline")[item // 2 % 2])


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=3, max_size=14))
def test_under_every_program_the_tills_sums_are_what_is_reserved_and_owed_of_the_items(program, happenings):
    history = History(play=Play(program, limit="100000.00"), escrowed={}, refundable={})
    history.play.places = Placed()
    start = day("03-02").toordinal()
    for what, days, minor, which in happenings:
        start += days
        history.on = day("03-02").fromordinal(start)
        happen(history, what, minor, which)
        live = {
            each.place: (each.reserved_minor, each.owed_minor) for each in history.play.line.particulars.outstanding
        }
        if not history.play.pending:
            assert live == by_place(history.play)
        sums = [sum(column) for column in zip(*live.values(), strict=True)] or [0, 0]
        line = history.play.line
        assert sums == [line.held_minor + line.committed_minor, line.principal_minor]

    play = history.play
    play.until(history.on)

    assert_the_books_hold(play)
    assert {e.place: (e.reserved_minor, e.owed_minor) for e in play.line.particulars.outstanding} == by_place(play)
    folded, _ = line_as_of(play.events, play.today, program, lane=3)
    assert folded.particulars == play.line.particulars


def test_a_refusal_is_explained_by_the_purchases_that_keep_its_part_of_the_limit():
    alice = alice_with()
    alice.buy("03-05", "120.00", GAME)
    alice.hold("03-06", "30.00", PHONE)
    alice.buy("03-06", "90.00", NOODLES)
    said = refusal(alice, "03-07", "60.00", GAMES)
    refused = Refused(value_on=day("03-07"), person_id=7, command="Pay", refusal=said.name, numbers=said.numbers())

    found = explain(traced(alice, "03-07"), question_of("refusal=99"), refused=refused)

    adds_up(found)
    requested, outstanding, sub_limit = found.parts
    assert found.amount_minor == said.over_minor == 10_00
    assert (requested.amount_minor, sub_limit.amount_minor) == (60_00, -200_00)
    assert {part.item_id: part.amount_minor for part in outstanding.parts} == {PHONE: 30_00, GAME: 120_00}
    assert tell(found, "en").parts[1].text == "Of such purchases reserved or owed already: ¥150.00"
