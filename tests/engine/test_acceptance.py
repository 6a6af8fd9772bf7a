"""Acceptance in the house: the engine refuses what the rules refuse, a change holds from its commit, two come one by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from msgspec.structs import replace

from florin.credit.explain import question_of
from florin.engine import Engine, GuardRefused, Submission, lane_of
from florin.events import Refused
from florin.events.market import AcceptanceRule
from florin.market import AcceptanceCapExceeded, NotAcceptedHere
from florin.market.change import (
    AcceptanceHistoryDiffers,
    AcceptanceIsPast,
    AddEcosystem,
    ChangeAcceptance,
    EcosystemContradicts,
    NothingNew,
    with_version,
)
from florin.market.load import load_ecosystem
from florin.queries.answers import answers_for
from florin.queries.explain import explain_line
from world import SHOP, World

NOT_HERE = AcceptanceRule(
    program="huabei", market="taobao", channel="home", answer="no", reason_en="Not any more.", reason_zh="不再支持。"
)


def change(world: World, rule: AcceptanceRule, *, days: int = 0, ecosystem: str = "ali"):
    from_on = world.today + timedelta(days=days)
    return world.do(ChangeAcceptance(ecosystem=ecosystem, from_on=from_on, rules=(rule,), reason="as agreed"))


def test_the_engine_refuses_where_the_line_is_not_accepted_and_says_so_to_the_merchant(world: World):
    world.person("alice", limit_minor=1_000_00)
    assert world.buy("alice", 10_00).event, "a house without ecosystems accepts everything"
    world.take_in("ali", "jd", market="jd")

    for bought in (world.buy("alice", 10_00), world.do(world.charge_command("alice", 10_00).command)):
        assert isinstance(bought.refusal, NotAcceptedHere)
        kind, merchant_id, body = world.connection.execute(
            "SELECT kind, merchant_id, body FROM event WHERE id = %s", (bought.event_id,)
        ).fetchone()
        assert (kind, merchant_id) == (Refused.kind, SHOP)
        assert (body["refusal"], body["numbers"]["ecosystem"], body["numbers"]["version"]) == (
            "NotAcceptedHere",
            "ali",
            1,
        )
    world.take_in(market="street", category="dining")
    over = world.buy("alice", 501_00).refusal
    assert isinstance(over, AcceptanceCapExceeded)
    assert over.over_minor == 1_00
    assert world.buy("alice", 500_00).event
    world.assert_books_hold()


def test_a_change_holds_in_every_process_from_its_commit_and_only_from_its_day(world: World):
    world.person("alice", limit_minor=1_000_00)
    world.take_in("ali", market="taobao")
    assert change(world, NOT_HERE, days=2).event
    with Engine(world.dsn, name="another") as other:
        buying = world.charge_command("alice", 1_00)
        assert other.execute([buying])[0].event, "what is planned does not hold yet"

        assert change(world, NOT_HERE).event

        after = other.execute([world.charge_command("alice", 1_00)])[0]
        assert isinstance(after.refusal, NotAcceptedHere)
        assert other.execute([buying])[0].event, "a sale that was made stays made"
        assert after.refusal.version == 3


def test_a_sale_in_the_middle_of_a_change_is_one_or_the_other_and_the_books_hold(world: World):
    for number in range(4):
        world.person(f"p{number}", limit_minor=1_000_00)
    world.take_in("ali", market="taobao")
    sales = [[world.charge_command(f"p{number}", 1_00) for _ in range(12)] for number in range(4)]

    with Engine(world.dsn, name="another") as other, ThreadPoolExecutor(4) as pool:
        sold = [pool.submit(lambda each: [other.execute([one])[0] for one in each], mine) for mine in sales]
        changed = change(world, NOT_HERE)
        outcomes = [outcome for each in sold for outcome in each.result()]

    assert changed.event
    said = [outcome.refusal for outcome in outcomes if outcome.refusal]
    assert all(isinstance(refusal, NotAcceptedHere) and refusal.version == 2 for refusal in said)
    owed = sum(world.one("SELECT principal_minor FROM line WHERE id = %s", world.line_ids[f"p{n}"]) for n in range(4))
    assert owed == 1_00 * (len(outcomes) - len(said))
    for each in sold:
        refused = [outcome.refusal is not None for outcome in each.result()]
        assert refused == sorted(refused), "after the first refusal nothing more is sold"
    world.assert_books_hold()


def test_changes_at_once_are_one_after_the_other(world: World):
    world.take_in("ali", market="taobao")
    capped = [replace(NOT_HERE, answer="cap", cap_minor=each) for each in range(1, 7)]

    with Engine(world.dsn, name="another") as other, ThreadPoolExecutor(6) as pool:
        engines = [world.engine, other] * 3
        done = list(pool.map(lambda pair: _change_by(pair[0], pair[1], world), zip(engines, capped, strict=True)))

    stated = [outcome for outcome in done if outcome.refusal is None]
    assert all(isinstance(outcome.refusal, GuardRefused) for outcome in done if outcome.refusal)
    assert stated
    numbers = [row[0] for row in world.connection.execute("SELECT number FROM acceptance_version ORDER BY revision")]
    assert numbers == list(range(1, len(stated) + 2))
    assert len(world.engine.reference.acceptance.ecosystems["ali"].versions) == len(numbers)


def _change_by(engine: Engine, rule: AcceptanceRule, world: World):
    command = ChangeAcceptance(ecosystem="ali", from_on=world.start_on, rules=(rule,), reason="as agreed")
    return engine.execute([Submission(command=command)])[0]


def test_what_contradicts_is_past_or_rewrites_history_is_refused(world: World):
    world.take_in("ali")
    ali = load_ecosystem("ali")

    def add(ecosystem):
        return world.do(AddEcosystem(ecosystem=ecosystem)).refusal

    assert isinstance(add(ali), NothingNew)
    assert isinstance(add(replace(ali, name="rival")), EcosystemContradicts)
    assert isinstance(add(replace(ali, versions=())), AcceptanceHistoryDiffers)
    assert isinstance(add(with_version(ali, world.today - timedelta(days=1), [NOT_HERE])), AcceptanceIsPast)
    assert isinstance(change(world, NOT_HERE, days=-1).refusal, AcceptanceIsPast)
    assert isinstance(change(world, replace(NOT_HERE, channel="guest")).refusal, EcosystemContradicts)
    assert isinstance(change(world, replace(NOT_HERE, channel="")).refusal, EcosystemContradicts), (
        "it meets another rule"
    )
    assert add(with_version(ali, world.today, [NOT_HERE])) is None
    assert [version.rules[-1] for version in world.engine.reference.acceptance.ecosystems["ali"].versions][
        -1
    ] == NOT_HERE


def test_one_person_has_four_lines_and_each_answers_as_the_till_decides(world: World):
    world.person("alice", limit_minor=1_000_00)
    lines = {"huabei": world.line_ids["alice"]}
    for program in ("baitiao-bill", "fenfu", "bank-card"):
        lines[program] = world.open_line("alice", program, 2_000_00)
    world.take_in("ali", "jd", "tencent", "bank", market="street", category="dining")
    at = world.engine.at()

    asked = {"person_id": world.people["alice"], "merchant_id": SHOP, "amount_minor": 600_00, "at": at}
    answers = answers_for(world.connection, world.engine.reference, channel="offline", **asked)
    world.connection.commit()

    found = {each.program: (each.verdict, each.most_minor) for each in answers}
    assert found == {
        "huabei": ("cap", 500_00), "baitiao-bill": ("no", 0), "fenfu": ("yes", 2_000_00), "bank-card": ("yes", 2_000_00),
    }  # fmt: skip
    for each in answers:
        world.line_ids["alice"] = lines[each.program]
        outcome = world.buy("alice", 600_00, channel="offline")
        assert (outcome.refusal is None) == (each.verdict == "yes"), each.program
        assert outcome.refusal is None or outcome.refusal.sentence("zh") == each.reason("zh")
    assert lane_of(lines["fenfu"]) == lane_of(world.people["alice"])
    world.assert_books_hold()


def test_a_refusal_above_the_cap_is_explained_by_its_sum(world: World):
    world.person("alice", limit_minor=1_000_00)
    world.take_in("ali", market="street", category="dining")
    refused = world.buy("alice", 640_00)

    found = explain_line(
        world.connection,
        line_id=world.line_ids["alice"],
        question=question_of(f"refusal={refused.event_id}"),
        at=world.engine.at(),
        language="en",
    )

    assert found is not None
    assert found.answer.amount_minor == 140_00
    assert [part.text for part in found.answer.parts][1].startswith("The most of one purchase there: ")


def test_a_merchants_checkouts_are_found_by_the_index_that_sales_do_not_pay_for(world: World):
    world.connection.execute("SET enable_seqscan = off")
    plan = world.connection.execute(
        "EXPLAIN SELECT 1 FROM event WHERE kind = 212 AND merchant_id = 1 AND posted_on >= '2026-03-01'"
    ).fetchall()
    world.connection.rollback()

    assert any("event_of_checkout" in line for (line,) in plan)
