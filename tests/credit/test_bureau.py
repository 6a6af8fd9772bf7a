"""The bureau's row: sums and states at the end of a month, never a purchase, and told again when it was wrong."""

from __future__ import annotations

from credit.play import Play, day, program_with
from florin.credit.bureau import BureauRow, Known, amendment, bureau_row, month_end
from florin.events import LineClosed


def row(play: Play, month: str) -> BureauRow | None:
    return bureau_row(play.events, day(f"{month}-01"), play.program)


def known(play: Play) -> list[Known]:
    return [Known(event, getattr(event, "known_on", None) or event.value_on) for event in play.events]


def test_a_month_ends_on_its_last_day():
    assert [month_end(day(on)) for on in ("02-03", "04-30", "12-01")] == [day("02-28"), day("04-30"), day("12-31")]


def test_a_row_tells_sums_and_states_and_no_purchase():
    alice = Play()
    alice.buy("03-05", "1000.00", 11)
    alice.repay("04-08", "400.00")
    alice.until("05-20")

    march, april = row(alice, "03"), row(alice, "04")

    assert (march.owed_minor, march.due_minor, march.days_past_due, march.state) == (1000_00, 0, 0, "current")
    assert (march.limit_minor, march.opened_on, march.repaid_minor) == (10_000_00, day("03-02"), 0)
    assert (april.owed_minor, april.repaid_minor, april.state, april.bucket) == (600_00, 400_00, "current", "current")
    assert not any("item" in name or "purchase" in name or "merchant" in name for name in BureauRow.__struct_fields__)


def test_days_past_due_are_those_of_the_months_last_day():
    alice = Play()
    alice.buy("03-05", "1000.00", 11)
    alice.until("06-20")

    assert [(row(alice, month).days_past_due, row(alice, month).bucket) for month in ("04", "05")] == [
        (20, "1-29"),
        (51, "30-59"),
    ]
    assert row(alice, "04").state == "past_due"
    assert row(alice, "04").past_due_minor == 1000_00


def test_what_is_charged_off_is_reported_past_due_until_it_is_recovered():
    alice = Play(program_with(charge_off_days=60))
    alice.buy("03-05", "1000.00", 11)
    alice.until("06-30")
    alice.repay("07-02", "5000.00")

    june, july = row(alice, "06"), row(alice, "07")

    assert (june.state, june.days_past_due, june.past_due_minor) == ("charged_off", 81, 1030_00)
    assert (july.state, july.owed_minor, july.days_past_due) == ("settled", 0, 0)


def test_a_line_is_reported_from_its_opening_to_the_month_of_its_closing():
    alice = Play()
    closed = LineClosed(value_on=day("05-09"), line_id=1, person_id=7, reason="asked")
    history = [*alice.events, closed]

    assert bureau_row(history, day("02-01"), alice.program) is None
    assert bureau_row(history, day("05-01"), alice.program).state == "closed"
    assert bureau_row(history, day("06-01"), alice.program) is None


def test_a_repayment_found_late_amends_the_month_and_says_what_changed():
    alice = Play()
    alice.buy("03-05", "1000.00", 11)
    alice.until("05-05")
    assert amendment(known(alice), day("04-01"), alice.program) is None

    alice.backdate_repayment("05-06", "04-09", "1000.00")

    amended = amendment(known(alice), day("04-01"), alice.program)
    assert amended.known_on == day("05-06")
    assert (amended.reported.state, amended.corrected.state) == ("past_due", "settled")
    assert "days_past_due" in amended.changed
    assert "limit_minor" not in amended.changed
    assert amendment(known(alice), day("03-01"), alice.program) is None
