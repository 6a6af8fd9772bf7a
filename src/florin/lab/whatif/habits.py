"""Habits: what each person of a book is like, from how he has lived, and from the lab's draws where that cannot be seen.

Seen is what he buys on credit a month, where, for how much and in how many installments; how many of his bills he carried over
and how many he missed; how much of his limit he uses. Shares of few bills are drawn toward the whole book's by as many bills as
`_BILLS_OF_DOUBT`. Not seen is what else he buys, which day he is paid, and what a later cost weighs: these are drawn by his
line's number alone, as the lab draws people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from florin.lab.arrays import Bits, Index, Minor, Real, Whole
from florin.lab.draws import Purpose, bits, key, uniform
from florin.lab.parameters import Parameters
from florin.lab.people import PAY_DAYS
from florin.lab.whatif.live import Portfolio

# X: a line's shares of bills carried and missed are taken for its own as far as it has more bills than these.
_BILLS_OF_DOUBT = 4.0
# X: of a book without bills, the share that is missed.
_MISSED_OF_NO_BILLS = 0.02
# X: of all that somebody buys where he could pay with credit, the share that he does pay with it.
_CREDIT_SHARE_LEAST, _CREDIT_SHARE_MOST = 0.2, 0.8
_PAID_ON_SHARES = (0.2, 0.3, 0.25, 0.1, 0.15)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How lines stand on the day of the book, whatever is drawn. score: the share of bills that will be met in time, 0 to 1, as
    far as the history says; utilization: of the limit, a share; 0 where there is none.
    """

    score: Real
    utilization: Real
    days_past_due: Whole
    limit_minor: Minor

    def of(self, lines: Index) -> Standing:
        """That of some lines, in this order."""
        return Standing(**{name: getattr(self, name)[lines] for name in self.__dataclass_fields__})


@dataclass(frozen=True, kw_only=True)
class Habits:
    """One line's people, by place. needs: a month, whatever they are paid with. money_minor: a month's. beta: what a later cost
    weighs. missed, revolving: the chance of a bill. share: of needs that are paid with credit under today's terms.
    """

    ids: Bits
    needs: Real
    share: Real
    money_minor: Minor
    usual_minor: Minor
    pay_day: Whole
    beta: Real
    missed: Real
    revolving: Real


def standing(portfolio: Portfolio, on: int) -> Standing:
    """on: the ordinal of the book's day."""
    history = portfolio.history
    limits = np.array([line.limit_minor for line in portfolio.lines], np.int64)
    used = np.array([line.exposure_minor for line in portfolio.lines], np.int64)
    since = np.array(
        [0 if line.past_due_on is None else on - line.past_due_on.toordinal() for line in portfolio.lines], np.int64
    )
    missed = _shares(history.missed, history.bills, mean_missed(portfolio))
    return Standing(
        score=1.0 - missed,
        utilization=np.where(limits > 0, np.maximum(used, 0) / np.maximum(limits, 1), 0.0),
        days_past_due=np.maximum(since, 0),
        limit_minor=limits,
    )


def habits(portfolio: Portfolio, parameters: Parameters, seed: int, *, missed_mean: float) -> Habits:
    """As one draw of the parameters has these people. missed_mean: of the whole book's bills, the share that was missed."""
    history = portfolio.history
    ids = np.array([line.id for line in portfolio.lines], np.uint64)

    def drawn(purpose: Purpose) -> Real:
        return uniform(bits(key(seed, purpose), ids))

    share = _CREDIT_SHARE_LEAST + (_CREDIT_SHARE_MOST - _CREDIT_SHARE_LEAST) * drawn(Purpose.CREDIT_SHARE)
    bought = np.concatenate([[0], np.cumsum(history.amount_minor)])
    of_credit = np.diff(bought[history.starts]) / history.months
    repaid = history.repaid_minor / history.months
    principal = np.array([line.principal_minor for line in portfolio.lines], np.int64)
    money = np.maximum(np.maximum(of_credit / share, repaid), 1.0)
    # Who has bought and repaid nothing yet has a month's money of what he owes.
    money = np.where(money > 1.0, money, np.maximum(principal, 1))
    distance = -np.log(drawn(Purpose.PRESENT_BIAS)) * (1.0 - parameters.present_bias)
    missed = _shares(history.missed, history.bills, missed_mean)
    carried = np.maximum(history.carried - history.missed, 0)
    return Habits(
        ids=ids,
        needs=history.purchases / history.months / share,
        share=share,
        money_minor=np.rint(money).astype(np.int64),
        usual_minor=principal,
        pay_day=np.array(PAY_DAYS)[np.searchsorted(np.cumsum(_PAID_ON_SHARES)[:-1], drawn(Purpose.PAY_DAY))],
        beta=np.maximum(1.0 - distance, 0.5),
        missed=missed,
        revolving=_shares(carried, history.bills, parameters.revolving),
    )


def mean_missed(portfolio: Portfolio) -> float:
    """Of all bills of a book, the share whose minimum was missed."""
    bills = int(portfolio.history.bills.sum())
    missed = int(portfolio.history.missed.sum())
    return (missed + _MISSED_OF_NO_BILLS * _BILLS_OF_DOUBT) / (bills + _BILLS_OF_DOUBT)


def _shares(hits: Whole, of: Whole, mean: float) -> Real:
    """Each line's share, as far as it has more to say than `_BILLS_OF_DOUBT` bills of the mean."""
    return np.asarray(np.clip((hits + _BILLS_OF_DOUBT * mean) / (of + _BILLS_OF_DOUBT), 0.0, 1.0))
