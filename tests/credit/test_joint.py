"""Joint loans: what of a line is a partner bank's, and what is passed on to it, whatever happens to the line."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from credit.play import Play, day, program_with
from credit.test_properties import (
    ALL_HAPPENINGS,
    BY_BUCKET,
    PROGRAMS,
    History,
    a_fold_of_all_events_is_the_live_state,
    every_stage_is_in_the_book,
    happen,
    money_in_is_money_out,
)
from florin.credit.bureau import bureau_row
from florin.credit.correction import fold
from florin.credit.funding import FundingAgreement, funded
from florin.credit.joint import partner_minor, principal_by_item, share_minor
from florin.credit.terms import Program
from florin.events import Captured, ClaimsSold, Event
from florin.ledger import ACCOUNTS, Book, Rule
from florin.ledger import Account as Ledger
from florin.money import yuan_text

SEVENTY = FundingAgreement(
    id=900,
    lane=3,
    partner="Harbor Bank",
    programs=("huabei",),
    share_ppm=700_000,
    servicing_ppm=100_000,
    cap_minor=10**12,
    from_on=date(2026, 1, 1),
)
HALF = replace(SEVENTY, id=901, partner="Lake Bank", share_ppm=500_000, servicing_ppm=0)


class JointPlay(Play):
    """A play in which loans of odd items are funded by one partner, and every third by another."""

    def _hot(self, event: Event) -> None:
        agreement = (SEVENTY, HALF, None)[event.payment_id % 3]
        if agreement is not None:
            name, on = self.program.name, event.value_on
            terms = self.program.terms_on(on)
            event = funded(event, [replace(agreement, programs=(name,))], name, terms, lambda agreement_id: 10**12)
        super()._hot(event)


def joint(program: Program, happenings: list[tuple[str, int, int, int]]) -> History:
    history = History(play=JointPlay(program, limit="100000.00"))
    for what, days, minor, which in happenings:
        history.on += timedelta(days=days)
        happen(history, what, minor, which)
    history.play.until(history.on)
    return history


def every_book_balances(play: Play) -> None:
    books: Counter[tuple[Book, bool]] = Counter()
    for ledger, minor in play.balances.items():
        books[ACCOUNTS[ledger].book, ACCOUNTS[ledger].memo] += minor
    assert set(books.values()) <= {0}


def own_and_partners_parts_are_what_is_owed(play: Play) -> None:
    """Each partner's part is its share rounded down, loan by loan; both books say so; the lender owns at least its share."""
    account = play.account
    owed, claimed = principal_by_item(account)
    for loan in account.funded:
        whole_minor = owed[loan.item_id] + claimed[loan.item_id] + loan.escrow_minor
        assert loan.partner_minor + loan.charged_off_minor == share_minor(whole_minor, loan.share_ppm)
        assert loan.charged_off_minor == share_minor(claimed[loan.item_id], loan.share_ppm)
        own_minor = whole_minor - loan.partner_minor - loan.charged_off_minor
        assert own_minor * 1_000_000 >= whole_minor * (1_000_000 - loan.share_ppm)
        assert loan.serviced_minor == loan.passed_minor * loan.servicing_ppm // 1_000_000
    on_books = sum(loan.partner_minor for loan in account.funded)
    charged_off = sum(loan.charged_off_minor for loan in account.funded)
    assert play.balance(Ledger.PARTNER_SHARE) == play.balance(Ledger.PARTNER_LOANS) == on_books
    assert play.balance(Ledger.MEMO_PARTNER_CLAIM) == play.balance(Ledger.MEMO_PARTNER_LOANS) == charged_off


def lender_and_partners_say_the_same_of_each_other(play: Play) -> None:
    assert play.balance(Ledger.LENDER_DUE_TO_PARTNER) == play.balance(Ledger.PARTNER_DUE_FROM_LENDER)
    assert play.balance(Ledger.LENDER_DUE_FROM_PARTNER) == play.balance(Ledger.PARTNER_DUE_TO_LENDER)
    assert play.balance(Ledger.PARTNER_INCOME_SHARE) == play.balance(Ledger.PARTNER_INCOME)
    assert play.balance(Ledger.SERVICING_INCOME) == play.balance(Ledger.PARTNER_SERVICING_COST)


def everything_holds(play: Play) -> None:
    every_book_balances(play)
    own_and_partners_parts_are_what_is_owed(play)
    lender_and_partners_say_the_same_of_each_other(play)


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=25, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=3, max_size=14))
def test_whatever_happens_own_share_and_partners_shares_are_what_the_customer_owes(program, happenings):
    play = joint(program, happenings).play

    everything_holds(play)
    every_stage_is_in_the_book(play)
    money_in_is_money_out(play)
    a_fold_of_all_events_is_the_live_state(play)


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(
    happenings=st.lists(ALL_HAPPENINGS, min_size=2, max_size=8),
    mode=st.sampled_from(("whole_line", "past_due", "principal")),
    late=st.integers(40, 200),
    paid_minor=st.integers(1, 5_000_00),
)
def test_a_charge_off_and_what_is_recovered_is_shared_too(program, happenings, mode, late, paid_minor):
    history = joint(program, happenings)
    play, on = history.play, history.on + timedelta(days=late)

    play.charge_off(on, mode)
    everything_holds(play)
    play.repay(on + timedelta(days=3), yuan_text(paid_minor))

    everything_holds(play)
    a_fold_of_all_events_is_the_live_state(play)


@settings(max_examples=60, deadline=None)
@given(
    happenings=st.lists(ALL_HAPPENINGS, min_size=2, max_size=10),
    minor=st.integers(1, 3_000_00),
    booked_late=st.integers(1, 6),
)
def test_a_repayment_booked_late_leaves_each_partner_what_one_in_time_does(happenings, minor, booked_late):
    late, in_time = (joint(program_with(charge_off_days=0), happenings) for _ in range(2))
    second = (late.on.replace(day=1) + timedelta(days=32)).replace(day=2)
    today = second + timedelta(days=booked_late)  # no close and no due day between

    late.play.until(today)
    late.play.backdate_repayment(today, second, yuan_text(minor))
    in_time.play.repay(second, yuan_text(minor))
    in_time.play.until(today)

    everything_holds(late.play)
    assert fold(late.play.events, late.play.program).account == late.play.account
    # A clock's event may have counted the days of the one further; what it counts for is the same.
    assert [replace(loan, minor_days=0) for loan in late.play.account.funded] == [
        replace(loan, minor_days=0) for loan in in_time.play.account.funded
    ]
    for ledger in (Ledger.PARTNER_SHARE, Ledger.PARTNER_INCOME, Ledger.SERVICING_INCOME, Ledger.PARTNER_LOANS):
        assert late.play.balance(ledger) == in_time.play.balance(ledger)


@settings(max_examples=40, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=2, max_size=8), minor=st.integers(1, 3_000_00))
def test_a_returned_repayment_brings_back_the_partners_part_of_it(happenings, minor):
    play = joint(program_with(charge_off_days=0), happenings).play
    on = play.today
    play.until(on)
    before = partner_minor(play.account)

    play.repay(on, yuan_text(minor))
    play.return_repayment(on, on, yuan_text(minor))

    everything_holds(play)
    assert partner_minor(play.account) == before


def test_a_loan_is_drawn_billed_paid_in_part_refunded_charged_off_and_recovered_with_these_figures():
    alice = JointPlay(program_with(charge_off_days=0, waterfall=BY_BUCKET))
    alice.buy("03-05", "1000.01", 12)  # 70 % is 700.007: the partner lends 700.00, the house 300.01

    assert _partner(alice) == {"share": "700.00", "due to": "0.00", "due from": "700.00"}
    alice.until("04-01")
    assert _partner(alice)["share"] == "700.00"

    alice.repay("04-08", "100.00")  # 900.01 is left: 630.007
    assert _partner(alice) == {"share": "630.00", "due to": "70.00", "due from": "700.00"}

    alice.refund("04-09", "400.01", 12)  # 500.00 is left: 350.00
    assert _partner(alice) == {"share": "350.00", "due to": "350.00", "due from": "700.00"}

    # 21 days of 0.25 from 10 April, billed on 1 May; the whole line is this loan, so 70 % of it is the partner's
    alice.repay("05-05", "5.25")
    assert alice.posted(Rule.CLEAR_INTEREST_BILLED) == "5.25"
    assert (alice.posted(Rule.SHARE_INCOME), alice.posted(Rule.CHARGE_SERVICING)) == ("3.67", "0.36")
    assert _partner(alice) == {"share": "350.00", "due to": "353.67", "due from": "700.36"}

    alice.charge_off("06-10")
    assert alice.posted(Rule.CHARGE_OFF_SHARE) == "350.00"
    assert _partner(alice) == {"share": "0.00", "due to": "353.67", "due from": "700.36"}
    assert yuan_text(alice.balance(Ledger.MEMO_PARTNER_CLAIM)) == "350.00"
    assert yuan_text(alice.balance(Ledger.PARTNER_LOSSES)) == "350.00"

    # 31 days of 0.25 billed on 1 June and 9 days more are claimed, and come first; what is left recovers principal
    alice.repay("07-01", "100.00")
    recovered = alice.posted(Rule.CLEAR_CLAIM_PRINCIPAL)
    interest = alice.posted(Rule.CLEAR_CLAIM_INTEREST)
    assert (recovered, interest) == ("90.00", "10.00")
    assert alice.posted(Rule.SHARE_RECOVERY) == "63.00"  # 410.00 is left: 287.00
    assert alice.posted(Rule.SHARE_INCOME) == "10.67"  # 3.675 + 7.00
    everything_holds(alice)


def test_of_the_price_of_sold_claims_the_partner_has_its_part_by_what_was_sold():
    alice = JointPlay(program_with(charge_off_days=0))
    alice.buy("03-05", "1000.01", 12)
    alice.charge_off("06-10")
    claimed_minor = alice.account.claimed_minor  # 1,000.01, and 61 days of 0.50 from 10 April

    sale = {"buyer": "Tidewater", "contact": "400-800", "reference": "s1", "price_minor": 103_06}
    alice._load(ClaimsSold(value_on=day("06-10"), line_id=1, person_id=7, sold_minor=claimed_minor, **sale))

    assert claimed_minor == 1000_01 + 30_50
    assert alice.posted(Rule.SELL_SHARE) == "700.00"
    assert alice.posted(Rule.SHARE_SALE_PRICE) == "70.00"  # 103.06 times 700.00 / 1,030.51, rounded down
    assert alice.posted(Rule.SHARE_RECOVERY) == "0.00"
    everything_holds(alice)
    a_fold_of_all_events_is_the_live_state(alice)


def test_interest_is_shared_by_principal_and_days():
    alice = JointPlay(program_with(charge_off_days=0, waterfall=BY_BUCKET))
    alice.buy("03-02", "600.00", 12)  # joint, 70 %
    alice.buy("03-02", "200.00", 14)  # the house's own
    alice.until("05-01")

    alice.repay("05-02", "8.00")

    # three quarters of the principal for all the days; of that 70 %
    interest_minor = sum(entry.amount_minor for entry in alice.log[-1][1] if entry.rule is Rule.CLEAR_INTEREST_BILLED)
    assert alice.posted(Rule.SHARE_INCOME) == yuan_text(interest_minor * 3 * 7 // 40)
    assert interest_minor > 0


@pytest.mark.parametrize("payer", ["shopper", "merchant"])
def test_the_fee_of_a_plan_is_shared_when_she_pays_it_or_as_it_is_earned(payer):
    alice = JointPlay(program_with(charge_off_days=0))
    alice.buy("03-02", "1200.00", 12, installments=12, fee_payer=payer)  # 7.5 %: 90.00, 7.50 a month

    assert alice.posted(Rule.SHARE_INCOME) == "0.00"
    alice.until("04-01")
    after_the_bill = alice.posted(Rule.SHARE_INCOME)
    alice.repay("04-05", "100.00" if payer == "merchant" else "107.50")

    assert after_the_bill == ("5.25" if payer == "merchant" else "0.00")
    assert alice.posted(Rule.SHARE_INCOME) == "5.25"
    assert alice.posted(Rule.CHARGE_SERVICING) == "0.52"
    everything_holds(alice)


def test_a_loan_of_the_house_alone_has_no_trace_of_a_partner():
    alice = JointPlay(program_with(charge_off_days=0))
    alice.buy("03-02", "600.00", 14)
    alice.until("05-01")
    alice.repay("05-02", "8.00")

    assert alice.account.funded == ()
    assert all(ACCOUNTS[ledger].book is not Book.PARTNER for ledger in alice.balances)


def test_a_loan_of_which_nothing_is_left_is_forgotten_at_the_next_close_that_owes_no_interest():
    alice = JointPlay(program_with(charge_off_days=0))
    alice.buy("03-02", "600.00", 12)
    alice.until("04-02")
    alice.repay("04-02", "600.00")
    alice.buy("04-03", "50.00", 15)

    assert [loan.item_id for loan in alice.account.funded] == [12]
    alice.until("05-01")
    assert [loan.item_id for loan in alice.account.funded] == [15]


@pytest.mark.parametrize(("own_least", "expected"), [("0.3", 700_000), ("0.45", 550_000), ("1", None)])
def test_the_houses_own_share_is_never_less_than_the_terms_ask(own_least, expected):
    terms = program_with(own_share_min=Decimal(own_least)).terms_on(day("03-02"))
    event = Captured(value_on=day("03-02"), credit_minor=100_00, wallet_minor=0, mdr_minor=0, payment_id=12)

    found: Any = funded(event, [SEVENTY], "huabei", terms, lambda agreement_id: 10**12)

    assert (found.funding and found.funding.share_ppm) == expected


def test_the_oldest_agreement_with_room_for_all_of_the_partners_part_funds_the_loan():
    terms = program_with().terms_on(day("03-02"))
    event = Captured(value_on=day("03-02"), credit_minor=100_00, wallet_minor=0, mdr_minor=0, payment_id=12)
    left = {SEVENTY.id: 69_99, HALF.id: 50_00}

    second: Any = funded(event, [SEVENTY, HALF], "huabei", terms, left.__getitem__)
    none: Any = funded(replace(event, credit_minor=100_02), [SEVENTY, HALF], "huabei", terms, left.__getitem__)

    assert (second.funding.agreement_id, second.funding.partner_minor) == (HALF.id, 50_00)
    assert none.funding is None


def _partner(play: Play) -> dict[str, str]:
    return {
        "share": yuan_text(play.balance(Ledger.PARTNER_SHARE)),
        "due to": yuan_text(play.balance(Ledger.LENDER_DUE_TO_PARTNER)),
        "due from": yuan_text(play.balance(Ledger.LENDER_DUE_FROM_PARTNER)),
    }


def test_the_bureau_is_told_what_of_the_debt_partner_banks_have_lent():
    alice = JointPlay(program_with(charge_off_days=0))
    alice.buy("03-05", "1000.01", 12)
    alice.buy("03-06", "200.00", 14)
    alice.until("04-01")

    row = bureau_row(alice.events, day("03-31"), alice.program)

    assert row is not None
    assert (row.owed_minor, row.partner_minor) == (1200_01, 700_00)
