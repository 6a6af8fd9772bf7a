"""A change tried on the live book over REST: what it would bring, and what is refused."""

from __future__ import annotations

from datetime import date

import psycopg

from florin.queries.what_if import _TAKE_TURN, _TURN
from wires.rest.house import RestHouse

PATH = "/v1/owner/what-ifs"
NOTHING_SOLD = '[[limits]]\nprogram = "huabei"\nscale = 0\nwhere = { utilization_below = 2 }\n'


def test_a_change_is_tried_in_a_process_of_its_own_and_nothing_is_changed(house: RestHouse):
    world = house.world
    for name in ("iris", "june"):
        world.person(name, limit_minor=200_000)
        world.buy(name, 50_000)
    world.until(date(2026, 3, 6))
    asked = {"toml": NOTHING_SOLD, "months": 2, "draws": 2}

    answered = house.owner.post(PATH, asked)
    wrong = house.owner.post(PATH, asked | {"toml": NOTHING_SOLD.replace("huabei", "huabey")})
    many = house.owner.post(PATH, asked | {"draws": 999})
    others = house.shop.post(PATH, asked)

    found = answered.json()
    totals = {each["name"]: each for each in found["totals"]}
    assert answered.status_code == 200, answered.text
    assert (found["book"]["lines"], found["months_count"], found["draws"]) == (len(world.line_ids), 2, 2)
    assert totals["sales"]["today"]["low"] > 0 == totals["sales"]["changed"]["high"]
    assert found["change"]["limits"][0]["where"] == {"utilization_below": "2"}
    assert wrong.json()["errors"][0]["field"] == "toml:2"
    assert (wrong.status_code, many.json()["errors"][0]["field"], others.status_code) == (422, "draws", 403)
    assert world.line("iris").limit_minor == 200_000


def test_one_runs_at_a_time(house: RestHouse):
    with psycopg.connect(house.world.dsn) as other:
        other.execute(_TAKE_TURN, {"turn": _TURN})

        refused = house.owner.post(PATH, {"toml": NOTHING_SOLD})

    assert (refused.status_code, refused.json()["code"]) == (503, "WhatIfRuns")
    assert refused.headers["retry-after"]
