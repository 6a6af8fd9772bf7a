"""Holdout: a share of persons or of shops does without credit for a while, so that what credit brings can be measured.

Who is held out is a pure function of a secret salt of the experiment and the person's (or the shop's) number: nothing is
stored, nobody can be moved, and two experiments hold out different people. While it lasts the held-out are not offered credit,
or a part of their limit is cut; the arm of each stands on the checkout's event, so the owner compares the two afterward.
"""

from __future__ import annotations

from datetime import date
from hashlib import blake2b

import msgspec

from florin.credit.line import Line
from florin.events.market import Arm, ExperimentUnit
from florin.events.refusals import Language, Refusal, full_date
from florin.money.amounts import MILLION
from florin.money.at import At

_HASH_BITS = 64


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment, on the days from opens_on and no more from closes_on.

    unit: what is drawn by lot. share: how many of them are held out. limit_cut: what the held-out lack of their limits, all of
    it when MILLION: they are offered no credit. programs: which it is about; empty: all. salt: kept secret, or one could
    choose a number that is not held out. number: in the order of their start.
    """

    name: str
    unit: ExperimentUnit
    share_ppm: int
    limit_cut_ppm: int = MILLION
    programs: tuple[str, ...] = ()
    opens_on: date
    closes_on: date
    salt: bytes
    number: int = 0

    def concerns(self, program: str, on: date) -> bool:
        return self.opens_on <= on < self.closes_on and (not self.programs or program in self.programs)

    def arm_of(self, person_id: int, merchant_id: int) -> Arm:
        """The arm of a person at a shop; always the same one."""
        drawn = merchant_id if self.unit == "merchant" else person_id
        return "held_out" if is_held_out(self.salt, drawn, self.share_ppm) else "offered"

    def room_minor(self, line: Line, on: date) -> int:
        """What may still be used of a limit that is cut; the limit that is left is rounded down. Below zero: more is in use."""
        left_ppm = MILLION - self.limit_cut_ppm
        return line.limit_minor_on(on) * left_ppm // MILLION - line.exposure_minor


class HeldOut(Refusal, frozen=True, kw_only=True):
    """Not offered at all, or less of it; left: what may be paid with it now."""

    en = (
        "Until {until_on} we measure what pay later really brings: a few {units}, chosen by lot, do not get {all_or_part}. "
        "It says nothing about you. Please pay another way."
    )
    zh = (
        "我们正在评估先享后付的实际作用：{until_on}之前，对随机抽取的少量{units}暂不提供{all_or_part}。"
        "这与您的信用无关，请换一种付款方式。"
    )

    experiment: str
    unit: ExperimentUnit
    requested_minor: int
    left_minor: int
    until_on: date
    line_id: int
    merchant_id: int = 0
    trade_id: int = 0

    def shown(self, language: Language) -> dict[str, str]:
        words = _WORDS[language]
        part = words["part"] if self.left_minor else words["all"]
        return {
            **super().shown(language),
            "units": words[self.unit],
            "all_or_part": part,
            "until_on": full_date(self.until_on, language),
        }


def is_held_out(salt: bytes, number: int, share_ppm: int) -> bool:
    """Whether the lot falls on a number: a keyed hash below the share of its range, compared exactly."""
    digest = blake2b(number.to_bytes(8, "big"), key=salt, digest_size=_HASH_BITS // 8).digest()
    return int.from_bytes(digest, "big") * MILLION < share_ppm << _HASH_BITS


def refuse_held_out(
    experiment: Experiment | None,
    line: Line,
    amount_minor: int,
    at: At,
    *,
    merchant_id: int,
    trade_id: int = 0,
) -> HeldOut | None:
    """experiment: the one that concerns this line here, if there is one."""
    if experiment is None or experiment.arm_of(line.person_id, merchant_id) != "held_out":
        return None
    room_minor = max(0, experiment.room_minor(line, at.on))
    if amount_minor <= room_minor:
        return None
    return HeldOut(
        experiment=experiment.name,
        unit=experiment.unit,
        requested_minor=amount_minor,
        left_minor=room_minor,
        until_on=experiment.closes_on,
        line_id=line.id,
        merchant_id=merchant_id,
        trade_id=trade_id,
    )


_WORDS: dict[Language, dict[str, str]] = {
    "en": {"person": "shoppers", "merchant": "shops", "all": "it", "part": "all of a limit"},
    "zh": {"person": "用户", "merchant": "商户", "all": "该服务", "part": "全部额度"},
}
