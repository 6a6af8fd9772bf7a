"""The bank over REST: a break is given to somebody and explained; money that fits nothing is found to be somebody's."""

from __future__ import annotations

import psycopg

from florin.bank import choose_bank
from florin.engine import Submission, lane_for
from florin.payments.bank_break import FindBreak
from florin.wallet.receipt import KeepReceipt
from wires.rest.house import RestHouse

BREAKS, RECEIPTS = "/v1/owner/bank/breaks", "/v1/owner/bank/receipts"
MEI = {"by": "mei", "reason": "she called"}


def test_money_that_fits_nothing_is_allocated_and_its_break_explained_with_it(house: RestHouse):
    world, lane = house.world, lane_for("bank/safeguarded")
    alice = world.person("alice")
    with psycopg.connect(world.dsn, autocommit=True) as connection:
        choose_bank(connection, "files")
    world.bank.book("safeguarded", 12_345, "B1", world.today)
    found = [
        FindBreak(
            break_id=world.engine.new_id(lane), account="safeguarded", what="missing-with-us", reference="", entry_ref=entry,
            expected_minor=0, found_minor=minor, since_on=world.today,
        )
        for entry, minor in (("B1", 12_345), ("B2", -500))
    ]  # fmt: skip
    kept = KeepReceipt(
        receipt_id=world.engine.new_id(lane),
        amount_minor=12_345,
        bank_reference="B1",
        booked_on=world.today,
        party="Chen",
    )
    assert all(one.event for one in world.engine.execute([Submission(command=each) for each in (*found, kept)]))
    path = f"{RECEIPTS}/{kept.receipt_id}"

    nobody = house.owner.post(f"{path}/allocate", MEI, key="k0")
    unknown = house.owner.post(f"{path}/send-back", MEI, key="k2")
    allocated = house.owner.post(f"{path}/allocate", {**MEI, "person_id": str(alice)}, key="k1")
    again = house.owner.post(f"{path}/allocate", {**MEI, "person_id": str(alice)}, key="k1")
    twice = house.owner.post(f"{path}/allocate", {**MEI, "person_id": str(alice)}, key="k3")

    assert (nobody.status_code, unknown.json()["code"], twice.json()["code"]) == (
        422,
        "SenderUnknown",
        "ReceiptNotOpen",
    )
    assert (allocated.status_code, allocated.json()["state"]) == (201, "allocated")
    assert again.json() == allocated.json()
    assert (world.wallet_minor("alice"), world.balance("UNALLOCATED_RECEIPTS")) == (12_345, 0)
    assert house.owner.get(RECEIPTS).json()["items"] == []
    (left,) = house.owner.get(BREAKS).json()["items"]
    assert (left["entry_ref"], left["found_minor"], left["age"]) == ("B2", -500, 0)

    assigned = house.owner.post(f"{BREAKS}/{left['id']}/assign", {"to": "mei", "note": "asked"}, key="k4")
    resolved = house.owner.post(f"{BREAKS}/{left['id']}/resolve", {"by": "mei", "reason": "given back"}, key="k5")

    assert (assigned.json()["owner"], assigned.json()["note"]) == ("mei", "asked")
    assert (resolved.json()["state"], resolved.json()["resolved_by"]) == ("resolved", "mei")
    assert house.owner.post(f"{BREAKS}/{left['id']}/assign", {"to": "bo"}, key="k6").json()["code"] == "BreakNotOpen"
    assert house.owner.post(f"{BREAKS}/42/resolve", MEI, key="k7").status_code == 404
    world.assert_books_hold()
