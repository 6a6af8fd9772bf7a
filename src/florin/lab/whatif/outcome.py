"""The outcome of a what-if: what the coming months bring under today's terms, under the change, and the difference.

All amounts are of the whole book, in minor units; each comes as an interval over the draws of the parameters. The difference is
taken draw by draw before its interval is: both worlds have the same people and the same luck.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date

import msgspec
import numpy as np

from florin.lab.arrays import Index, Real
from florin.lab.calibration import kept
from florin.lab.lanes import Progress
from florin.lab.quantity import Interval, Unit
from florin.lab.whatif.change import AcceptanceChange, Change, LimitChange, TermsChange
from florin.lab.whatif.life import MEASURES
from florin.lab.whatif.live import LeftOut, LiveBook
from florin.lab.whatif.run import HURTS, SCORE_BANDS, UTILIZATION_BANDS, Pair, limit_lines, run_what_if
from florin.money import MILLION
from florin.money.dates import months_after

_LOW, _HIGH = 0.05, 0.95
_DAYS_A_YEAR = 365


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of `MEASURED`. unit: what its integers count."""

    name: str
    unit: Unit
    today: Interval
    changed: Interval
    difference: Interval


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured of one month; shares and principal at its end."""

    from_on: date
    until_on: date
    measures: tuple[Compared, ...]


class Hurt(msgspec.Struct, frozen=True, kw_only=True):
    """How many people one kind of harm, or of good, comes to."""

    name: str
    people: Interval


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Lines alike on the day of the book. by: score or utilization, from `least` on and less than `below` (None: no end), in
    parts per million.
    """

    by: str
    least_ppm: int
    below_ppm: int | None
    lines: int
    measures: tuple[Compared, ...]
    hurt: tuple[Hurt, ...]


class BookSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The book that was lived on. owed: principal. idle: lines of which nothing was bought in a year, so that nothing is
    expected to be. charged_off: lines of which nothing more comes, and their principal. left_out: what of it was not lived on.
    """

    on: date
    lines: int
    idle: int
    owed_minor: int
    charged_off: int
    charged_off_minor: int
    programs: dict[str, int]
    left_out: tuple[LeftOut, ...]


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """The change as it was understood. limit_lines: how many lines' limits each of `limits` makes other ones."""

    title: str
    terms: tuple[TermsChange, ...]
    limits: tuple[LimitChange, ...]
    limit_lines: tuple[int, ...]
    acceptance: tuple[AcceptanceChange, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a second pair of eyes needs. digest: of the change, the book, the kept draws, the size and the seed:
    equal digests are equal outcomes. lives: how many lives were lived in each world.
    """

    change: Understood
    book: BookSeen
    until_on: date
    months_count: int
    draws: int
    lives: int
    seed: int
    digest: str
    totals: tuple[Compared, ...]
    hurt: tuple[Hurt, ...]
    months: tuple[Month, ...]
    groups: tuple[Group, ...]


def what_if(
    book: LiveBook,
    change: Change,
    *,
    months: int = 12,
    draws: int | None = None,
    seed: int = 1,
    processes: int | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Both worlds over the coming months. draws: of those that calibration kept; None: all. Raises WhatIfTooLarge."""
    pairs = run_what_if(book, change, months=months, draws=draws, seed=seed, processes=processes, progress=progress)
    draws = 1 + max(pair.draw for pair in pairs)
    understood = Understood(
        title=change.title,
        terms=change.terms,
        limits=change.limits,
        limit_lines=limit_lines(book, change),
        acceptance=change.acceptance,
    )
    sums = _Sums(pairs, draws)
    ends = [months_after(book.on, month) for month in range(months + 1)]
    whole = np.arange(len(SCORE_BANDS) * len(UTILIZATION_BANDS))
    return Outcome(
        change=understood,
        book=BookSeen(
            on=book.on,
            lines=book.count,
            idle=book.idle,
            owed_minor=book.owed_minor,
            charged_off=len(book.charged_off),
            charged_off_minor=sum(line.principal_minor for line in book.charged_off),
            programs={each.program.name: each.count for each in book.portfolios},
            left_out=book.left_out,
        ),
        until_on=ends[-1],
        months_count=months,
        draws=draws,
        lives=sum(pair.lines for pair in pairs),
        seed=seed,
        digest=_digest(book, understood, months, draws, seed),
        totals=sums.compared(0, months, whole),
        hurt=sums.hurt(whole),
        months=tuple(
            Month(from_on=ends[month], until_on=ends[month + 1], measures=sums.compared(month, month + 1, whole))
            for month in range(months)
        ),
        groups=tuple(sums.groups(months)),
    )


def _digest(book: LiveBook, change: Understood, months: int, draws: int, seed: int) -> str:
    digest = hashlib.sha256(msgspec.json.encode((change, book.digest(), months, draws, seed, kept())))
    return digest.hexdigest()[:16]


class _Span:
    """What one draw says of some cells between two months' ends, of one world. Floats of whole minor units."""

    def __init__(self, first: Real, last: Real, funding: Real) -> None:
        at = {name: place for place, name in enumerate(MEASURES)}
        self._first, self._last, self._at, self.funding = first, last, at, funding

    def grown(self, name: str) -> float:
        return float(self._last[self._at[name]] - self._first[self._at[name]])

    def stands(self, name: str) -> float:
        return float(self._last[self._at[name]])

    def share(self, part: str, whole: str) -> float:
        return MILLION * self.stands(part) / max(self.stands(whole), 1.0)

    def income(self) -> float:
        return sum(self.grown(name) for name in ("interest", "late_fees", "plan_fees", "credit_fees"))

    def lost_yet(self) -> float:
        """What is so late at the end that it is taken for lost, and was not at the beginning."""
        return self.grown("past_due_90")

    def net(self) -> float:
        loss = self.grown("lost") - self.grown("recovered") + self.lost_yet()
        return self.income() - float(self.funding) - loss


# X: who is more than 90 days late at the end is counted as lost, as the lab counts it.
_MEASURED: tuple[tuple[str, Unit, Callable[[_Span], float]], ...] = (
    ("sales", Unit.FEN, lambda span: span.grown("sales")),
    ("income", Unit.FEN, _Span.income),
    ("interest", Unit.FEN, lambda span: span.grown("interest")),
    ("late_fees", Unit.FEN, lambda span: span.grown("late_fees")),
    ("plan_fees", Unit.FEN, lambda span: span.grown("plan_fees")),
    ("credit_fees", Unit.FEN, lambda span: span.grown("credit_fees")),
    ("funding", Unit.FEN, lambda span: float(span.funding)),
    ("lost", Unit.FEN, lambda span: span.grown("lost")),
    ("recovered", Unit.FEN, lambda span: span.grown("recovered")),
    ("lost_yet", Unit.FEN, _Span.lost_yet),
    ("net", Unit.FEN, _Span.net),
    ("principal", Unit.FEN, lambda span: span.stands("principal")),
    ("past_due_30", Unit.SHARE, lambda span: span.share("past_due_30", "principal")),
    ("past_due_90", Unit.SHARE, lambda span: span.share("past_due_90", "principal")),
    ("limit_use", Unit.SHARE, lambda span: span.share("used", "limit")),
)
MEASURED = tuple(name for name, _, _ in _MEASURED)


class _Sums:
    """The pairs of all programs added up, draw by draw, each lot counting for the whole of its program."""

    def __init__(self, pairs: Sequence[Pair], draws: int) -> None:
        self._pairs, self._draws = pairs, draws
        days = MEASURES.index("principal_days")
        shape = pairs[0].today.shape
        self._worlds = [np.zeros((draws, *shape)), np.zeros((draws, *shape))]
        self._funding = [np.zeros((draws, shape[0], shape[2])), np.zeros((draws, shape[0], shape[2]))]
        for pair in pairs:
            for sums, funding, world in zip(self._worlds, self._funding, (pair.today, pair.changed), strict=True):
                sums[pair.draw] += pair.weight * world
                funding[pair.draw] += pair.weight * world[:, days] * pair.funding_ppm / (MILLION * _DAYS_A_YEAR)

    def compared(self, first: int, last: int, cells: Index) -> tuple[Compared, ...]:
        """Every measure between two months' ends, of some cells."""
        spans = [[self._span(world, draw, first, last, cells) for draw in range(self._draws)] for world in (0, 1)]
        found = []
        for name, unit, measure in _MEASURED:
            today, changed = (np.array([measure(span) for span in of_world]) for of_world in spans)
            found.append(
                Compared(
                    name=name,
                    unit=unit,
                    today=_interval(today),
                    changed=_interval(changed),
                    difference=_interval(changed - today),
                )
            )
        return tuple(found)

    def _span(self, world: int, draw: int, first: int, last: int, cells: Index) -> _Span:
        sums, funding = self._worlds[world][draw], self._funding[world][draw]
        return _Span(
            sums[first][:, cells].sum(axis=1),
            sums[last][:, cells].sum(axis=1),
            (funding[last][cells] - funding[first][cells]).sum(),
        )

    def hurt(self, cells: Index) -> tuple[Hurt, ...]:
        """People, each once, whichever of their lines it is."""
        return tuple(Hurt(name=name, people=_interval(self._people(name, cells))) for name in HURTS)

    def _people(self, name: str, cells: Index) -> Real:
        counts = np.zeros(self._draws)
        seen: defaultdict[int, set[int]] = defaultdict(set)
        for pair in self._pairs:
            people = set(pair.people[name][np.isin(pair.cells[name], cells)].tolist()) - seen[pair.draw]
            seen[pair.draw] |= people
            counts[pair.draw] += pair.weight * len(people)
        return counts

    def groups(self, months: int) -> list[Group]:
        used = len(UTILIZATION_BANDS)
        cells = np.arange(len(SCORE_BANDS) * used)
        return [
            *self._groups("score", SCORE_BANDS, cells // used, months),
            *self._groups("utilization", UTILIZATION_BANDS, cells % used, months),
        ]

    def _groups(self, by: str, bands: Sequence[float], band_of: Index, months: int) -> list[Group]:
        lines = MEASURES.index("lines")
        found = []
        for band, least in enumerate(bands):
            cells = np.flatnonzero(band_of == band)
            found.append(
                Group(
                    by=by,
                    least_ppm=round(least * MILLION),
                    below_ppm=round(bands[band + 1] * MILLION) if band + 1 < len(bands) else None,
                    lines=round(float(self._worlds[0][:, 0, lines][:, cells].sum(axis=1).mean())),
                    measures=self.compared(0, months, cells),
                    hurt=self.hurt(cells),
                )
            )
        return found


def _interval(values: Real) -> Interval:
    """The mean, and the middle nine tenths of the draws, rounded; wide enough to hold the mean."""
    low, high = np.quantile(values, [_LOW, _HIGH])
    mid = round(float(np.mean(values)))
    return Interval(min(round(float(low)), mid), mid, max(round(float(high)), mid))
