"""Our refusals in this protocol's codes.

Translated by name. The sentence keeps the numbers that explain it, Chinese first. What stays unknown to the shop (a
busy row, a fault of ours) is 20000: query, then try again under the same number; everything else is 40004 and final for
this try.
"""

from __future__ import annotations

from typing import Final, Literal

from florin.credit.authorize import CreditLimitExceeded
from florin.events.refusals import Refusal
from florin.money import yuan_text
from florin.wires.alipay.answers import Problem, business

Doing = Literal["order", "refund", "close", "share"]

_CODES: Final = {
    "AmountOutOfRange": "TOTAL_FEE_EXCEED",
    "ExpiryPassed": "NOW_TIME_AFTER_EXPIRE_TIME_ERROR",
    "MerchantFrozen": "SELLER_BEEN_BLOCKED",
    "TradeAlreadyPaid": "TRADE_HAS_SUCCESS",
    "TradeNotOpen": "TRADE_HAS_CLOSE",
    "TradeOfAnotherBuyer": "TRADE_BUYER_NOT_MATCH",
    "TenderNotAccepted": "PAYMENT_FAIL",
    "NotAcceptedHere": "PAYMENT_FAIL",
    "AcceptanceCapExceeded": "PAYMENT_FAIL",
    "AcceptanceMonthCapExceeded": "PAYMENT_FAIL",
    "HeldOut": "PAYMENT_FAIL",
    "PlanNotOffered": "INVALID_PARAMETER",
    "PaidWithItsParent": "PAYMENT_FAIL",
    "NoLine": "BUYER_BALANCE_NOT_ENOUGH",
    "CreditLimitExceeded": "BUYER_BALANCE_NOT_ENOUGH",
    "LimitNotBackYet": "BUYER_BALANCE_NOT_ENOUGH",
    "SubLimitExceeded": "BUYER_BALANCE_NOT_ENOUGH",
    "SharedLimitExceeded": "BUYER_BALANCE_NOT_ENOUGH",
    "WalletTooLow": "BUYER_BALANCE_NOT_ENOUGH",
    "LineNotOpen": "BUYER_ENABLE_STATUS_FORBID",
    "PastDue": "BUYER_ENABLE_STATUS_FORBID",
    "DeclinedOnPurpose": "PAYMENT_FAIL",
    "CaptureExceedsAuthorization": "AUTH_AMOUNT_NOT_ENOUGH",
    "NothingAuthorized": "AUTH_ORDER_HAS_CLOSED",
    "AlreadyCaptured": "TRADE_STATUS_ERROR",
    "ReleaseExceedsAuthorization": "UNFREEZE_AMOUNT_NOT_ENOUGH",
    "NoSuchShare": "ROYALTY_RECEIVER_INVALID",
    "ReturnExceedsShare": "ALLOC_AMOUNT_VALIDATE_ERROR",
    "ReturnExceedsAvailable": "ALLOC_AMOUNT_VALIDATE_ERROR",
    "KeyConflict": "CONTEXT_INCONSISTENT",
    "AlreadyUsed": "PAYMENT_AUTH_CODE_INVALID",
    "NotFound": "TRADE_NOT_EXIST",
    "RefundExceedsPayment": "REFUND_AMT_NOT_EQUAL_TOTAL",
    "RefundOfOtherItems": "INVALID_PARAMETER",
    "RefundAmountNotPositive": "REASON_TRADE_REFUND_FEE_ERR",
    "NothingToRefund": "TRADE_STATUS_ERROR",
    "MerchantBalanceTooLow": "SELLER_BALANCE_NOT_ENOUGH",
    "NotShared": "TRADE_STATUS_ERROR",
    "SharingFinished": "TRADE_STATUS_ERROR",
    "ShareWaits": "REASON_TRADE_BEEN_FREEZEN",
    "NobodyToShareWith": "INVALID_PARAMETER",
    "ShareAmountNotPositive": "INVALID_PARAMETER",
    "ReceiverTwice": "INVALID_PARAMETER",
    "ReceiverUnknown": "ROYALTY_RECEIVER_INVALID",
    "ReceiverIsSelf": "ROYALTY_RECEIVER_INVALID",
    "TooManyReceivers": "INVALID_PARAMETER",
    "SharesExceedFrozen": "ALLOC_AMOUNT_VALIDATE_ERROR",
    "ShareRatioExceeded": "ALLOC_AMOUNT_VALIDATE_ERROR",
}
# The same refusal has another code where another thing was asked for.
_CODES_WHEN: Final[dict[tuple[Doing, str], str]] = {
    ("refund", "KeyConflict"): "DISCORDANT_REPEAT_REQUEST",
    ("share", "KeyConflict"): "DISCORDANT_REPEAT_REQUEST",
    ("close", "TradeAlreadyPaid"): "TRADE_STATUS_ERROR",
    ("close", "TradeNotOpen"): "TRADE_STATUS_ERROR",
}


def problem_of(refusal: Refusal, doing: Doing = "order") -> Problem:
    """The answer to a refused command. doing: what the shop asked for."""
    code = _CODES_WHEN.get((doing, refusal.name)) or _CODES.get(refusal.name)
    if code is None:
        return Problem("20000", "isp.unknow-error", sentence_of(refusal))
    return business(code, sentence_of(refusal))


def sentence_of(refusal: Refusal) -> str:
    """What the shop reads: it is about the buyer where our own sentence speaks to her."""
    if isinstance(refusal, CreditLimitExceeded):
        over = f"{refusal.over_minor // 100:,}.{refusal.over_minor % 100:02d}"
        asked = yuan_text(refusal.requested_minor)
        return f"超出买家可用额度 {over} 元: the payment of {asked} exceeds the buyer's available credit by {over}"
    return f"{refusal.sentence('zh')} {refusal.sentence('en')}"


def unknown_result() -> Problem:
    """20000: whether it was done is not known to the one who is answered. Query, then try again under the same number."""
    return Problem("20000", "isp.unknow-error", "系统繁忙，结果未知: the result is unknown, query before you try again")
