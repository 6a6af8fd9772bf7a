"""Golden numbers of the presets: every published example that fits, and each rule of a product worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from credit.play import HUABEI, Play, day, preset_with, program_with
from florin.credit.payoff import payoff
from florin.credit.terms import LateCharge
from florin.events import AccrualStopped, FellPastDue, LateCharged
from florin.ledger import Account as Ledger
from florin.ledger import Rule
from florin.money import yuan_text

TEA_SET, PHONE, LAMP = 11, 12, 14

FENFU = preset_with("fenfu")
BANK_CARD = preset_with("bank-card")
SIMPLE_CARD = preset_with("bank-card", interest_on=("principal",))
BAITIAO_BILL, BAITIAO_ORDER = preset_with("baitiao-bill"), preset_with("baitiao-order")
PAY_IN_4 = preset_with("pay-in-4")


def pay_all_that_is_due(alice: Play, on: str) -> None:
    alice.until(on)
    alice.repay(on, yuan_text(alice.account.due_minor))


def interest_lines(alice: Play) -> dict[str, list[tuple[str, str]]]:
    """Of each statement, by the day of its close: its interest lines, each with the statement that bore it."""
    return {
        f"{statement.closes_on:%m-%d}": [
            (f"{line.statement_closes_on:%m-%d}", yuan_text(line.amount_minor))
            for line in statement.lines
            if line.what == "interest"
        ]
        for statement in alice.statements
    }


def late_charges(alice: Play) -> list[tuple[str, str]]:
    return [(f"{e.value_on:%m-%d}", yuan_text(e.amount_minor)) for e in alice.events if isinstance(e, LateCharged)]


# ── Fenfu: from the first day ─────────────────────────────────────────────────────────────────────────────────────


def test_fenfu_5000_for_30_days_costs_60_and_asks_for_560_then_55_80_and_505_80():
    alice = Play(FENFU, opened="04-01")
    alice.buy("04-01", "5000.00", TEA_SET)
    alice.repay("05-01", "560.00")
    alice.until("06-01")

    assert [statement.minimum_minor for statement in alice.statements] == [560_00, 505_80]
    assert interest_lines(alice) == {"05-01": [("05-01", "60.00")], "06-01": [("05-01", "55.80")]}
    assert alice.account.principal_minor == 4500_00


def test_fenfu_is_owed_from_the_day_of_payment_even_when_paid_off_in_time():
    alice = Play(FENFU, opened="04-01")
    alice.buy("04-11", "1000.00", TEA_SET)
    alice.until("04-21")

    assert payoff(alice.account, day("04-21"), FENFU).accrued_minor == 4_00  # 10 days at 0.04 %


@pytest.mark.parametrize(("yuan", "minimum_minor"), [("99.99", 99_99), ("100.00", 10_00)])
def test_fenfu_below_100_yuan_is_due_whole(yuan, minimum_minor):
    alice = Play(preset_with("fenfu", interest_daily_rate=Decimal(0)), opened="04-01")
    alice.buy("04-20", yuan, TEA_SET)
    alice.until("05-01")

    assert alice.statements[0].minimum_minor == minimum_minor


def test_fenfu_overdue_bears_one_and_a_half_times_the_rate_on_the_overdue_part():
    alice = Play(FENFU, opened="04-01")
    alice.buy("04-01", "5000.00", TEA_SET)
    alice.until("06-01")

    june = {line.what: line.amount_minor for line in alice.statements[1].lines}
    assert june["interest"] == 62_00  # 5,000.00 × 31 days × 0.04 %
    assert june["penalty"] == 2_46  # 560.00 missed × 22 days from 10 May × 0.02 % = 2.464


# ── a bank card: the whole bill from posting, unless all of it is paid in time ────────────────────────────────────


def test_the_card_bears_320_where_huabei_bears_135_with_compounding_off():
    card = Play(SIMPLE_CARD, limit="20000.00")
    card.buy("03-05", "10000.00", TEA_SET)
    card.repay("04-20", "1000.00")
    card.until("05-10")
    asked = payoff(card.account, day("05-10"), SIMPLE_CARD)
    card.repay("05-10", "9320.00")
    card.until("12-31")

    # 46 days on 10,000.00 = 230.00; 20 days on 9,000.00 = 90.00, of which 279.50 was billed on 1 May.
    assert (asked.interest_minor, asked.accrued_minor, asked.total_minor) == (279_50, 40_50, 9320_00)
    assert card.posted(Rule.ACCRUE_INTEREST) == "320.00"
    assert card.account.owed_minor == 0


def test_compounding_on_the_card_bears_321_26():
    card = Play(BANK_CARD, limit="20000.00")
    card.buy("03-05", "10000.00", TEA_SET)
    card.repay("04-20", "1000.00")
    card.until("05-10")

    # To 1 May, by the close: 46 days on 10,000.00 = 230.00 and 11 days on 9,000.00 = 49.50; together 279.50, billed.
    # From 1 to 10 May, 9 days: on 9,000.00 = 40.50, and on the billed 279.50 = 1.25775, rounded to 1.26.
    asked = payoff(card.account, day("05-10"), BANK_CARD)
    assert (asked.interest_minor, asked.accrued_minor) == (279_50, 40_50 + 1_26)
    card.repay("05-10", "9321.26")
    card.until("12-31")

    assert card.posted(Rule.ACCRUE_INTEREST) == "321.26"
    assert card.account.owed_minor == 0


def test_contingent_interest_is_dropped_when_the_bill_is_paid_in_full_in_time():
    alice = Play(BANK_CARD)
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-19")
    silent = payoff(alice.account, day("04-19"), BANK_CARD).accrued_minor
    alice.repay("04-20", "1000.00")
    alice.until("12-31")

    assert silent == 0
    assert alice.posted(Rule.ACCRUE_INTEREST) == "0.00"
    assert alice.images == {"04-01": "1000.00"}


@pytest.mark.parametrize(
    ("paid_on", "yuan", "interest"),
    [
        ("04-20", "990.00", "0.00"),  # ten yuan less are forgiven
        ("04-23", "1000.00", "0.00"),  # and so are three days
        # A fen less: 46 days on 1,000.00 = 23.00, 11 days on 10.01 = 0.06.
        ("04-20", "989.99", "23.06"),
        ("04-24", "1010.00", "25.00"),  # 5 March to 24 April: 50 days on 1,000.00 (and a late charge of 10.00)
    ],
)
def test_a_fen_or_a_day_beyond_the_tolerance_all_of_it_is_owed_from_posting(paid_on, yuan, interest):
    alice = Play(SIMPLE_CARD)
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay(paid_on, yuan)
    alice.until("05-01")

    assert alice.posted(Rule.ACCRUE_INTEREST) == interest


def test_interest_trails_a_statement_that_was_paid_after_grace_was_lost():
    alice = Play(SIMPLE_CARD)
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-20", "100.00")
    pay_all_that_is_due(alice, "05-20")
    alice.until("06-01")

    # On 1 May: 46 days on 1,000.00 = 23.00 and 11 days on 900.00 = 4.95. Then 19 days on 900.00 until she paid.
    assert interest_lines(alice) == {
        "04-01": [],
        "05-01": [("04-01", "27.95")],
        "06-01": [("04-01", "8.55")],
    }


@pytest.mark.parametrize(("full_payments", "free_again"), [(1, "07-01"), (2, "08-01")])
def test_grace_comes_back_after_so_many_full_payments(full_payments, free_again):
    """She pays a tenth of April's bill, then all that is due on the 20th of each month, and buys on each 5th."""
    alice = Play(preset_with("bank-card", interest_on=("principal",), grace_lost_for=full_payments))
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-20", "100.00")
    for month in ("05", "06", "07", "08"):
        alice.buy(f"{month}-05", "100.00", int(month))
        pay_all_that_is_due(alice, f"{month}-20")
    alice.until("09-01")

    # A purchase of the 5th that is not free has borne 26 or 27 days by its own statement.
    bears_at_once = [closes for closes, lines in interest_lines(alice).items() if closes in dict(lines)]
    assert bears_at_once == [closes for closes in ("06-01", "07-01", "08-01") if closes < free_again]


def test_where_grace_is_never_lost_new_purchases_stay_free():
    alice = Play(preset_with("bank-card", interest_on=("principal",), grace_lost_for=0))
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-20", "100.00")
    alice.buy("04-25", "100.00", LAMP)
    pay_all_that_is_due(alice, "05-20")
    alice.until("06-01")

    assert alice.posted(Rule.ACCRUE_INTEREST) == "36.50"  # 27.95 and 8.55 of the tea set, nothing of the lamp


def test_a_trailing_rest_within_the_tolerance_does_not_cost_the_grace_again():
    alice = Play(SIMPLE_CARD)
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-20", "100.00")
    pay_all_that_is_due(alice, "05-20")
    alice.buy("06-05", "500.00", LAMP)
    alice.until("07-01")

    assert alice.account.due_minor == 508_55
    assert interest_lines(alice)["07-01"] == []


def test_small_rests_together_above_the_tolerance_are_not_forgiven():
    alice = Play(SIMPLE_CARD)
    for month in ("03", "04"):
        alice.buy(f"{month}-05", "9.00", int(month))
    alice.until("06-01")

    assert alice.account.due_minor > 18_00
    assert alice.posted(Rule.ACCRUE_INTEREST) != "0.00"


def test_the_minimum_asks_for_all_that_is_over_the_limit():
    alice = Play(BANK_CARD, limit="1000.00")
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.set_limit("03-20", "700.00")
    alice.until("04-01")

    assert alice.statements[0].minimum_minor == 300_00 + 70_00  # 300.00 over, and a tenth of the other 700.00


def test_the_minimum_is_the_published_formula_of_the_card():
    """10 % of ordinary purchases, and in full: installment, fees, interest, the last minimum unpaid, over the limit."""
    alice = Play(SIMPLE_CARD, limit="20000.00")
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.buy("04-05", "500.00", LAMP)
    alice.buy("04-06", "1200.00", PHONE, installments=12)
    alice.until("05-01")

    # Missed 100.00; interest on 1,000.00 from 5 March, 57 days = 28.50, and on the lamp from 5 April, 26 days = 6.50;
    # installment 100.00 and fee 8.64; a tenth of the tea set's other 900.00 and of the lamp. The late charge of 24 April
    # stands on April's statement and is asked for by a tenth.
    assert alice.statements[1].minimum_minor == 100_00 + 28_50 + 6_50 + 100_00 + 8_64 + 90_00 + 50_00 + 1_00


# ── what being late costs ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("bill", "charge"), [("10000.00", "50.00"), ("150.00", "10.00"), ("2000.00", "10.00")])
def test_the_card_charges_5_percent_of_the_unpaid_minimum_at_least_10_yuan(bill, charge):
    alice = Play(BANK_CARD, limit="20000.00")
    alice.buy("03-05", bill, TEA_SET)
    alice.until("04-30")

    assert late_charges(alice) == [("04-24", charge)]


def test_a_minimum_unpaid_by_ten_yuan_or_less_is_forgiven():
    alice = Play(BANK_CARD)
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-20", "90.00")
    alice.until("04-30")

    assert late_charges(alice) == []
    assert alice.line.past_due_on is None


def test_no_interest_is_borne_by_a_late_charge():
    alice = Play(SIMPLE_CARD)
    alice.buy("03-05", "150.00", TEA_SET)
    alice.until("06-01")

    days = (day("06-01") - day("03-05")).days
    assert alice.account.penalty_minor >= 10_00
    assert alice.posted(Rule.ACCRUE_INTEREST) == yuan_text(round(Fraction(150_00 * days, 2000)))


@pytest.mark.parametrize(("bill", "charge"), [("10000.00", "47.26"), ("150.00", "0.70")])
def test_within_the_all_in_cap_a_late_charge_takes_what_interest_leaves_of_the_cycle(bill, charge):
    """24 % less 18.25 % is 5.75 % a year, on all unpaid principal, for the 30 days from due day to due day."""
    alice = Play(preset_with("bank-card", yearly_rate_max=Decimal("0.24")), limit="20000.00")
    alice.buy("03-05", bill, TEA_SET)
    alice.until("04-30")

    assert late_charges(alice) == [("04-24", charge)]  # 10,000.00 × 5.75 % × 30 / 365 = 47.2602…


def test_a_year_late_costs_no_more_than_the_cap_all_in():
    stays = {"interest_on": ("principal",), "non_accrual_days": 0, "charge_off_days": 0}
    card = preset_with("bank-card", yearly_rate_max=Decimal("0.24"), **stays)
    alice = Play(card, limit="20000.00")
    alice.buy("03-31", "10000.00", TEA_SET)
    alice.until("2027-04-20")

    late = [event for event in alice.events if isinstance(event, LateCharged)]
    assert len(late) == 12
    cost_minor = sum(event.amount_minor for event in late) + 10000_00 * 5 * 365 // 10_000
    assert cost_minor <= 2400_00


def test_a_cap_lower_than_a_days_interest_and_penalty_cuts_the_penalty_first_and_then_the_interest():
    rates = {"interest_daily_rate": Decimal("0.0005"), "penalty_daily_rate": Decimal("0.0005")}
    both = program_with(**rates, yearly_rate_max=Decimal("0.219"))
    interest_alone = program_with(**rates, yearly_rate_max=Decimal("0.146"))

    assert both.versions[0].terms.charged_daily_rates() == (Fraction(5, 10_000), Fraction(1, 10_000))
    assert interest_alone.versions[0].terms.charged_daily_rates() == (Fraction(4, 10_000), 0)
    alice = Play(interest_alone)
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("05-01")
    assert (alice.posted(Rule.ACCRUE_INTEREST), alice.posted(Rule.CHARGE_PENALTY)) == ("8.40", "0.00")


def test_a_new_cap_reaches_what_is_owed_already_though_new_rates_do_not():
    first = HUABEI.versions[0]
    new = {"from_on": day("04-20"), "applies_to": "new_cycles"}
    later = preset_with("huabei", interest_daily_rate=Decimal("0.0004"), yearly_rate_max=Decimal("0.15")).versions[0]
    capped = type(HUABEI)(**{**_fields(HUABEI), "versions": (first, type(later)(**{**_fields(later), **new}))})
    alice = Play(capped)
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("05-01")

    assert alice.images["05-01"] == "9.40"  # 10 days at 0.05 %, then 11 days at 0.04 %: 18.25 % is above the new cap


def _fields(struct) -> dict:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


# ── 91 days ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def three_months_late() -> Play:
    """10,000.00 of 5 March on a card without late charges, nothing paid; 590.00 of interest is billed by July."""
    alice = Play(preset_with("bank-card", interest_on=("principal",), late_charges=()), limit="20000.00")
    alice.buy("03-05", "10000.00", TEA_SET)
    alice.until("07-19")
    return alice


def test_until_day_90_interest_is_cleared_before_principal(three_months_late):
    three_months_late.repay("07-19", "600.00")

    assert three_months_late.last_entries() == {
        "REPAY_FROM_BANK": "600.00",
        "CLEAR_INTEREST_BILLED": "590.00",
        "CLEAR_PRINCIPAL_PAST_DUE": "10.00",
    }


def test_from_day_91_principal_is_cleared_first(three_months_late):
    three_months_late.repay("07-20", "600.00")

    assert three_months_late.last_entries() == {"REPAY_FROM_BANK": "600.00", "CLEAR_PRINCIPAL_PAST_DUE": "600.00"}


def test_one_repayment_that_cures_the_oldest_arrears_crosses_into_the_other_order(three_months_late):
    """1,500.00 on day 93: April's minimum of 1,000.00 takes principal; then May's, 63 days old, lets interest go first."""
    three_months_late.repay("07-22", "1500.00")

    assert [(entry.rule.name, entry.amount_minor, entry.reversed) for entry in three_months_late.log[-1][1]] == [
        ("REPAY_FROM_BANK", 1500_00, False),
        ("CLEAR_PRINCIPAL_PAST_DUE", 1000_00, False),
        ("AGE_PRINCIPAL", 9000_00, True),  # April's rest is not past due any more
        ("CLEAR_INTEREST_MEMO", 500_00, False),  # of 590.00, off the books since day 91
    ]
    left = [statement.interest_minor for statement in three_months_late.account.statements]
    assert left == [0, 0, 0, 90_00]  # 285.00 of May and 155.00 of June are paid, and 60.00 of July's 150.00
    assert three_months_late.line.past_due_on == day("05-20")


def test_from_day_91_interest_is_kept_off_the_books_until_arrears_are_paid(three_months_late):
    alice = three_months_late
    alice.until("08-01")
    stopped = [event for event in alice.events if isinstance(event, AccrualStopped)]
    billed = alice.balance(Ledger.INTEREST_BILLED)
    memo = alice.balance(Ledger.MEMO_INTEREST)
    asked = payoff(alice.account, day("08-01"), alice.program)

    assert [(event.value_on, event.days_past_due) for event in stopped] == [(day("07-20"), 91)]
    assert (billed, memo) == (0, 590_00 + 155_00)
    assert asked.total_minor == 10_745_00  # she owes it all the same
    alice.repay("08-01", "10745.00")
    assert alice.balance(Ledger.MEMO_INTEREST) == 0
    assert alice.account.owed_minor == 0


# ── Baitiao: by the bill, and by the order ────────────────────────────────────────────────────────────────────────


def test_baitiao_bill_of_1_february_is_due_on_10_february():
    alice = Play(BAITIAO_BILL, opened="01-02")
    alice.buy("01-15", "100.00", TEA_SET)
    alice.until("02-01")

    assert alice.statements[0].due_on == day("02-10")


def test_baitiao_bill_bought_5_april_in_3_is_due_10_may_10_june_10_july():
    alice = Play(BAITIAO_BILL, opened="04-01")
    alice.buy("04-05", "300.00", TEA_SET, installments=3)
    alice.until("08-31")

    plan = [statement for statement in alice.statements if statement.lines[0].what == "installment"]
    assert [statement.due_on for statement in plan] == [day("05-10"), day("06-10"), day("07-10")]


@pytest.mark.parametrize(("year", "due"), [(2026, ("02-28", "03-31", "04-30")), (2028, ("02-29", "03-31", "04-30"))])
def test_baitiao_order_of_31_january_is_due_at_month_ends_and_returns_to_the_31st(year, due):
    alice = Play(BAITIAO_ORDER, opened=f"{year}-01-02")
    alice.buy(f"{year}-01-31", "300.00", TEA_SET, installments=3)
    alice.until(f"{year}-05-31")

    plan = [statement for statement in alice.statements if statement.lines[0].what == "installment"]
    assert [statement.due_on for statement in plan] == [day(f"{year}-{each}") for each in due]


def test_baitiao_order_without_a_plan_is_due_in_one_a_month_later():
    alice = Play(BAITIAO_ORDER, opened="03-02")
    alice.buy("03-05", "80.00", TEA_SET)
    alice.until("04-30")

    first = alice.statements[0]
    assert (first.closes_on, first.due_on, first.image_minor) == (day("04-02"), day("04-05"), 80_00)


def test_baitiao_order_penalty_runs_on_unpaid_principal_and_unpaid_fee():
    alice = Play(BAITIAO_ORDER, opened="03-02")
    alice.buy("03-05", "1200.00", TEA_SET, installments=12)
    alice.until("05-01")

    # 100.00 and a fee of 6.00 each month: 106.00 × 26 days from 5 April × 0.05 % = 1.378.
    assert [(line.what, line.amount_minor) for line in alice.statements[1].lines] == [("penalty", 1_38)]


def test_baitiao_keeps_the_fee_of_what_is_returned():
    alice = Play(BAITIAO_BILL, opened="04-01")
    alice.buy("04-05", "1200.00", PHONE, installments=12)
    said = alice.refund("04-20", "600.00", PHONE)

    assert said.shopper_fee_minor == 0
    assert alice.account.fee_minor == 72_00


# ── pay in 4 ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_pay_in_4_is_due_every_two_weeks_and_free_when_paid_in_time():
    alice = Play(PAY_IN_4, opened="03-02")
    alice.buy("03-02", "100.01", TEA_SET, installments=4)
    for on in ("03-16", "03-30", "04-13", "04-27"):
        pay_all_that_is_due(alice, on)
    alice.until("12-31")

    assert [(f"{s.due_on:%m-%d}", s.image_minor) for s in alice.statements] == [
        ("03-16", 25_01),
        ("03-30", 25_00),
        ("04-13", 25_00),
        ("04-27", 25_00),
    ]
    assert alice.account.owed_minor == 0
    assert late_charges(alice) == []


@pytest.mark.parametrize(
    ("order", "charges"),
    [
        # An order below 40.00: up to 25 % once.
        ("39.00", [("03-17", "9.75")]),
        # 25.00 in all: the second part's first charge takes what is left.
        ("100.00", [("03-17", "10.00"), ("03-24", "7.00"), ("03-31", "8.00")]),
    ],
)
def test_pay_in_4_late_charges_are_at_most_a_quarter_of_the_order(order, charges):
    alice = Play(PAY_IN_4, opened="03-02")
    alice.buy("03-02", order, TEA_SET, installments=4)
    alice.until("12-31")

    assert late_charges(alice) == charges


@pytest.mark.parametrize("order", ["272.00", "1000.00"])
def test_pay_in_4_late_charges_are_at_most_68(order):
    dearer = (
        LateCharge(per="order", amount_minor=30_00, cap_minor=68_00, cap_share=Decimal("0.25")),
        LateCharge(per="order", days_past_due=8, amount_minor=7_00, cap_minor=68_00, cap_share=Decimal("0.25")),
    )
    for program in (PAY_IN_4, preset_with("pay-in-4", late_charges=dearer)):
        alice = Play(program, opened="03-02")
        alice.buy("03-02", order, TEA_SET, installments=4)
        alice.until("12-31")

        assert sum(event.amount_minor for event in alice.events if isinstance(event, LateCharged)) == 68_00


def test_pay_in_4_two_orders_due_on_one_day_are_charged_and_capped_each_for_itself():
    alice = Play(PAY_IN_4, opened="03-02")
    alice.buy("03-02", "100.00", TEA_SET, installments=4)
    alice.buy("03-02", "40.00", LAMP, installments=4)
    alice.until("04-01")

    # The lamp's 10.00 are a quarter of it; the tea set goes on to 25.00.
    assert late_charges(alice) == [("03-17", "20.00"), ("03-24", "7.00"), ("03-31", "8.00")]
    assert [(order.item_id, order.late_charged_minor) for order in alice.account.late_orders] == [
        (TEA_SET, 25_00),
        (LAMP, 10_00),
    ]


def test_pay_in_4_forgets_the_charges_of_an_order_that_is_paid_off():
    alice = Play(PAY_IN_4, opened="03-02")
    alice.buy("03-02", "100.00", TEA_SET, installments=4)
    alice.until("03-20")
    alice.repay("03-20", "110.00")

    assert late_charges(alice) == [("03-17", "10.00")]
    assert alice.account.late_orders == ()


# ── rounding, refunds of plans ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rounding", "days", "minor"), [("half_up", 1, 1), ("half_even", 1, 0), ("half_up", 3, 2), ("half_even", 3, 2)]
)
def test_half_a_fen_goes_up_or_to_the_even_fen(rounding, days, minor):
    """10.00 bears half a fen a day."""
    alice = Play(program_with(rounding=rounding))
    alice.buy("03-05", "10.00", TEA_SET)
    alice.until(f"04-{10 + days}")

    assert payoff(alice.account, day(f"04-{10 + days}"), alice.program).accrued_minor == minor


@pytest.mark.parametrize(
    ("billed", "returned", "fee_back"),
    [
        (0, "1200.00", "103.68"),  # nothing posted: all of the fee
        (3, "300.00", "25.92"),  # less than the 900.00 unposted: fee × returned / original
        (3, "900.00", "77.76"),  # as much as that: fee × unposted / original
        (3, "1100.00", "77.76"),  # more: the same
    ],
)
def test_a_bank_gives_back_the_fee_by_what_is_not_posted_yet(billed, returned, fee_back):
    """1,200.00 in 12 with a fee of 103.68: 8.64 each month."""
    alice = Play(BANK_CARD)
    alice.buy("03-05", "1200.00", PHONE, installments=12)
    on = ("03-20", "04-20", "05-20", "06-10")[billed]
    alice.until(on)
    said = alice.refund(on, returned, PHONE)

    assert yuan_text(said.shopper_fee_minor) == fee_back


def test_a_bank_gives_nothing_back_of_a_plan_that_is_fully_posted():
    alice = Play(BANK_CARD)
    alice.buy("03-05", "1200.00", PHONE, installments=3)
    for on in ("04-20", "05-20", "06-20"):
        pay_all_that_is_due(alice, on)
    said = alice.refund("06-25", "1200.00", PHONE)

    assert said.shopper_fee_minor == 0


def test_with_a_fee_per_period_a_full_return_cancels_what_is_to_come_and_a_partial_one_nothing():
    card = preset_with("bank-card", plan_refund_fee="full_return_only")
    partly, wholly = Play(card), Play(card)
    for alice in (partly, wholly):
        alice.buy("03-05", "1200.00", PHONE, installments=12)
        pay_all_that_is_due(alice, "04-20")

    assert partly.refund("04-25", "550.00", PHONE).shopper_fee_minor == 0
    assert wholly.refund("04-25", "1100.00", PHONE).shopper_fee_minor == 11 * 8_64
    assert partly.account.fee_minor == 11 * 8_64
    assert wholly.account.fee_minor == 0
    assert wholly.balance(Ledger.FEE_INCOME) == 8_64  # what was posted is kept


def test_a_line_of_each_preset_falls_past_due_and_is_cured():
    for program in (HUABEI, BAITIAO_BILL, BAITIAO_ORDER, FENFU, BANK_CARD, PAY_IN_4):
        alice = Play(program)
        alice.buy("03-05", "1000.00", TEA_SET)
        alice.until("05-02")
        late = [event for event in alice.events if isinstance(event, FellPastDue)]
        pay_all_that_is_due(alice, "05-02")

        assert late, program.name
        assert alice.line.past_due_on is None, program.name
