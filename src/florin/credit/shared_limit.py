"""A limit that several lines of a person share: programs of one group lend to her together no more than the group's limit.

A program is of its `exposure_group` from its first version on. Of each person and group there is one row, the guard: the sum
of the exposures of her lines in it. Whoever changes the exposure of such a line holds the guard, so two lines that are used at
once wait for each other. A sum above the limit may lawfully come about (a cut limit, a returned repayment); then nothing new is
authorized on any of the lines. The default limit is the terms' (of the program that is bought under); the owner may set another
for a person, with a reason.
"""

from __future__ import annotations

import msgspec

from florin.credit.contradictions import AMOUNT_MINOR_MAX
from florin.credit.terms import Terms
from florin.events import SharedLimitSet
from florin.events.refusals import Refusal
from florin.money.at import At


class SharedExposure(msgspec.Struct, frozen=True, kw_only=True):
    """The guard. exposure: of all her lines in the group, below zero where she is owed more than she uses. limit: the person's
    own; None: the terms'.
    """

    lane: int
    person_id: int
    group: str
    exposure_minor: int = 0
    limit_minor: int | None = None

    def most_minor(self, terms: Terms) -> int:
        """The limit of the group, for a purchase under these terms."""
        return terms.exposure_group_limit_minor if self.limit_minor is None else self.limit_minor


class SetSharedLimit(msgspec.Struct, frozen=True, kw_only=True):
    """limit_minor: the person's own in this group, zero or more; None: the terms' again. reason: for the record, in words."""

    person_id: int
    group: str
    limit_minor: int | None
    reason: str


class SharedLimitExceeded(Refusal, frozen=True, kw_only=True):
    """group: as the terms name it. exposure: what her lines in it use together."""

    en = (
        "This purchase is {over_minor} over what your pay-later lines may come to together: {shared_limit_minor}, of which "
        "{exposure_minor} is in use. Repay on any of them, buy for less, or pay another way."
    )
    zh = (
        "这笔消费超出您各项先享后付的合计额度 {over_minor}：合计额度为 {shared_limit_minor}，已用 {exposure_minor}。"
        "您可以先还任意一项欠款、减少金额，或换一种付款方式。"
    )

    group: str
    requested_minor: int
    shared_limit_minor: int
    exposure_minor: int
    over_minor: int
    line_id: int


class NoSharedLimit(Refusal, frozen=True, kw_only=True):
    en = "This person has no line in the group {group}. Open one first; `exposure_group` in a program's terms names its group."
    zh = "该用户在“{group}”组中没有额度。请先开通；方案条款中的 exposure_group 为组名。"

    group: str
    person_id: int


class SharedLimitOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "A shared limit of {limit_minor} cannot be set. Choose one from zero to {most_minor}."
    zh = "无法设置 {limit_minor} 的合计额度。请选择零至 {most_minor} 之间的额度。"

    limit_minor: int
    most_minor: int


def refuse_shared(guard: SharedExposure, amount_minor: int, line_id: int, terms: Terms) -> SharedLimitExceeded | None:
    """Why so much more may not be reserved on one of the lines that share; None when it may."""
    most_minor = guard.most_minor(terms)
    over_minor = guard.exposure_minor + amount_minor - most_minor
    if over_minor <= 0:
        return None
    return SharedLimitExceeded(
        group=guard.group,
        requested_minor=amount_minor,
        shared_limit_minor=most_minor,
        exposure_minor=guard.exposure_minor,
        over_minor=over_minor,
        line_id=line_id,
    )


def decide(guard: SharedExposure | None, command: SetSharedLimit, at: At) -> tuple[SharedLimitSet] | Refusal:
    if guard is None:
        return NoSharedLimit(group=command.group, person_id=command.person_id)
    if command.limit_minor is not None and not 0 <= command.limit_minor <= AMOUNT_MINOR_MAX:
        return SharedLimitOutOfRange(limit_minor=command.limit_minor, most_minor=AMOUNT_MINOR_MAX)
    return (
        SharedLimitSet(
            value_on=at.on,
            person_id=command.person_id,
            group=command.group,
            limit_minor=command.limit_minor,
            reason=command.reason,
        ),
    )
