"""Adverse action: why credit was refused, cut or stopped, by a fixed list of reasons that a customer may read.

Whoever worsens a line, or declines to open or raise one, gives a code of the list beside his own words. What the rules refuse
by themselves has the code of its refusal. Each is an event, so the month's record is a question (`florin report
adverse-actions`). The list is ours (X), after what such notices commonly name; a code is never reused.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from florin.events import ChargedOff, ChargedOffByOwner, CreditDeclined, LimitSet, LineClosed, LineClosing, LineFrozen
from florin.events.refusals import Language, Refusal

Action = Literal[
    "line-declined", "uplift-declined", "limit-cut", "frozen", "closing", "closed", "charged-off", "purchase-refused",
    "terms-refused",
]  # fmt: skip
Adverse = LimitSet | LineFrozen | LineClosing | LineClosed | ChargedOff | ChargedOffByOwner | CreditDeclined


class Reason(NamedTuple):
    """What a customer reads."""

    en: str
    zh: str

    def text(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


REASONS: Final[dict[str, Reason]] = {
    "credit-history": Reason("what credit bureaus report of you", "征信记录"),
    "no-history": Reason("too little is known of earlier credit", "信用记录不足"),
    "income": Reason("income too low, or not shown", "收入不足或无法核实"),
    "obligations": Reason("too much owed elsewhere", "其他负债过高"),
    "past-due": Reason("something here is past due", "在本平台有逾期未还"),
    "charged-off": Reason("a debt here was written off", "在本平台有已核销欠款"),
    "usage": Reason("how the account was used", "账户使用情况"),
    "limit-used": Reason("the limit is used up", "可用额度不足"),
    "limit-not-offered": Reason("the amount is outside what is offered", "申请金额不在可提供的范围内"),
    "account-frozen": Reason("the account is stopped for now", "账户暂停使用"),
    "account-closed": Reason("the account is closed or closing", "账户已关闭或正在关闭"),
    "identity": Reason("identity could not be confirmed", "身份信息未能核实"),
    "incomplete": Reason("the application is incomplete", "申请资料不完整"),
    "age-or-place": Reason("not offered at this age or in this place", "年龄或所在地不符合要求"),
    "suspected-misuse": Reason("signs of misuse by somebody", "疑似异常交易"),
    "own-request": Reason("you asked for it", "本人申请"),
    "other": Reason("another reason; ask us, and we tell you", "其他原因，可联系我们了解"),
}

# What the rules refuse by themselves.
_OF_REFUSALS: Final[dict[str, str]] = {
    "CreditLimitExceeded": "limit-used",
    "LimitNotBackYet": "limit-used",
    "SubLimitExceeded": "limit-used",
    "SharedLimitExceeded": "limit-used",
    "PastDue": "past-due",
    "LimitOutOfRange": "limit-not-offered",
    "UpliftOutOfRange": "limit-not-offered",
    "UpliftDaysOutOfRange": "limit-not-offered",
    "TooManyUplifts": "limit-not-offered",
}
_OF_STATES: Final[dict[str, str]] = {
    "frozen": "account-frozen",
    "closing": "account-closed",
    "closed": "account-closed",
    "charged-off": "charged-off",
}
REFUSALS: Final = (*_OF_REFUSALS, "LineNotOpen")


def code_of(event: Adverse) -> str:
    """Why it was done; empty where it worsens nothing. The clock charges off what is past due."""
    return "past-due" if isinstance(event, ChargedOff) else event.code


def reason_of(refusal: Refusal) -> str:
    """The code of a refusal of credit; empty for any other refusal."""
    if refusal.name == "LineNotOpen":
        return _OF_STATES.get(str(refusal.numbers()["state"]), "other")
    return _OF_REFUSALS.get(refusal.name, "")
