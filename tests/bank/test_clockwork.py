"""A bank behind files that lives by the clock: what it delays, rejects, returns and does wrong, and what the books say."""

from __future__ import annotations

from datetime import date
from typing import get_args

import psycopg
import pytest

from bank.house import START, House
from florin.bank import BankFolder, bank_of, choose_bank
from florin.bank.choose import BankHasOrders
from florin.bank.clockwork import ANYBODY, ClockBank
from florin.bank.files import FileBank, end_to_end_id_of
from florin.bank.folder import SIMULATED
from florin.bank.iso20022 import read_initiation
from florin.bank.port import BankAccount
from florin.bank.take import Taken
from florin.credit.autopay import SetAutopay
from florin.engine import clock
from world import SHOP, World


@pytest.fixture
def world(fresh_database):
    with World(fresh_database.engine, start_on=START) as made:
        yield made


@pytest.fixture
def house(world, fresh_database, tmp_path):
    with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
        connection.execute("UPDATE merchant SET payout_account = '6222-tea' WHERE id = %s", [SHOP])
        choose_bank(connection, "clock")
        yield House(world, connection, BankFolder(tmp_path / "bank"))


def test_a_day_goes_through_files_both_ways_and_the_books_hold(house):
    house.world.person("alice", limit_minor=100_000, wallet_minor=50_000)
    house.world.buy("alice", 19_900, 10_000)
    withdrawal = house.withdraw("alice", 20_000)

    house.tomorrow()
    house.tomorrow()

    assert house.payouts() == [("settled", 20_000), ("settled", 29_721)]
    assert (-20_000, f"payout/{withdrawal}") in house.shown()
    assert {name.split(".")[1] + "." + name.split(".")[2] for name in house.files("taken")} == {
        "pain.002",
        "camt.053",
        "camt.054",
    }
    (sent, *_) = house.folder.waiting("out/sent")
    order = read_initiation(sent.read_bytes()).orders[0]
    assert (order.end_to_end_id, order.amount_minor) == (f"payout/{withdrawal}", 20_000)
    assert house.files("in") == house.files("refused") == []
    assert house.prove() == []
    stated = house.connection.execute(
        "SELECT closing_minor FROM bank_statement WHERE account = 'safeguarded' ORDER BY stated_on DESC LIMIT 1"
    ).fetchone()
    assert stated == (house.connection.execute(
        "SELECT sum(amount_minor)::bigint FROM bank_line WHERE account = 'safeguarded' AND booked_on < %s", [house.world.today]
    ).fetchone())  # fmt: skip


def test_a_payout_to_a_closed_account_is_available_again_and_says_why(house):
    house.behind.treat("6222-tea", "reject", code="AC04")
    house.world.person("alice", limit_minor=100_000)
    house.world.buy("alice", 19_900)

    house.tomorrow()

    assert house.payouts() == [("returned", 19_781)]
    assert house.world.balance("MERCHANT_AVAILABLE", SHOP) == 19_781
    body = house.world.one("SELECT body FROM event WHERE kind = 65")
    assert (body["reason_code"], body["reason"]) == ("AC04", "account closed")
    assert house.prove() == []


def test_what_was_paid_comes_back_days_later(house):
    alice = house.world.person("alice", wallet_minor=50_000)
    house.behind.treat(str(alice), "return", code="AC01", days=2)
    house.withdraw("alice", 20_000)

    house.live()
    paid = house.payouts()
    house.tomorrow()
    house.tomorrow()

    assert (paid, house.payouts()) == ([("settled", 20_000)], [("returned", 20_000)])
    assert house.world.wallet_minor("alice") == 50_000
    assert house.world.one("SELECT body->>'late' FROM event WHERE kind = 5") == "true"
    assert house.prove() == []


def test_a_slow_bank_leaves_the_money_in_transit_and_settles_on_its_day(house):
    house.behind.treat(ANYBODY, "delay", days=2)
    house.world.person("alice", wallet_minor=50_000)
    house.withdraw("alice", 20_000)

    states = []
    for _ in range(3):
        house.tomorrow()
        states.append((house.payouts()[0][0], house.world.balance("PAYOUT_IN_TRANSIT")))

    assert states == [("sent", 20_000), ("settled", 0), ("settled", 0)]


def test_autopay_goes_by_file_and_a_debit_that_comes_back_is_owed_again(house):
    alice = house.world.person("alice", limit_minor=100_000)
    house.world.buy("alice", 20_000)
    house.world.do(SetAutopay(line_id=house.world.line_ids["alice"], sources=("bank",)))
    due_on = date(2026, 4, 10)
    house.behind.treat(str(alice), "return", code="MS02", days=3)
    while house.world.today < due_on:
        house.tomorrow()
    paid = house.world.line("alice").principal_minor

    for _ in range(3):
        house.tomorrow()

    assert (paid, house.world.line("alice").principal_minor) == (0, 20_000)
    assert any(name.startswith("FL-20260410") and "pain.008" in name for name in house.files("out/sent"))
    assert house.prove() == []


def test_some_of_a_file_is_rejected_and_the_rest_is_paid(house):
    house.world.person("alice", wallet_minor=50_000)
    for amount_minor in (1_000, 2_000, 3_000):
        house.withdraw("alice", amount_minor)
    house.behind.do_wrong("partial", 1)

    house.live()

    assert sorted(house.payouts()) == [("returned", 2_000), ("settled", 1_000), ("settled", 3_000)]
    assert house.prove() == []


@pytest.mark.parametrize("mishap", ["twice", "shuffled"])
def test_files_that_come_twice_or_in_another_order_change_nothing(house, mishap):
    alice = house.world.person("alice", wallet_minor=50_000)
    house.behind.treat(str(alice), "return", code="AC01")
    house.withdraw("alice", 20_000)
    house.behind.do_wrong(mishap, 5)

    house.live()

    assert house.payouts() == [("returned", 20_000)]
    assert house.world.wallet_minor("alice") == 50_000
    assert len(house.shown()) == 2
    refused = house.connection.execute("SELECT note FROM bank_file WHERE state = 'refused'").fetchall()
    assert [note.split(":")[0] for (note,) in refused] == (["BankFileTakenBefore"] if mishap == "twice" else [])
    assert house.prove() == []


class Killed(BaseException):
    pass


@pytest.mark.parametrize("killed_at", ["before writing", "after writing", "before the bank has answered"])
def test_a_process_that_dies_between_writing_and_sending_pays_once(house, monkeypatch, killed_at):
    house.world.person("alice", wallet_minor=50_000)
    house.withdraw("alice", 20_000)

    def dies(self, row, *_):
        if killed_at == "after writing":
            self._folder.put_out(row.name, bytes(row.content))
        raise Killed

    with monkeypatch.context() as patched:
        if killed_at == "before the bank has answered":
            patched.setattr("florin.bank.clockwork.BehindTheCounter._book_due", dies)
        else:
            patched.setattr(FileBank, "_write", dies)
        with pytest.raises(Killed):
            house.live()
    if killed_at == "after writing":  # somebody has carried the file to the bank by then
        house.behind.live(house.world.today)

    house.live()
    house.tomorrow()

    assert house.payouts() == [("settled", 20_000)]
    assert house.shown() == [(-20_000, f"payout/{house.world.one('SELECT id FROM payout')}")]
    assert house.prove() == []


def test_money_that_is_announced_and_money_that_the_bank_shows_are_one(house):
    house.world.person("alice")
    house.bank.receive(amount_minor=10_000, reference="b-77", on=START)
    house.world.bank.book = lambda *_: None
    house.world.next_number = lambda prefix: "b-77"

    house.world.top_up("alice", 10_000)
    assert house.prove() == []
    house.tomorrow()

    assert (house.world.wallet_minor("alice"), house.shown()) == (10_000, [(10_000, "b-77")])
    assert house.prove() == []


def test_a_bank_is_chosen_when_the_other_one_has_answered_everything(house):
    choose_bank(house.connection, "clock")
    assert isinstance(bank_of(house.connection, house.folder), ClockBank)
    house.world.person("alice", wallet_minor=50_000)
    house.withdraw("alice", 20_000)
    house.behind.treat(ANYBODY, "delay", days=1)
    house.live()

    with pytest.raises(BankHasOrders):
        choose_bank(house.connection, "prompt")
    house.tomorrow()
    choose_bank(house.connection, "files")

    assert type(bank_of(house.connection, house.folder)) is FileBank


def test_a_reference_that_is_too_long_for_the_standard_has_a_digest_that_is_always_the_same():
    long = "autopay/1234567890123456789/2026-04-10/1"

    assert end_to_end_id_of("payout/1234567890123456789") == "payout/1234567890123456789"
    assert end_to_end_id_of(long) == end_to_end_id_of(long) != end_to_end_id_of(long + "0")
    assert len(end_to_end_id_of(long)) <= 35
    assert len(set(SIMULATED.numbers.values())) == len(get_args(BankAccount))


def test_a_file_for_another_houses_account_is_refused_and_laid_aside(house, tmp_path):
    house.world.person("alice", wallet_minor=50_000)
    house.withdraw("alice", 20_000)
    house.live()
    taken = house.folder.waiting("taken")[-1]
    strange = taken.read_bytes().replace(SIMULATED.numbers["safeguarded"].encode(), b"9999").replace(b"SB-", b"XX-")
    house.folder.put_in("strange.camt.054.xml", strange)

    ((_, refusal),) = house.bank.take_waiting(clock.read(house.connection).on)

    assert not isinstance(refusal, Taken)
    assert refusal.name == "BankAccountUnknown"
    assert "BankAccountUnknown" in (tmp_path / "bank/refused/strange.camt.054.why.txt").read_text()
