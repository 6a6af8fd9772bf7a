"""Statements: what is left of the bills of many people, as one block of integers.

A block has the shape (place, field, person): place 0 is a person's oldest open statement. A place that nobody uses is all
zeros, so that nothing is owed, missed or borne there. The rules are those of `florin.credit.interest`, `allocation` and
`items`, name by name; each changes the block in place.
"""

from __future__ import annotations

import numpy as np

from florin.credit.terms import Terms, Waterfall
from florin.lab.arrays import Flags, Minor, Whole
from florin.lab.book.tables import Tables

_ALWAYS = (
    "closes", "due", "through", "unmet", "principal", "fee", "interest", "borne", "posted", "past_due", "in_full", "contingent",
)  # fmt: skip
_PENALTIES = ("penalties", "penalty_posted")
_LATE_CHARGES = ("image", "late_charged", "late_charges")
_EITHER = ("penalty", "late")
BUCKETS = ("principal", "fee", "interest", "penalty")


def fields_of(tables: Tables) -> tuple[str, ...]:
    """What a program's statements need to remember."""
    fields = [*_ALWAYS]
    fields += _PENALTIES if tables.bears_penalty else ()
    fields += _LATE_CHARGES if tables.charges_late else ()
    fields += _EITHER if tables.bears_penalty or tables.charges_late else ()
    return tuple(fields)


class Statements:
    """Each field has the shape (place, person). Days are ordinals; past_due, late, in_full and contingent are 0 or 1.

    unmet: the minimum less what counted, which may be below zero. borne, penalties: in `Tables.scale`ths of a minor unit,
    through the day `through`. The rest is as in `florin.credit.items.Statement`.
    """

    closes: Whole
    due: Whole
    through: Whole
    image: Minor
    unmet: Minor
    principal: Minor
    fee: Minor
    interest: Minor
    penalty: Minor
    borne: Whole
    posted: Minor
    penalties: Whole
    penalty_posted: Minor
    late_charged: Minor
    late_charges: Whole
    past_due: Whole
    late: Whole
    in_full: Whole
    contingent: Whole

    def __init__(self, cells: Whole, fields: tuple[str, ...]) -> None:
        """fields: those of the block, in its order (`fields_of`); the others are zero for good."""
        self.cells = cells
        self.fields = fields
        for number, field in enumerate(fields):
            setattr(self, field, cells[:, number])
        for field in (*_EITHER, *_PENALTIES, *_LATE_CHARGES):
            if field not in fields:
                setattr(self, field, np.zeros((cells.shape[0], cells.shape[2]), np.int64))

    def left(self, bucket: str) -> Minor:
        """What is left of one kind of debt."""
        found: Minor = getattr(self, bucket)
        return found

    @property
    def issued(self) -> Flags:
        """Which places hold a statement."""
        return np.asarray(self.closes > 0)

    def remaining(self) -> Minor:
        """What is left to pay of each."""
        return np.asarray(self.principal + self.fee + self.interest + self.penalty)

    def missed(self) -> Minor:
        """How much of each minimum is unmet: never more than what remains of it and of the older ones."""
        remaining = np.where(self.in_full != 0, 0, self.remaining())
        return np.asarray(np.minimum(np.maximum(self.unmet, 0), np.cumsum(remaining, axis=0)))

    def first_past_due(self) -> Whole:
        """The due day of each person's oldest statement whose minimum is unmet; 0: none."""
        if self.past_due.shape[0] == 0:
            return np.zeros(self.past_due.shape[1], np.int64)
        place = self.past_due.argmax(axis=0)
        return np.asarray(np.take_along_axis(self.due * self.past_due, place[None], axis=0)[0])

    # ── interest ──────────────────────────────────────────────────────────────────────────────────────────────────

    def accrue(self, on: int, tables: Tables) -> None:
        """Bring interest and penalties to the beginning of `on`, nothing posted."""
        behind = (self.through < on) & self.issued
        if not behind.any():
            return
        borne = self._bearing(tables) * tables.interest_over(self.closes, self.through, on)
        self.borne += np.where(behind, borne, 0)
        if tables.bears_penalty:
            since = np.maximum(self.through, self.due)
            borne = self._penalized(tables) * tables.penalty_over(self.closes, since, on)
            self.penalties += np.where(behind & (on > self.due), borne, 0)
        self.through[behind] = on

    def unposted(self, tables: Tables) -> Minor:
        """What posting its interest now would post."""
        waits = (self.contingent != 0) & (self.through <= self.grace_ends(tables))
        owed = np.where(waits, 0, self.borne)
        return tables.rounded(owed, self.closes) - self.posted

    def unposted_penalty(self, tables: Tables) -> Minor:
        """What posting its daily penalty now would post; nothing unless it fell past due."""
        if not tables.bears_penalty:
            return -self.penalty_posted
        return tables.rounded(self.penalties * self.late, self.closes) - self.penalty_posted

    def grace_ends(self, tables: Tables) -> Whole:
        """The last day on which paying each in full is in time."""
        return self.due + tables.term("grace_days", self.closes)

    def _bearing(self, tables: Tables) -> Minor:
        base = np.zeros_like(self.principal)
        for kinds, where in tables.cases("interest_on", self.closes):
            found = sum((self.left(kind) for kind in kinds if kind in BUCKETS), start=np.zeros_like(base))
            base = found if where is True else np.where(where, found, base)
        return base * (1 - self.in_full * self.contingent)

    def _penalized(self, tables: Tables) -> Minor:
        base = np.zeros_like(self.principal)
        for penalty_on, where in tables.cases("penalty_on", self.closes):
            if penalty_on == "missed":
                found = np.minimum(self.missed(), self.remaining())
            else:
                found = self.principal + (self.fee if penalty_on == "principal_and_fee" else 0)
            base = found if where is True else np.where(where, found, base)
        for rate, where in tables.cases("penalty_daily_rate", self.closes):
            if not rate:
                base = np.where(where, 0, base)
        return base * (1 - self.in_full)

    # ── clearing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def clear(self, amounts: Minor, regime: Waterfall) -> dict[str, Minor]:
        """Take as much as the amounts reach, in the order of the regime; `amounts` keeps what is left over.

        Returns what was taken of each kind. It does not count toward any minimum yet.
        """
        taken = {bucket: np.zeros_like(amounts) for bucket in BUCKETS}
        order = [bucket for bucket in regime.order if bucket in BUCKETS]
        places = range(self.cells.shape[0])
        debts = [(place, bucket) for place in places for bucket in order]
        if regime.by == "bucket":
            debts = [(place, bucket) for bucket in order for place in places]
        for place, bucket in debts:
            left = self.left(bucket)[place]
            part = np.minimum(left, amounts)
            left -= part
            amounts -= part
            taken[bucket] += part
        return taken

    def count(self, minor: Minor) -> None:
        """What was paid of bills counts toward the minimum of every open statement."""
        self.unmet -= minor * self.issued

    def met(self, tables: Tables) -> Flags:
        """Which statements that were past due have their minimum met by now; they are current again."""
        met = self.missed() <= tables.term("minimum_tolerance_minor", self.closes)
        cured: Flags = (self.past_due != 0) & met
        self.past_due[cured] = 0
        return cured

    def mark_in_full(self, on: int, tables: Tables, among: Flags | bool = True) -> None:
        """Statements whose rest is within the tolerance in time are paid in full: they bear no interest."""
        tolerance = tables.term("full_payment_tolerance_minor", self.closes)
        paid = self.issued & (on <= self.grace_ends(tables)) & (self.remaining() <= tolerance) & among
        self.in_full[paid] = 1
        self.borne[paid & (self.contingent != 0)] = 0

    # ── places ────────────────────────────────────────────────────────────────────────────────────────────────────

    def settled(self, tables: Tables) -> Flags:
        """Statements on which, and before which, nothing is left to pay and no interest left to bill."""
        owed = self.remaining() > 0
        open_before = (np.cumsum(owed, axis=0) - owed) > 0
        unbilled = self.unposted(tables) + self.unposted_penalty(tables)
        return np.asarray(self.issued & ~(owed | open_before | (unbilled != 0)))

    def drop(self, gone: Flags) -> None:
        """Empty those places and close the ranks."""
        if not gone.any():
            return
        places = self.cells.shape[0]
        if places == 1:
            self.cells[0] *= ~gone[0]
            return
        kept = self.issued & ~gone
        to_place = np.cumsum(kept, axis=0) - 1
        for place in range(places):
            moves = np.flatnonzero(kept[place] & (to_place[place] != place))
            if moves.size:
                self.cells[to_place[place, moves], :, moves] = self.cells[place][:, moves].T
        beyond = np.arange(places)[:, None] >= kept.sum(axis=0)
        self.cells *= ~beyond[:, None, :]

    def open(self) -> Whole:
        """How many statements each person has open."""
        return np.asarray(self.issued.sum(axis=0))


def lost_grace(statements: Statements, revolved: Flags, on: int, tables: Tables) -> Flags:
    """Whether, since the last close, not all that was billed was paid in full in time."""
    if not tables.loses_grace or statements.cells.shape[0] == 0:
        return revolved
    newest = np.maximum(statements.open() - 1, 0)[None]
    closes = np.take_along_axis(statements.closes, newest, axis=0)
    ends = np.take_along_axis(statements.grace_ends(tables), newest, axis=0)
    loses = (closes > 0) & (np.asarray(tables.term("grace_lost_for", closes)) > 0) & (on > ends)
    unpaid = ((statements.remaining() > 0) & (statements.in_full == 0)).any(axis=0)
    return np.asarray(revolved | (loses[0] & unpaid))


def grace_kept(revolved: Flags, grace_lost: Whole, terms: Terms) -> Flags:
    """Whether this cycle's purchases bear no interest if their statement is paid in full in time.

    revolved: as `lost_grace` says for the day whose terms these are.
    """
    if terms.interest_free == "never":
        return np.zeros(revolved.shape, np.bool_)
    if terms.grace_lost_for == 0:
        return np.ones(revolved.shape, np.bool_)
    return ~((grace_lost > 0) | revolved)
