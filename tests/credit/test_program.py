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
from florin.credit.program import ProgramInvalid, load_program, program_of
from florin.credit.terms import Version
from florin.presets import preset_names, preset_text

TEXT = preset_text("huabei")


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


def test_every_number_of_a_preset_names_its_grade():
    for name in preset_names():
        lines = preset_text(name).splitlines()
        for number, line in enumerate(lines, start=1):
            field, _, value = line.partition("=")
            if (
                field.strip() in ("name", "title_en", "title_zh", "currency")
                or not value
                or line.startswith((" ", "#"))
            ):
                continue
            comment = re.compile(r"# [ABCUX](/[ABCUX])?[:,;.] ?")
            here_or_above = lines[number - 1] if "#" in line else "\n".join(lines[number - 3 : number - 1])
            assert comment.search(here_or_above), f"{name}.toml, line {number}"


def test_goods_nobody_listed_wait_as_long_as_other_goods():
    terms = HUABEI.terms_on(day("03-02"))

    assert terms.auto_confirm_days_for("virtual") == 1
    assert terms.auto_confirm_days_for("livestock") == terms.auto_confirm_days["other"]


def test_an_owners_own_file_is_a_program(tmp_path):
    path = tmp_path / "campus.toml"
    path.write_text(changed('name = "huabei"', 'name = "campus"'), encoding="utf-8")

    assert load_program(path).name == load_program(str(path)).name == "campus"


def test_an_unknown_name_lists_the_presets():
    with pytest.raises(ProgramInvalid, match=r"no preset and no file 'huabai'. Presets: .*huabei"):
        load_program("huabai")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("due_day = 10 ", "due_day = 45 ", r"x.toml, version 1, line 17: `due_day` is 45: choose a day of the month"),
        ("minimum_share = 0.10", "minimum_share = 10", r"line 21: `minimum_share` is 10: write a share"),
        ("interest_daily_rate = 0.0005", "interest_daily_rate = 0.05", r"line \d+: .*as in 0.0005 for 0.05 %"),
        ('draws_on = "receipt"', 'draws_on = "payment"', r"line 19: `draws_on` is payment: write \"receipt\""),
        ("grace_days = 0 ", "grace_days = 30 ", r"line 18: .*0 to 27"),
        ("cycle_day = 1 ", 'cycle_day = "first" ', r"line 16: Expected `int`, got `str`"),
        ("cycle_day = 1 ", "cycel_day = 1 ", r"line 16: Object contains unknown field `cycel_day`"),
        ("due_day = 10 ", "", r"line 12: Object missing required field `due_day`"),
        ('"interest", "fee", "principal"]', '"interest", "fee"]', r"line \d+: `waterfall` is .* name each of"),
        ("count = 6", "count = 3", r"line \d+: `installments` is .* offer each count once"),
        ("fee_rate = 0.045", "fee_rate = 4.5", r"line \d+: `installments` is .* as in 0.075 for 7.5 %"),
        ("other = 10", "others = 10", r"line \d+: `auto_confirm_days` is .* an entry `other`"),
        ("from_on = 2015-04-01", 'from_on = "soon"', r"line 13: .*[Ii]nvalid"),
        ("limit_minor_min = 5000 ", "limit_minor_min = 5000000000 ", r"line \d+: .*up to `limit_minor_max`"),
        ('currency = "CNY"', "currency = 1", r"x.toml: Expected `str`.*currency"),
        ("[[versions]]", "[versions]", r"x.toml: no list of versions: write \[\[versions\]\]"),
        ("cycle_day = 1 ", "cycle_day = = ", r"x.toml: this is no TOML: .*line 16"),
    ],
)
def test_an_error_names_the_line_the_field_and_the_fix(before, after, says):
    with pytest.raises(ProgramInvalid, match=says):
        program_of(changed(before, after), source="x.toml")


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
    with pytest.raises(ProgramInvalid, match=rf"version 2, line {last + 2}: put versions in order"):
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


def test_the_reference_lists_every_term_and_what_huabei_says():
    page = (Path(__file__).parents[2] / "docs/reference/terms.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (`\w+`(?:, `\w+`)?) \| .* \| (.*) \|$", page, re.MULTILINE))
    listed = {name for names in rows for name in re.findall(r"`(\w+)`", names)}
    terms = HUABEI.versions[0].terms

    assert set(terms.__struct_fields__) <= listed
    assert listed - set(terms.__struct_fields__) == set()
    for names, says in rows.items():
        values = [getattr(terms, name) for name in re.findall(r"`(\w+)`", names)]
        if all(isinstance(value, int | str | Decimal) for value in values):
            assert says.strip("`") == ", ".join(str(value).lower() if value is True else str(value) for value in values)
