"""Running a what-if: lots of lines for each draw of the parameters, two worlds each, and what lies between them.

In a small book every line lives with every draw that calibration kept. In a large one each line is dealt to some of the draws,
so that all lines together live `LIVES` times: lines are dealt in the order of what is owed on them, so a draw's lot is like the
whole book, and counts for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np

from florin.credit.line import Line
from florin.credit.terms import Program
from florin.lab.arrays import Flags, Index, Minor, Real, Whole
from florin.lab.calibration import calibrated, kept
from florin.lab.lanes import Progress, run_lanes
from florin.lab.whatif.change import Change
from florin.lab.whatif.habits import Standing, habits, mean_missed, standing
from florin.lab.whatif.life import Lived, Lot, live
from florin.lab.whatif.live import History, LiveBook, Portfolio, Shop
from florin.lab.whatif.wants import draw_wants
from florin.lab.whatif.worlds import World, limits_of
from florin.market import Acceptance
from florin.money.dates import months_after

MONTHS_MAX = 36
# How many lives a run lives in each world, at least one a line; and how many lines a draw has at least, if there are as many.
LIVES, LOT_LEAST = 100_000, 1_000
# What somebody pays more or less than this is not counted, in minor units.
NOTICED_MINOR = 100

# Groups of lines: by score and by utilization, on the day of the book. A cell is one of each.
SCORE_BANDS = (0.0, 0.90, 0.97)
UTILIZATION_BANDS = (0.0, 0.30, 0.80)
CELLS = len(SCORE_BANDS) * len(UTILIZATION_BANDS)


class WhatIfTooLarge(ValueError):
    """What is asked is more than a run does, or nothing: says which, and what would be possible. field: months or draws; empty
    where it is the book.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


HURTS = ("pays_more", "declined", "newly_late", "newly_lost", "any_hurt", "pays_less", "newly_served")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One lot in both worlds. weight: how many of the book's lines each of its own stands for. today, changed: (months + 1,
    measures, cells). people: of each of `HURTS`, whose persons' ids; cells: the cells of each.
    """

    program: str
    draw: int
    lines: int
    weight: float
    funding_ppm: int
    today: Real
    changed: Real
    people: dict[str, Whole]
    cells: dict[str, Whole]


def run_what_if(
    book: LiveBook,
    change: Change,
    *,
    months: int,
    draws: int | None = None,
    seed: int,
    processes: int | None = None,
    progress: Progress | None = None,
) -> list[Pair]:
    """Both worlds of every lot, by program and draw. The same for the same book, change, size and seed, however many processes.

    Raises WhatIfTooLarge.
    """
    draws = _refuse_size(book, change, months, draws)
    tasks = [
        task
        for portfolio in book.portfolios
        if portfolio.count
        for task in _tasks(book, portfolio, change, months=months, draws=draws, seed=seed)
    ]
    return run_lanes(_live_both, tasks, processes=processes, progress=progress)


def dealt(portfolio: Portfolio, draws: int, of: int) -> list[Index]:
    """The lines that live with each draw. of: how many lines the whole book has."""
    owed = np.array([line.principal_minor for line in portfolio.lines], np.int64)
    limits = np.array([line.limit_minor for line in portfolio.lines], np.int64)
    ids = np.array([line.id for line in portfolio.lines], np.int64)
    rank = np.empty(portfolio.count, np.int64)
    rank[np.lexsort((ids, limits, owed))] = np.arange(portfolio.count)
    lot = max(LIVES * portfolio.count // of // draws, LOT_LEAST)
    each = min(draws, max(1, -(-lot * draws // portfolio.count)))
    return [np.flatnonzero((rank - draw) % draws < each) for draw in range(draws)]


def limit_lines(book: LiveBook, change: Change) -> tuple[int, ...]:
    """How many lines' limits each of a change's parts makes other ones."""
    found = {
        each.program.name: iter(_limits_of(each, change, standing(each, book.on.toordinal()), book.on))
        for each in (book.portfolios if change.limits else ())
    }
    return tuple(next(found[each.program])[1].size for each in change.limits)


def _refuse_size(book: LiveBook, change: Change, months: int, draws: int | None) -> int:
    most = len(kept().draws)
    draws = most if draws is None else draws
    if not 1 <= months <= MONTHS_MAX:
        raise WhatIfTooLarge("months", f"{months} months cannot be lived: choose 1 to {MONTHS_MAX}.")
    if not 1 <= draws <= most:
        raise WhatIfTooLarge("draws", f"{draws} draws cannot be lived: calibration kept {most}; choose 1 to {most}.")
    if book.count == 0:
        raise WhatIfTooLarge("", "There is no line in this book that can be lived on: open one, and let a day close.")
    last = months_after(book.on, months)
    parts = (change.terms, change.limits, change.acceptance)
    for begins_on in (each.from_on or book.on for part in parts for each in part):
        if begins_on > last:
            message = f"What begins on {begins_on} would change nothing before {last}, the last day that is lived"
            raise WhatIfTooLarge("months", f"{message}: ask for more months, or for an earlier day.")
    return draws


@dataclass(frozen=True, kw_only=True)
class _Task:
    """One lot as it goes to a process. lines: packed."""

    program: Program
    changed: Program
    acceptance: Acceptance
    accepts: Acceptance
    shops: tuple[Shop, ...]
    on: date
    lines: bytes
    accounts: tuple[bytes, ...]
    history: History
    standing: Standing
    missed_mean: float
    limits: tuple[tuple[date, Index, Minor], ...]
    draw: int
    weight: float
    months: int
    seed: int


_lines = msgspec.msgpack.Encoder()
_read_lines = msgspec.msgpack.Decoder(tuple[Line, ...])


def _tasks(
    book: LiveBook, portfolio: Portfolio, change: Change, *, months: int, draws: int, seed: int
) -> Iterator[_Task]:
    stands = standing(portfolio, book.on.toordinal())
    limits = _limits_of(portfolio, change, stands, book.on)
    missed_mean = mean_missed(portfolio)
    for draw, chosen in enumerate(dealt(portfolio, draws, book.count)):
        lot = portfolio.of(chosen)
        place = np.full(portfolio.count, -1, np.intp)
        place[chosen] = np.arange(chosen.size)
        yield _Task(
            program=portfolio.program,
            changed=change.program(portfolio.program),
            acceptance=book.acceptance,
            accepts=change.accepts,
            shops=book.shops,
            on=book.on,
            lines=_lines.encode(lot.lines),
            accounts=lot.accounts,
            history=lot.history,
            standing=stands.of(chosen),
            missed_mean=missed_mean,
            limits=tuple(_limits_in(place, from_on, lines, minor) for from_on, lines, minor in limits),
            draw=draw,
            weight=portfolio.count / chosen.size,
            months=months,
            seed=seed,
        )


def _limits_of(portfolio: Portfolio, change: Change, stands: Standing, on: date) -> list[tuple[date, Index, Minor]]:
    """Under the terms that the change has, which may allow higher ones."""
    return limits_of(change, change.program(portfolio.program), stands, on)


def _limits_in(place: Index, from_on: date, lines: Index, minor: Minor) -> tuple[date, Index, Minor]:
    inside = place[lines] >= 0
    return from_on, place[lines[inside]], minor[inside]


def _live_both(task: _Task) -> Pair:
    parameters = calibrated(task.draw)
    portfolio = Portfolio(
        program=task.program, lines=_read_lines.decode(task.lines), accounts=task.accounts, history=task.history
    )
    lives = habits(portfolio, parameters, task.seed, missed_mean=task.missed_mean)
    days = (months_after(task.on, task.months) - task.on).days
    lot = Lot(
        portfolio=portfolio,
        accounts=portfolio.unpacked(),
        standing=task.standing,
        habits=lives,
        wants=draw_wants(lives, task.history, days, task.seed),
        parameters=parameters,
        seed=task.seed,
        cells=cells_of(task.standing),
        cells_count=CELLS,
    )
    worlds = (
        World(task.program, task.acceptance, task.shops, task.on),
        World(task.changed, task.accepts, task.shops, task.on, task.limits),
    )
    today, changed = (live(lot, world, task.shops, task.months) for world in worlds)
    hurt = _hurt(lot, today, changed)
    persons = np.array([line.person_id for line in portfolio.lines], np.int64)
    funding = parameters.funding_bank if task.program.tender == "card" else parameters.funding_tech
    return Pair(
        program=task.program.name,
        draw=task.draw,
        lines=portfolio.count,
        weight=task.weight,
        funding_ppm=funding.yearly_ppm(),
        today=today.sums,
        changed=changed.sums,
        people={name: persons[flags] for name, flags in hurt.items()},
        cells={name: lot.cells[flags] for name, flags in hurt.items()},
    )


def cells_of(standing: Standing) -> Whole:
    """The cell of each line: its score's band, then its utilization's."""
    score = np.searchsorted(SCORE_BANDS, standing.score, side="right") - 1
    used = np.searchsorted(UTILIZATION_BANDS, standing.utilization, side="right") - 1
    return np.asarray(score * len(UTILIZATION_BANDS) + used)


def _hurt(lot: Lot, today: Lived, changed: Lived) -> dict[str, Flags]:
    """Who is worse or better off by the change, each kind by itself."""
    dearer = changed.charged_minor - today.charged_minor
    found = {
        "pays_more": (dearer >= NOTICED_MINOR) & (changed.bought_minor <= today.bought_minor),
        "declined": _anybody(lot, today.served & changed.refused),
        "newly_late": changed.fell_late & ~today.fell_late & (lot.standing.days_past_due == 0),
        "newly_lost": changed.lost & ~today.lost,
    }
    return {
        **found,
        "any_hurt": np.logical_or.reduce(list(found.values())),
        "pays_less": (-dearer >= NOTICED_MINOR) & (changed.bought_minor >= today.bought_minor),
        "newly_served": _anybody(lot, today.refused & changed.served),
    }


def _anybody(lot: Lot, wants: Flags) -> Flags:
    """Whose any of these wants is."""
    return np.bincount(lot.wants.person[wants], minlength=lot.portfolio.count) > 0
