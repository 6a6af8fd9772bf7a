"""Files of ecosystems: what they may not say is told with line, field and what to write instead."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from florin.market.contradictions import conflicts
from florin.market.load import EcosystemInvalid, ecosystem_of, load_ecosystem
from florin.presets import ecosystem_names, ecosystem_text

FILE = """name = "campus"
title_en = "Campus"
title_zh = "校园"
programs = ["canteen"]

[[markets]]
id = "shop"
title_en = "Campus shop"
title_zh = "校园店"
kind = "retail"
flow = "direct"

[[versions]]
from_on = 2026-01-01

[[versions.rules]]
program = "canteen"
channel = "home"
answer = "yes"
reason_en = "At home."
reason_zh = "本校可用。"

[[versions.rules]]
program = "canteen"
channel = "offline"
answer = "cap"
cap_minor = 5000
reason_en = "Small bills."
reason_zh = "小额可用。"
"""


@pytest.mark.parametrize("name", ecosystem_names())
def test_every_preset_can_be_used_beside_the_others(name: str):
    ecosystem = load_ecosystem(name)

    assert not list(conflicts(ecosystem, map(load_ecosystem, ecosystem_names())))
    assert all(rule.reason_en and rule.reason_zh for version in ecosystem.versions for rule in version.rules)


@pytest.mark.parametrize("name", ecosystem_names())
def test_every_rule_of_a_preset_has_its_grade_or_says_which_it_follows(name: str):
    """A heading says where its rule comes from; a cap is a number and has a grade of its own."""
    for number, text in enumerate(ecosystem_text(name).splitlines()):
        if text.startswith(("cap_minor", "cap_month_minor")):
            assert text.partition("#")[2].strip()[:2] in ("A:", "B:", "C:", "U:", "X:"), (name, number, text)


def problems(*changes: tuple[str, str]) -> list[tuple[int, str, str]]:
    text = FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(EcosystemInvalid) as caught:
        ecosystem_of(text, source="campus.toml")
    return [(problem.line, problem.field, problem.fix) for problem in caught.value.problems]


def test_the_file_can_be_used():
    assert ecosystem_of(FILE, source="campus.toml").homes == {"shop"}


@pytest.mark.parametrize(
    ("change", "line", "field", "fix"),
    [
        (('"校园"', '""'), 3, "title_zh", "as people read it"),
        (('id = "shop"', 'id = "Shop!"'), 7, "id", "small letters"),
        (('kind = "retail"', 'kind = "mall"'), 10, "kind", "invalid enum value"),
        (('answer = "yes"', 'answer = "maybe"'), 19, "answer", "invalid enum value"),
        (("cap_minor = 5000", "cap_minor = 0"), 27, "cap_minor", "the most of one purchase"),
        (('answer = "yes"', 'answer = "yes"\ncap_minor = 5'), 20, "cap_minor", "leave it out"),
        (('reason_zh = "小额可用。"\n', ""), 23, "reason_zh", "the sentence that the shopper reads"),
        (('program = "canteen"\nchannel = "home"', 'program = "else"\nchannel = "home"'), 17, "program", "canteen"),
        (('kind = "retail"', 'kind = "chat"'), 18, "channel", "no market that could be a home"),
        (('channel = "offline"', 'market = "shop"\nchannel = "guest"'), 26, "channel", "never a guest"),
        (("from_on = 2026-01-01", 'from_on = "soon"'), 14, "from_on", "invalid RFC"),
        (("cap_minor = 5000", "cap_minor = 5000\ncolor = 1"), 28, "color", "no such field"),
        (("cap_minor = 5000", "cap_minor = 5000\ncap_month_minor = 4000"), 28, "cap_month_minor", "at least that of one"),
        (('answer = "yes"', 'answer = "no"\ncap_month_minor = 5'), 20, "cap_month_minor", "leave it out"),
    ],
)  # fmt: skip
def test_a_contradiction_is_told_with_its_line_and_what_to_write(change, line, field, fix):
    [(found_line, found_field, found_fix)] = problems(change)

    assert (found_line, found_field) == (line, field)
    assert fix in found_fix


def test_two_rules_that_meet_and_name_equally_much_are_refused_until_the_meeting_is_stated():
    category = """
[[versions.rules]]
program = "canteen"
category = "wine"
answer = "no"
reason_en = "Not for wine."
reason_zh = "酒类不可用。"
"""
    both = category.replace('category = "wine"', 'category = "wine"\nchannel = "{}"')

    with pytest.raises(EcosystemInvalid) as caught:
        ecosystem_of(FILE + category, source="campus.toml")

    assert [p.fix.partition(" meets at ")[2].partition(",")[0] for p in caught.value.problems] == [
        "category wine", "category wine",
    ]  # fmt: skip
    assert ecosystem_of(FILE + category + both.format("home") + both.format("offline"), source="campus.toml")


def test_what_is_said_twice_withdrawn_from_nothing_or_out_of_order_is_refused():
    again = (
        '\n[[versions]]\nfrom_on = 2025-01-01\n[[versions.rules]]\nprogram = "canteen"\nmarket = "x"\nanswer = "none"\n'
    )
    twice = FILE + FILE[FILE.index("[[versions.rules]]") : FILE.index("\n\n[[versions.rules]]", 300)] + "\n"

    for text, fixes in (
        (FILE + again, ["no rule before it", "oldest first"]),
        (twice, ["says twice"]),
    ):
        with pytest.raises(EcosystemInvalid) as caught:
            ecosystem_of(text, source="campus.toml")
        assert all(any(fix in problem.fix for problem in caught.value.problems) for fix in fixes), caught.value


def test_a_program_and_a_market_have_one_owner_but_the_street_is_everybodys():
    ali = load_ecosystem("ali")
    rival = replace(ali, name="rival")
    renamed = replace(ali.markets[2], title_en="Streets")

    paths = [path for path, _ in conflicts(rival, [ali])]
    differing = [path for path, _ in conflicts(replace(rival, programs=("x",), markets=(renamed,)), [ali])]

    assert paths == ["programs[0]", "markets[0].id", "markets[1].id"]
    assert differing == ["markets[0].id"]
