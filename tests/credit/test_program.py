"""Programs from files: the preset says what the story needs, versions hold from their day, and errors say what to do."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from credit.play import HUABEI, day, program_with, with_rate_from
from florin.app.programs import term_text
from florin.credit.contradictions import contradictions
from florin.credit.program import ProgramInvalid, load_program, program_of
from florin.credit.terms import (
    DunningStep,
    InstallmentTerms,
    LateCharge,
    ProvisionRate,
    ReAgeLimit,
    SubLimit,
    Terms,
    Version,
    Waterfall,
)
from florin.presets import preset_names, preset_text

TEXT = preset_text("huabei")
ORDER_OF_CARDS = ("cost", "penalty", "interest", "fee", "principal")


def changed(before: str, after: str) -> str:
    assert before in TEXT
    return TEXT.replace(before, after, 1)


def test_huabei_closes_on_the_1st_is_due_on_the_10th_and_takes_7_50_percent_for_twelve():
    terms = HUABEI.terms_on(day("03-02"))

    assert (terms.cycle_day, terms.due_day, terms.draws_on) == (1, 10, "receipt")
    assert terms.interest_daily_rate == Decimal("0.0005")
    assert terms.minimum_share == Decimal("0.1")
    assert {offer.count: offer.fee_rate for offer in terms.installments}[12] == Decimal("0.075")


def test_every_preset_loads():
    assert [load_program(name).name for name in preset_names()] == list(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_every_number_of_a_preset_names_its_grade(name):
    graded, above = re.compile(r"#.*\b[ABCUX](/[ABCUX])*(, \w+)?[:,;.)]"), False
    for number, line in enumerate(preset_text(name).splitlines(), start=1):
        if not line.strip():
            above = False
        elif line.startswith("#"):
            above = above or graded.search(line) is not None
        elif not line.startswith(("name", "title_", "currency", "[[versions]]")):
            assert above or graded.search(line), f"{name}.toml, line {number}"


def test_goods_nobody_listed_wait_as_long_as_other_goods():
    terms = HUABEI.terms_on(day("03-02"))

    assert terms.auto_confirm_days_for("virtual") == 1
    assert terms.auto_confirm_days_for("livestock") == terms.auto_confirm_days["other"]


def test_an_owners_own_file_is_a_program(tmp_path):
    path = tmp_path / "campus.toml"
    path.write_text(changed('name = "huabei"', 'name = "campus"'), encoding="utf-8")

    assert load_program(path).name == load_program(str(path)).name == "campus"


def test_an_unknown_name_lists_the_presets():
    with pytest.raises(ProgramInvalid, match=r"huabai: there is no preset of this name .* presets are .*huabei"):
        load_program("huabai")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("due_day = 10 ", "due_day = 45 ", r"x.toml, version 1, line 17: `due_day` is 45: choose a day of the month"),
        ("minimum_share = 0.10", "minimum_share = 10", r"line 21: `minimum_share` is 10: write a share"),
        ("interest_daily_rate = 0.0005", "interest_daily_rate = 0.05", r"line \d+: .*as in 0.0005 for 0.05 %"),
        ('draws_on = "receipt"', 'draws_on = "order"', r'line 19: `draws_on` is "order": .*"payment"'),
        ("grace_days = 0 ", "grace_days = 30 ", r"line 18: `grace_days` is 30: choose 0 to 27"),
        ("cycle_day = 1 ", 'cycle_day = "first" ', r'line 16: `cycle_day` is "first": expected `int`, got `str`'),
        ("cycle_day = 1 ", "cycel_day = 1 ", r"line 16: `cycel_day`: there is no such term; perhaps `cycle_day`"),
        ("cycle_day = 1 ", "", r"line 12: `cycle_day`: it is missing: the first version states it"),
        ("due_day = 10 ", "", r"line 12: `due_day` is 0: write either `due_day`, from 1 to 31, or `due_days`"),
        (
            'interest_start = "due" ',
            'interest_start = "soon" ',
            r'`interest_start` is "soon": write one of "due", "post',
        ),
        ('by = "statement"', 'by = "size"', r'line 69: `waterfall\[0\].by` is "size": write one of "statement", "buck'),
        (
            '"interest", "fee", "principal"]\nby',
            '"interest", "fee"]\nby',
            r'line 68: .*order` is \["cost".* name each of "co',
        ),
        ("count = 6", "count = 3", r"line 61: `installments\[1\].count` is 3: offer each count once"),
        ("count = 6", "counts = 6", r"line 61: `installments\[1\].counts`: there is no such term; perhaps `count`"),
        (
            "fee_rate = 0.045",
            "fee_rate = 4.5",
            r"line 61: `installments\[1\].fee_rate` is 4.5: .* as in 0.075 for 7.5 %",
        ),
        ("other = 10", "others = 10", r"line 72: `auto_confirm_days`: add an entry `other`"),
        ("from_on = 2015-04-01", 'from_on = "soon"', r'line 13: `from_on` is "soon": invalid'),
        ("limit_minor_min = 5000 ", "limit_minor_min = 5000000000 ", r"line \d+: .*up to `limit_minor_max`"),
        ('currency = "CNY"', "currency = 1", r"x.toml, line 10: `currency` is 1: write it above the first"),
        ('currency = "CNY"', 'currency = "yuan"', r'line 10: `currency` is "yuan": write the three letters'),
        ('currency = "CNY"', 'currency = "CNY"\ncolour = 1', r"line 11: `colour`: there is no such field above"),
        ('name = "huabei"', 'name = "Hua bei"', r"line 7: `name` is .*: use small letters, digits and hyphens"),
        ('title_zh = "花呗"', "", r"x.toml: `title_zh`: write it above the first \[\[versions\]\]"),
        ("[[versions]]", "[versions]", r"x.toml: no list of versions: write \[\[versions\]\]"),
        ("cycle_day = 1 ", "cycle_day = = ", r"x.toml, line 16: this is no TOML"),
        ("minimum_share = 0.10", "minimum_share = nan", r"x.toml: nan is no number"),
        ("interest_daily_rate = 0.0005", "interest_daily_rate = 1e999999", r"as in 0.0005 for 0.05 %"),
    ],
)
def test_an_error_names_the_line_the_field_the_value_and_the_fix(before, after, says):
    with pytest.raises(ProgramInvalid, match=says):
        program_of(changed(before, after), source="x.toml")


def test_all_that_is_wrong_is_told_at_once_and_only_once():
    text = changed("cycle_day = 1 ", "cycle_day = 0 ").replace("minimum_share = 0.10", "minimum_share = 2")
    text += "\n[[versions]]\nfrom_on = 2026-05-01\ngrace_days = 40\n"

    with pytest.raises(ProgramInvalid) as raised:
        program_of(text, source="x.toml")

    assert [(problem.version, problem.field) for problem in raised.value.problems] == [
        (1, "cycle_day"),
        (1, "minimum_share"),
        (2, "grace_days"),
    ]


CARD = {"interest_start": "posting", "grace_lost_for": 1, "due_day": 20}
ORDER = {"billing": "order", "due_day": 0}


@pytest.mark.parametrize(
    ("terms", "field", "fix"),
    [
        ({"due_days": 9}, "due_days", "`due_day` says it already"),
        ({"down_payment_share": Decimal(1)}, "down_payment_share", "a share from 0 to below 1"),
        ({"down_payment_share": Decimal("0.25"), "installments": ()}, "down_payment_share", "offer counts"),
        ({"reage_min_paid": -1}, "reage_min_paid", "write 0 to 60 least payments"),
        ({"reage_per_years": (ReAgeLimit(count=0, years=1),)}, "reage_per_years[0].count", "write 1 or more"),
        ({"reage_per_years": (ReAgeLimit(count=1, years=0),)}, "reage_per_years[0].years", "write 1 to 30 years"),
        (ORDER | {"reage_per_years": (ReAgeLimit(count=1, years=1),)}, "reage_per_years", "use a hardship plan"),
        ({"hardship_counts": (1,)}, "hardship_counts", "offer 2 to 60"),
        ({"hardship_counts": (6, 6)}, "hardship_counts", "each count once"),
        ({"hardship_yearly_rate": Decimal("0.25")}, "hardship_yearly_rate", "no more than `yearly_rate_max`"),
        ({"hardship_yearly_rate": Decimal(-1)}, "hardship_yearly_rate", "as in 0.06 for 6 %"),
        ({"grace_days": 5, "hardship_missed_days": 5}, "hardship_missed_days", "write 6 to 365 days"),
        ({"due_day": 0, "due_days": 61}, "due_days", "choose 1 to 60"),
        ({"due_day": 0, "due_days": 20, "grace_days": 8}, "grace_days", "write 7 or less: the last day of grace"),
        ({"due_day": 28, "grace_days": 1}, "grace_days", "write 0 or less"),
        ({"order_interval_days": 14}, "order_interval_days", "only an order without a bill has it"),
        ({"order_notice_days": 3}, "order_notice_days", "only an order without a bill has it"),
        ({"billing": "order"}, "due_day", "an order has due days of its own"),
        ({**ORDER, "due_days": 9}, "due_days", "an order has due days of its own"),
        ({**ORDER, "order_interval_days": 366}, "order_interval_days", "write 1 to 365"),
        ({**ORDER, "order_interval_days": 14, "order_notice_days": 14}, "order_notice_days", "write 0 to 13 days"),
        ({**ORDER, "order_interval_days": 14, "grace_days": 14}, "grace_days", "write 13 or less"),
        ({"minimum_in_full": ("fee", "fee")}, "minimum_in_full", "name each kind once"),
        ({"minimum_whole_below_minor": -1}, "minimum_whole_below_minor", "minor units, zero or more"),
        (
            {"minimum_floor_minor": 10_00, "minimum_tolerance_minor": 10_00},
            "minimum_tolerance_minor",
            "write less than",
        ),
        ({"interest_on": ("fee",)}, "interest_on", 'name "principal"'),
        ({"interest_on": ("principal", "principal")}, "interest_on", "name each kind of debt once"),
        ({**ORDER, "interest_start": "posting"}, "interest_start", "from its due day"),
        ({"interest_start": "posting", "due_day": 0}, "interest_free", "give days to pay in"),
        ({"interest_free": "never"}, "interest_free", "until the due day nothing is borne"),
        ({"grace_lost_for": 1}, "grace_lost_for", "write 0: grace can be lost only with"),
        ({**CARD, "grace_lost_for": -1}, "grace_lost_for", "zero or more"),
        ({"grace_days": 5, "non_accrual_days": 5}, "non_accrual_days", "more days past due than grace, 5,"),
        ({"penalty_daily_rate": Decimal("0.05")}, "penalty_daily_rate", "at most 0.01"),
        (
            {"late_charges": (LateCharge(amount_minor=1), LateCharge(amount_minor=1))},
            "late_charges[1].days_past_due",
            "2",
        ),
        (
            {"grace_days": 3, "late_charges": (LateCharge(amount_minor=1),)},
            "late_charges[0].days_past_due",
            "4 or more",
        ),
        ({"late_charges": (LateCharge(share=Decimal(5)),)}, "late_charges[0].share", "as in 0.05 for 5 %"),
        ({"late_charges": (LateCharge(amount_minor=-1),)}, "late_charges[0].amount_minor", "zero or more"),
        ({"late_charges": (LateCharge(),)}, "late_charges[0]", "give it a `share`"),
        (
            {"late_charges": (LateCharge(floor_minor=10_00, cap_minor=9_00),)},
            "late_charges[0].cap_minor",
            "1000 or more",
        ),
        ({"late_charges": (LateCharge(per="order", amount_minor=1),)}, "late_charges[0].per", 'write "statement"'),
        ({**ORDER, "late_charges": (LateCharge(floor_minor=1),)}, "late_charges[0].per", 'write "order"'),
        ({"waterfall": ()}, "waterfall", "begin with a regime"),
        ({"waterfall": (Waterfall(order=ORDER_OF_CARDS, from_days_past_due=91),)}, "waterfall", "begin with a regime"),
        ({"waterfall": (Waterfall(order=ORDER_OF_CARDS),) * 2}, "waterfall[1].from_days_past_due", "more than 0"),
        ({"installments": (InstallmentTerms(count=61, fee_rate=Decimal(0)),)}, "installments[0].count", "2 to 60"),
        ({"installment_amount_minor_min": 6_000_000}, "installment_amount_minor_min", "nobody can ever be offered"),
        ({"yearly_rate_max": Decimal(0)}, "yearly_rate_max", "write a share above 0"),
        (
            {"yearly_rate_max": Decimal("0.18")},
            "yearly_rate_max",
            "come to 18.25 % a year: lower them, or write 0.1825",
        ),
        ({"penalty_daily_rate": Decimal("0.0002")}, "yearly_rate_max", "come to 25.55 % a year"),
        (
            {"installments": (InstallmentTerms(count=12, fee_rate=Decimal("0.13")),)},
            "installments[0].fee_rate",
            "12 installments cost 25.82 % a year",
        ),
        (
            {**ORDER, "order_interval_days": 1, "installments": (InstallmentTerms(count=2, fee_rate=Decimal("0.9")),)},
            "installments[0].fee_rate",
            "no yearly rate can say what it costs",
        ),
        ({"due_day": 0, "due_days": 10**30}, "due_days", "choose 1 to 60"),
        ({"limit_minor_max": -1}, "limit_minor_max", "zero or more"),
        ({"auto_confirm_days": {"other": -1}}, "auto_confirm_days", "give `other` 0 to 365 days"),
    ],
)
def test_terms_that_contradict_each_other_are_refused_with_the_fix(terms, field, fix):
    found = dict(contradictions(replace(HUABEI.versions[0].terms, **terms)))

    assert fix in found[field]


def test_the_presets_contradict_nothing_and_neither_does_an_open_cap():
    for name in preset_names():
        assert list(contradictions(load_program(name).versions[0].terms)) == []
    assert list(contradictions(replace(HUABEI.versions[0].terms, yearly_rate_max=None))) == []


def test_a_later_version_may_not_turn_bills_into_orders():
    text = TEXT + '\n[[versions]]\nfrom_on = 2026-05-01\nbilling = "order"\ndue_day = 0\n'

    with pytest.raises(
        ProgramInvalid, match=r"version 2, line \d+: `billing` is \"order\": keep 'cycle' as in the ver"
    ):
        program_of(text, source="x.toml")


def test_a_problem_of_the_second_late_charge_is_found_on_its_own_line():
    text = changed(
        "# Days from payment",
        "[[versions.late_charges]]\nshare = 0.05\n[[versions.late_charges]]\ndays_past_due = 9\nshare = 5\n# Days",
    )

    with pytest.raises(ProgramInvalid) as raised:
        program_of(text, source="x.toml")

    (problem,) = raised.value.problems
    assert (problem.field, problem.value) == ("late_charges[1].share", "5")
    assert text.splitlines()[problem.line - 1] == "share = 5"


def test_a_file_without_versions_says_so():
    with pytest.raises(ProgramInvalid, match=r"write \[\[versions\]\]"):
        program_of('name = "x"', source="x.toml")


def test_a_later_version_states_only_what_changes_and_holds_from_its_day():
    program = program_of(
        TEXT + '\n[[versions]]\nfrom_on = 2026-05-01\napplies_to = "balances"\ninterest_daily_rate = 0.0004\n',
        source="x.toml",
    )

    before, after = program.terms_on(day("04-30")), program.terms_on(day("05-01"))
    assert (before.interest_daily_rate, after.interest_daily_rate) == (Decimal("0.0005"), Decimal("0.0004"))
    assert replace(after, interest_daily_rate=before.interest_daily_rate) == before


def test_versions_out_of_order_are_refused_with_the_line():
    last = len(TEXT.splitlines())
    with pytest.raises(ProgramInvalid, match=rf"version 2, line {last + 2}: `from_on` is 2014-05-01: put ver"):
        program_of(TEXT + "\n[[versions]]\nfrom_on = 2014-05-01\n".lstrip("\n"), source="x.toml")


def test_closes_follow_the_version_of_their_day():
    terms = HUABEI.versions[0].terms
    later = Version(from_on=day("05-10"), applies_to="new_cycles", terms=replace(terms, cycle_day=20))
    program = replace(HUABEI, versions=(*HUABEI.versions, later))

    closes, on = [], day("03-15")
    for _ in range(4):
        on = program.next_close_on(on)
        closes.append(on)

    assert closes == [day("04-01"), day("05-01"), day("05-20"), day("06-20")]


@given(
    from_on=st.dates(day("01-01"), day("12-31")),
    on=st.dates(day("2025-06-01"), day("2027-06-01")),
    days=st.tuples(st.integers(1, 31), st.integers(1, 31)),
)
def test_every_day_lies_in_one_cycle_also_when_the_cycle_day_changes(from_on, on, days):
    first, second = days
    program = program_with(cycle_day=first)
    later = replace(program.versions[0], from_on=from_on, terms=replace(program.versions[0].terms, cycle_day=second))
    program = replace(program, versions=(*program.versions, later))

    opens_on, closes_on = program.last_close_on(on), program.next_close_on(on)

    assert opens_on <= on < closes_on
    assert program.next_close_on(opens_on) == closes_on
    assert program.last_close_on(closes_on) == closes_on


def test_interest_days_are_counted_by_the_version_that_reaches_the_statement():
    balances = with_rate_from("04-20", "0.0004", "balances")
    new_cycles = with_rate_from("04-20", "0.0004", "new_cycles")
    april = (day("04-01"), day("04-10"), day("05-01"))

    assert balances.interest_spans(*april) == ((0, 10), (1, 11))
    assert [version for version, _ in new_cycles.interest_spans(*april)] == [0, 0]


REFERENCE = (Path(__file__).parents[2] / "docs/reference/terms.md").read_text(encoding="utf-8")


def test_the_reference_explains_every_term_once_and_no_other():
    groups, _, _ = REFERENCE.partition("## What the presets say")
    explained = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", groups, re.MULTILINE)

    fields = set(Terms.__struct_fields__)
    of_lists = {
        *LateCharge.__struct_fields__,
        *Waterfall.__struct_fields__,
        *InstallmentTerms.__struct_fields__,
        *ProvisionRate.__struct_fields__,
        *DunningStep.__struct_fields__,
        *SubLimit.__struct_fields__,
        "from_on",
        "applies_to",
    }
    assert fields <= set(explained)
    assert set(explained) - fields <= of_lists
    assert max(explained.count(field) for field in fields) == 1


def test_the_reference_says_of_each_preset_what_its_file_says():
    _, _, says = REFERENCE.partition("## What the presets say")
    names = re.search(r"^\| term \| (.*) \|$", says, re.MULTILINE)[1].split(" | ")
    told = {}
    for field, cells in re.findall(r"^\| `(\w+)` \| (.*) \|$", says, re.MULTILINE):
        for name, value in zip(names, cells.split(" | "), strict=False):
            told.setdefault((name, field), value)
    for field, listed, value in re.findall(r"^\| `(\w+)` \| ([a-z0-9, -]+) \| ([^|]*) \|$", says, re.MULTILINE):
        told |= {(name, field): value for name in listed.split(", ")}

    terms = {name: load_program(name).versions[-1].terms for name in preset_names()}
    assert sorted(names) == list(preset_names())
    for name in preset_names():
        for field in Terms.__struct_fields__:
            assert told[name, field] == term_text(getattr(terms[name], field)), (name, field)
