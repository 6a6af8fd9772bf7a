"""Fulcrum: what owning the place of sale brings the lender, and a world in which it cannot bring anything."""

from __future__ import annotations

import numpy as np
import pytest

from florin.lab.experiments.fulcrum import OWNED, kept
from florin.lab.experiments.sliders import BREADTHS, PARTS, grid, parts_at, together, worlds
from florin.lab.parameters import likeliest
from florin.lab.units import OfVolume

PEOPLE = np.arange(80, dtype=np.uint64)
NOTHING = OfVolume(0)


@pytest.fixture(scope="module")
def real():
    return worlds(likeliest(), PEOPLE, 1, months=4, free_days=(25,))


def test_where_owning_cannot_matter_the_curve_is_flat():
    """The null world: malls take nothing, and owning them betters neither the lender's grip nor its eye."""
    alike = worlds(likeliest(), PEOPLE, 1, months=4, free_days=(25,), alike=True)

    for breadth in BREADTHS:
        curve = [kept(alike, breadth=breadth, owned=owned, take=NOTHING) for owned in OWNED]
        assert curve == pytest.approx([curve[0]] * len(OWNED), abs=1e-6)


def test_the_more_malls_take_the_more_owning_them_brings(real):
    by_take = [
        kept(real, breadth=1.0, owned=1.0, take=OfVolume(take))
        - kept(real, breadth=1.0, owned=0.0, take=OfVolume(take))
        for take in (0, 30_000, 60_000, 120_000)
    ]

    assert by_take == sorted(by_take)
    assert by_take[-1] > by_take[0]


def test_what_is_kept_is_the_sum_of_its_parts(real):
    at = {"own": 0.3, "breadth": 0.6, "take": 0.06, "fee": 0.006, "free": 25, "loss": 1.0}

    parts = parts_at(real, **at)

    assert set(parts) == set(PARTS)
    assert sum(parts.values()) == pytest.approx(kept(real, breadth=0.6, owned=0.3))
    assert parts_at(real, **{**at, "loss": 2.0})["loss"] == pytest.approx(2 * parts["loss"])


def test_the_sliders_hold_what_the_worlds_gave():
    every = worlds(likeliest(), PEOPLE[:40], 2, months=2)

    sliders = grid([every])

    place = sliders.places().index((500_000, 300_000, 120_000, 60_000, 25, 1_000_000))
    direct = parts_at(every, own=0.5, breadth=0.3, take=0.12, fee=0.06, free=25, loss=1.0)
    assert sliders.kept_fen()[place] == pytest.approx(sum(direct.values()), abs=len(PARTS))


def test_a_draw_that_creates_hardly_anything_does_not_throw_the_middle_far_away(real):
    """A mean of quotients would be near the bad draw's, ¥10,000 times as large."""
    bad = {
        at: happened._replace(whole=max(happened.whole // 10_000, 1)) if at[0] == 1.0 else happened
        for at, happened in real.items()
    }
    nothing = {at: happened._replace(whole=-1) for at, happened in real.items()}

    middle = kept(together([real, bad]), breadth=1.0, owned=0.5)

    assert middle == pytest.approx(2 * kept(real, breadth=1.0, owned=0.5), rel=1e-3)
    assert abs(kept(bad, breadth=1.0, owned=0.5)) > 1_000 * abs(middle)
    assert kept(nothing, breadth=1.0, owned=0.5) == 0
