"""Settlement terms: when a merchant is paid, and what of his money is kept back meanwhile. Dated data, version by version.

Sales of a day become available when the day is over (T+1), or, with *cut-offs*, at each of them and when the day is over (T+0);
they are paid out at each cut-off, every day, every business day or once a week, from the merchant's minimum on. A *rolling
reserve* keeps a share of what each window brings for a number of days; a *fixed* one stays available as long as the terms say,
and is not paid out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Final, Literal

import msgspec

from florin.events.refusals import Refusal
from florin.money import share_minor

Pays = Literal["cut_off", "daily", "weekly"]
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
RESERVE_DAYS_MAX: Final = 730
# Ours: each is a moment at which every batch under way is waited for.
CUT_OFFS_MAX: Final = 8
MIDNIGHT: Final = 1440


class SettlementTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """In force from `from_on` until another version begins.

    cut_offs: times of the day, the platform's, rising; none: the day is one window. pays: daily is the day after (T+1);
    cut_off is at each cut-off as well. weekday: of weekly payouts, 0 is Monday. business_days: a payout that falls on another
    day waits for the next business day. payout_minor_min: less than this waits. reserve_ppm, reserve_days: the share of what a
    day brings that is kept, and how long. fixed_reserve_minor: what a payout leaves. share_ppm_max: the most of a sale that
    others may share in. freeze_days: what of a shared sale nobody was given by then is the merchant's own again.
    """

    from_on: date
    cut_offs: tuple[time, ...] = ()
    pays: Pays = "daily"
    weekday: int = 0
    business_days: bool = False
    payout_minor_min: int = 0
    reserve_ppm: int = 0
    reserve_days: int = 0
    fixed_reserve_minor: int = 0
    share_ppm_max: int = 300_000  # C: 30 % unless the real one grants more
    freeze_days: int = 180  # U: 180 in older documents, 30 in newer

    @property
    def cut_minutes(self) -> tuple[int, ...]:
        """The cut-offs in minutes after midnight."""
        return tuple(at.hour * 60 + at.minute for at in self.cut_offs)

    def window_from(self, cut: int) -> int:
        """Where the window began that is open after a cut-off, his own or another merchant's; minutes after midnight."""
        return max((minute for minute in self.cut_minutes if minute <= cut), default=0)

    def window_until(self, cut: int) -> int:
        """Where that window ends; `MIDNIGHT` for the day's last."""
        return min((minute for minute in self.cut_minutes if minute > cut), default=MIDNIGHT)

    def reserve_minor(self, brought_minor: int) -> int:
        """What is kept of what a day has brought, rounded half up; nothing of a day below zero."""
        return share_minor(brought_minor, self.reserve_ppm) if brought_minor > 0 else 0

    def payable_minor(self, available_minor: int) -> int:
        """What may be paid out now: what is above the fixed reserve, if it comes to the minimum."""
        above = available_minor - self.fixed_reserve_minor
        return above if above > 0 and above >= self.payout_minor_min else 0


USUAL: Final = SettlementTerms(from_on=date.min)


class SettlementTermsInvalid(Refusal, frozen=True, kw_only=True):
    en = "These settlement terms are not possible: {field} is {value}. {fix}"
    zh = "结算条件无效：{field}为{value}。"

    field: str
    value: str
    fix: str


def refuse_terms(terms: SettlementTerms, *, on: date, in_force: SettlementTerms = USUAL) -> Refusal | None:
    """Why terms cannot be set; None when they can. on: the business date; what has begun is never changed, and of today's
    windows one may be swept already. in_force: the merchant's terms of that day.
    """
    wrong: tuple[str, object, str] | None = None
    if terms.from_on < on:
        wrong = (
            "from_on",
            terms.from_on,
            f"Choose a day from {on} on: what is over was settled by the terms of its day.",
        )
    elif terms.from_on == on and terms.cut_offs != in_force.cut_offs:
        wrong = ("from_on", terms.from_on, f"Cut-off times change from {on + timedelta(days=1)} on at the earliest.")
    elif fix := _cut_offs_wrong(terms):
        wrong = ("cut_offs", ", ".join(f"{at:%H:%M}" for at in terms.cut_offs) or "none", fix)
    elif not 0 <= terms.weekday <= 6:
        wrong = ("weekday", terms.weekday, "0 is Monday, 6 is Sunday.")
    elif not 0 <= terms.reserve_ppm <= 1_000_000:
        wrong = ("reserve_ppm", terms.reserve_ppm, "A share lies between 0 and 1000000 parts per million.")
    elif bool(terms.reserve_ppm) != bool(terms.reserve_days) or not 0 <= terms.reserve_days <= RESERVE_DAYS_MAX:
        wrong = ("reserve_days", terms.reserve_days, f"A rolling reserve has a share and 1 to {RESERVE_DAYS_MAX} days.")
    elif not 0 <= terms.share_ppm_max <= 1_000_000:
        wrong = ("share_ppm_max", terms.share_ppm_max, "A share lies between 0 and 1000000 parts per million.")
    elif not 0 < terms.freeze_days <= RESERVE_DAYS_MAX:
        wrong = ("freeze_days", terms.freeze_days, f"A shared sale is frozen for 1 to {RESERVE_DAYS_MAX} days.")
    elif min(terms.payout_minor_min, terms.fixed_reserve_minor) < 0:
        wrong = ("amounts", min(terms.payout_minor_min, terms.fixed_reserve_minor), "No amount is below zero.")
    if wrong is None:
        return None
    return SettlementTermsInvalid(field=wrong[0], value=str(wrong[1]), fix=wrong[2])


def _cut_offs_wrong(terms: SettlementTerms) -> str:
    minutes = terms.cut_minutes
    if len(minutes) > CUT_OFFS_MAX or any(at.second or at.microsecond or at.tzinfo for at in terms.cut_offs):
        return f"At most {CUT_OFFS_MAX} whole minutes, as in 12:00."
    if any(later <= earlier for earlier, later in zip((0, *minutes), minutes, strict=False)):
        return "They rise, and lie after 00:00: the day's end is a cut-off by itself."
    return "To be paid at each cut-off, name them." if terms.pays == "cut_off" and not minutes else ""


def terms_on(versions: Sequence[SettlementTerms], on: date) -> SettlementTerms:
    """The version in force on a day; before the first one the usual terms. versions: the oldest first."""
    return next((terms for terms in reversed(versions) if terms.from_on <= on), USUAL)


class Calendar(msgspec.Struct, frozen=True):
    """Which days banks work: Monday to Friday, but for the owner's exceptions (False: a holiday, True: a working weekend)."""

    exceptions: Mapping[date, bool] = {}

    def is_open(self, on: date) -> bool:
        return self.exceptions.get(on, on.weekday() < 5)


def pays_out_on(terms: SettlementTerms, on: date, calendar: Calendar) -> bool:
    """Whether a payout is due on a day: its own day, or the first business day after it where the terms want one."""
    if terms.business_days and not calendar.is_open(on):
        return False
    if terms.pays != "weekly":
        return True
    day = on
    while day.weekday() != terms.weekday:
        day -= timedelta(days=1)
        if not terms.business_days or calendar.is_open(day):
            return False
    return True
