"""Our refusals in this protocol's codes.

Translated by name. The sentence keeps the numbers that explain it, Chinese first. What stays unknown to the shop (a busy
row, a fault of ours) is 500 SYSTEM_ERROR: query, then try again under the same number; everything else is final for this
try.
"""

from __future__ import annotations

from typing import Final, Literal

from florin.credit.authorize import CreditLimitExceeded
from florin.events.refusals import Refusal
from florin.money import yuan_text
from florin.wires.wechatpay.answers import Problem

Doing = Literal["order", "refund", "close", "transfer", "share"]

STATUSES: Final = {
    "PARAM_ERROR": 400,
    "INVALID_REQUEST": 400,
    "APPID_MCHID_NOT_MATCH": 400,
    "ORDERPAID": 400,
    "ORDER_CLOSED": 400,
    "AUTH_CODE_INVALID": 400,
    "NO_STATEMENT_EXIST": 400,
    "STATEMENT_CREATING": 400,
    "SIGN_ERROR": 401,
    "NO_AUTH": 403,
    "OUT_TRADE_NO_USED": 403,
    "NOT_ENOUGH": 403,
    "TRADE_ERROR": 403,
    "ACCOUNT_ERROR": 403,
    "RULE_LIMIT": 403,
    "ORDER_NOT_EXIST": 404,
    "RESOURCE_NOT_EXISTS": 404,
    "SYSTEM_ERROR": 500,
}
_CODES: Final = {
    "AmountOutOfRange": "PARAM_ERROR",
    "ExpiryPassed": "PARAM_ERROR",
    "MerchantFrozen": "RULE_LIMIT",
    "TradeAlreadyPaid": "ORDERPAID",
    "TradeNotOpen": "ORDER_CLOSED",
    "TradeOfAnotherBuyer": "TRADE_ERROR",
    "TenderNotAccepted": "TRADE_ERROR",
    "PlanNotOffered": "PARAM_ERROR",
    "NoLine": "NOT_ENOUGH",
    "CreditLimitExceeded": "NOT_ENOUGH",
    "LimitNotBackYet": "NOT_ENOUGH",
    "SubLimitExceeded": "NOT_ENOUGH",
    "SharedLimitExceeded": "NOT_ENOUGH",
    "WalletTooLow": "NOT_ENOUGH",
    "LineNotOpen": "ACCOUNT_ERROR",
    "PastDue": "ACCOUNT_ERROR",
    "DeclinedOnPurpose": "TRADE_ERROR",
    "PaidWithItsParent": "TRADE_ERROR",
    "NotAcceptedHere": "TRADE_ERROR",
    "AcceptanceCapExceeded": "RULE_LIMIT",
    "AcceptanceMonthCapExceeded": "RULE_LIMIT",
    "HeldOut": "TRADE_ERROR",
    "SellerOfAnother": "NO_AUTH",
    "OrdersOutOfRange": "PARAM_ERROR",
    "NotAnOrderOfThisParent": "INVALID_REQUEST",
    "KeyConflict": "OUT_TRADE_NO_USED",
    "AlreadyUsed": "AUTH_CODE_INVALID",
    "NotFound": "ORDER_NOT_EXIST",
    "RefundExceedsPayment": "INVALID_REQUEST",
    "RefundAmountNotPositive": "PARAM_ERROR",
    "NothingToRefund": "INVALID_REQUEST",
    "MerchantBalanceTooLow": "NOT_ENOUGH",
    "TransferExceedsAvailable": "NOT_ENOUGH",
    "PayoutsStopped": "RULE_LIMIT",
    "AmountNotPositive": "PARAM_ERROR",
    "NotShared": "INVALID_REQUEST",
    "SharingFinished": "INVALID_REQUEST",
    "ShareWaits": "INVALID_REQUEST",
    "NobodyToShareWith": "PARAM_ERROR",
    "ShareAmountNotPositive": "PARAM_ERROR",
    "ReceiverTwice": "PARAM_ERROR",
    "ReceiverUnknown": "RULE_LIMIT",
    "ReceiverIsSelf": "INVALID_REQUEST",
    "TooManyReceivers": "RULE_LIMIT",
    "SharesExceedFrozen": "NOT_ENOUGH",
    "ShareRatioExceeded": "RULE_LIMIT",
    "NoSuchShare": "INVALID_REQUEST",
    "ReturnExceedsShare": "INVALID_REQUEST",
    "ReturnExceedsAvailable": "NOT_ENOUGH",
}
# The same refusal has another code where another thing was asked for.
_CODES_WHEN: Final[dict[tuple[Doing, str], str]] = {
    ("refund", "KeyConflict"): "INVALID_REQUEST",
    ("refund", "NotFound"): "RESOURCE_NOT_EXISTS",
    ("transfer", "KeyConflict"): "INVALID_REQUEST",
    ("share", "KeyConflict"): "INVALID_REQUEST",
    ("share", "NotFound"): "RESOURCE_NOT_EXISTS",
}


def problem_of(refusal: Refusal, doing: Doing = "order") -> Problem:
    """The answer to a refused command. doing: what the shop asked for."""
    code = _CODES_WHEN.get((doing, refusal.name)) or _CODES.get(refusal.name)
    return business(code or "SYSTEM_ERROR", sentence_of(refusal))


def business(code: str, message: str) -> Problem:
    """A refusal by its code, with the status that goes with it."""
    return Problem(STATUSES[code], code, message)


def sentence_of(refusal: Refusal) -> str:
    """What the shop reads: it is about the buyer where our own sentence speaks to her."""
    if isinstance(refusal, CreditLimitExceeded):
        over, asked = yuan_text(refusal.over_minor), yuan_text(refusal.requested_minor)
        return f"超出买家可用额度 {over} 元：the payment of {asked} exceeds the buyer's available credit by {over}"
    return f"{refusal.sentence('zh')} {refusal.sentence('en')}"


def unknown_result() -> Problem:
    """500: whether it was done is not known to the one who is answered. Query, then try again under the same number."""
    return business("SYSTEM_ERROR", "系统繁忙，结果未知：the result is unknown, query before you try again")
