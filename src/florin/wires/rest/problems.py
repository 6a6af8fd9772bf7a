"""Problems: how this wire says no, as RFC 9457 `application/problem+json`.

A problem has a stable type (a path that explains it), a title, a status, a sentence in the reader's language, and
`code`: the refusal's own name, with the `numbers` that explain it. A request that cannot be understood names each field
and its fix.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from florin.credit.adverse import reason_of
from florin.events.refusals import REFUSALS, Language, Refusal

CONTENT_TYPE: Final = b"application/problem+json"
RETRY_AFTER_S: Final = 1

# What each refusal of ours is in HTTP. 402: the payment is refused, another way to pay may work. 409: not in this
# state, or a key used for something else. 410: too late. 422: never right. 423: frozen. 503: try again.
STATUS: Final[dict[str, int]] = {
    # the payment is refused
    "CreditLimitExceeded": 402,
    "LimitNotBackYet": 402,
    "SubLimitExceeded": 402,
    "SharedLimitExceeded": 402,
    "PastDue": 402,
    "NoLine": 402,
    "WalletTooLow": 402,
    "TenderNotAccepted": 402,
    "NotAcceptedHere": 402,
    "AcceptanceCapExceeded": 402,
    "AcceptanceMonthCapExceeded": 402,
    "HeldOut": 402,
    "PlanNotOffered": 402,
    "AgreementNotActive": 402,
    "AgreementLimitExceeded": 402,
    "WalletTooLowForFee": 402,
    # not this one's to do
    "NotYourPayment": 403,
    "TradeOfAnotherBuyer": 403,
    "SellerOfAnother": 403,
    "NotFound": 404,
    "NoSuchEcosystem": 404,
    "NoSuchExperiment": 404,
    "NoSuchRefund": 404,
    "NoSuchShare": 404,
    "NoSuchRequest": 404,
    "NoSuchClaimBuyer": 404,
    "FeePlanUnknown": 404,
    "FeePlanInForce": 409,
    "MerchantNameInUse": 409,
    # not in this state
    "KeyConflict": 409,
    "ExperimentRuns": 409,
    "AcceptanceHistoryDiffers": 409,
    "NothingNew": 409,
    "AlreadyUsed": 409,
    "TradeAlreadyPaid": 409,
    "NothingAuthorized": 409,
    "AlreadyCaptured": 409,
    "CaptureExceedsAuthorization": 409,
    "NothingToReceive": 409,
    "NothingToRefund": 409,
    "RefundExceedsPayment": 409,
    "MerchantBalanceTooLow": 409,
    "NothingToPayOut": 409,
    "PayoutAnswered": 409,
    "AnswerDoesNotFit": 409,
    "NothingOwed": 409,
    "RepaymentAboveOwed": 409,
    "NoSuchRepayment": 409,
    "NoRepaymentHeld": 409,
    "HasLineAlready": 409,
    "PartnerHasAgreement": 409,
    "FundingNotOpen": 409,
    "BreakNotOpen": 409,
    "BreakIsNoCharge": 409,
    "TooManyEndpoints": 409,
    "NoSuchEndpoint": 404,
    "NoPayoutsThatDay": 404,
    "TopicUnknown": 422,
    "ReceiptNotOpen": 409,
    "SenderUnknown": 409,
    "ReasonMissing": 422,
    "LineIsClosed": 409,
    "TooManyUplifts": 409,
    "NoSharedLimit": 409,
    "LineClosesAlready": 409,
    "LineIsChargedOff": 409,
    "NothingToChargeOff": 409,
    "NoClaimToSell": 409,
    "RefundReversedAlready": 409,
    "RefundNotReversible": 409,
    "SoldToSomebodyElse": 409,
    "ClaimIsSold": 409,
    "CostRefused": 409,
    "NoOpenCase": 409,
    "OutsideContactHours": 409,
    "ContactedTooOften": 409,
    "CollectionIsPaused": 409,
    "NotPaused": 409,
    "LineAlreadyFrozen": 409,
    "LineNotFrozen": 409,
    "StillOwed": 409,
    "StillReserved": 409,
    "StillUncleared": 409,
    "StillOwedToCustomer": 409,
    "NoPlanToPayOff": 409,
    "PlanPayoffChanged": 409,
    "ArrearsFirst": 409,
    "ConversionNotOffered": 409,
    "NothingToConvert": 409,
    "CampaignBudgetSpent": 409,
    "CampaignNotRunning": 409,
    "CouponChanged": 409,
    "CouponUsedUp": 409,
    "SubsidyNotForThisPlan": 409,
    "SubsidyChanged": 409,
    "SubsidyCapSpent": 409,
    "RecallExceedsBudget": 409,
    "CampaignAlreadyClosed": 409,
    "NotTheStatesCampaign": 409,
    "AlreadyConverted": 409,
    "ConversionWindowOver": 409,
    "ConversionAboveShare": 409,
    "ReAgeNotOffered": 409,
    "NothingPastDue": 409,
    "ReAgeTooOften": 409,
    "ReAgeTooLittlePaid": 409,
    "NothingToPlan": 409,
    "HardshipRuns": 409,
    "NoHardshipPlan": 409,
    "NoCycleToMove": 409,
    "CycleDayUnchanged": 409,
    "CycleMovedAlready": 409,
    "CycleMoveWhilePastDue": 409,
    "NoDrift": 409,
    "RequestOpen": 409,
    "RequestNotThere": 409,
    "TooManyRequests": 409,
    "TooLateToAsk": 409,
    "TooLate": 409,
    "ItemsNotLeft": 409,
    "ExtendedAlready": 409,
    "ClockNotDue": 409,
    "NotOverYet": 409,
    "PaidWithItsParent": 409,
    "GuardRefused": 409,
    "GroupRefused": 409,
    "ApplicantBlocked": 409,
    "ApplicationState": 409,
    "ChecksFailed": 409,
    "MerchantOwesNothing": 409,
    "NothingToReserve": 409,
    "PayoutSumChanged": 409,
    "PayoutsHeldAlready": 409,
    "PayoutsNotHeld": 409,
    "PayoutsStopped": 409,
    "ReserveReleasedAlready": 409,
    "TerminalClosed": 409,
    "TransferExceedsAvailable": 409,
    "NotShared": 409,
    "ReceiverUnknown": 409,
    "ReleaseExceedsAuthorization": 409,
    "ReturnExceedsAvailable": 409,
    "ReturnExceedsShare": 409,
    "ShareRatioExceeded": 409,
    "ShareWaits": 409,
    "SharesExceedFrozen": 409,
    "SharingFinished": 409,
    "TooManyReceivers": 409,
    "WithdrawalFeeChanged": 409,
    "TradeNotOpen": 410,
    # never right
    "AmountOutOfRange": 422,
    "AmountNotPositive": 422,
    "RefundAmountNotPositive": 422,
    "NobodyToShareWith": 422,
    "ReceiverIsSelf": 422,
    "ReceiverTwice": 422,
    "ShareAmountNotPositive": 422,
    "FeesBeginInThePast": 422,
    "RefundOfOtherItems": 422,
    "LinesDoNotAddUp": 422,
    "OrderLineImpossible": 422,
    "OrdersOutOfRange": 422,
    "NotAnOrderOfThisParent": 422,
    "RequestReasonUnknown": 422,
    "NoteTooLong": 422,
    "NoReturnFee": 422,
    "ReturnFeeTooHigh": 422,
    "TrackingMissing": 422,
    "NothingShown": 422,
    "EvidenceRefused": 422,
    "DecisionOutOfRange": 422,
    "ExpiryPassed": 422,
    "TendersDoNotAddUp": 422,
    "CampaignTermsInvalid": 422,
    "AcceptanceIsPast": 422,
    "EcosystemContradicts": 422,
    "ExperimentTermsInvalid": 422,
    "BudgetAmountOutOfRange": 422,
    "CouponNotForThisOrder": 422,
    "LimitOutOfRange": 422,
    "ShareOutOfRange": 422,
    "OwnShareTooSmall": 422,
    "CapNotPositive": 422,
    "BuyerPaymentNotPositive": 422,
    "FundsNoProgram": 422,
    "FundingDatesImpossible": 422,
    "ValueDateImpossible": 422,
    "WalletNotBackdated": 422,
    "RefundDateImpossible": 422,
    "UpliftOutOfRange": 422,
    "SharedLimitOutOfRange": 422,
    "SourceRepeated": 422,
    "UpliftDaysOutOfRange": 422,
    "CycleDayOutOfRange": 422,
    "PromiseRefused": 422,
    "PauseOutOfRange": 422,
    "SalePriceOutOfRange": 422,
    "ReasonUnknown": 422,
    "LineOfAnother": 422,
    "ReversalDateImpossible": 422,
    "CountNotOffered": 422,
    "HardshipNotOffered": 422,
    "ConversionTooSmall": 422,
    "AddressInvalid": 422,
    "AddressCarriesCredentials": 422,
    "HostUnknown": 422,
    "AddressNotPublic": 422,
    "ApplicationIncomplete": 422,
    "InvoiceDueTooSoon": 422,
    "PaysBackMoreThanOwed": 422,
    "SettlementTermsInvalid": 422,
    # frozen
    "LineNotOpen": 423,
    "MerchantFrozen": 423,
    # our own fault, and later
    "EngineFault": 500,
    "Busy": 503,
}
_STATUS_OF_OTHERS = 409


class FieldError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field that cannot stay as it is. field: as in `items[3].amount_minor`; fix: what to send instead."""

    field: str
    message: str
    fix: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every answer that is not a success. principal_reason: of a refusal of credit, its code
    (docs/reference/adverse-actions.md).
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str = ""
    principal_reason: str = ""
    numbers: dict[str, Any] | None = None
    errors: tuple[FieldError, ...] = ()


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """A reason of the wire itself. en, zh: what is wrong, then what to do."""

    status: int
    en: str
    zh: str


TROUBLES: Final[dict[str, Trouble]] = {
    "KeyMissing": Trouble(
        status=401,
        en="Send your API key as `Authorization: Bearer flk_live_…`.",
        zh="请以`Authorization: Bearer flk_live_…`的形式发送API密钥。",
    ),
    "KeyUnknown": Trouble(
        status=401,
        en="This API key is unknown or was revoked. Use a current one.",
        zh="该API密钥不存在或已吊销，请使用有效的密钥。",
    ),
    "ScopeWrong": Trouble(
        status=403,
        en="This API key may not do this: it is a {held} key, and this needs a {needed} key.",
        zh="该API密钥无权执行此操作：密钥类型为{held}，需要{needed}。",
    ),
    "AppClosed": Trouble(
        status=403,
        en="The app of this API key is closed. Ask the platform to open it again.",
        zh="该API密钥所属应用已关闭，请联系平台重新开通。",
    ),
    "PathUnknown": Trouble(
        status=404,
        en="There is nothing at this address. The addresses are listed at /docs.",
        zh="此地址不存在，可用地址见 /docs。",
    ),
    "MethodNotAllowed": Trouble(
        status=405,
        en="This address takes {allowed}, not {method}.",
        zh="此地址只接受{allowed}，不接受{method}。",
    ),
    "BodyTooLarge": Trouble(
        status=413,
        en="The body is larger than {bytes_max} bytes. Send less at a time.",
        zh="请求体超过{bytes_max}字节，请减少单次发送的内容。",
    ),
    "ContentTypeWrong": Trouble(
        status=415,
        en="Send JSON in UTF-8, uncompressed, as `Content-Type: application/json`.",
        zh="请以`Content-Type: application/json`发送未压缩的UTF-8 JSON。",
    ),
    "BodyNotJson": Trouble(
        status=400,
        en="The body is not JSON in UTF-8: {reason}.",
        zh="请求体不是UTF-8编码的JSON：{reason}。",
    ),
    "FieldRepeated": Trouble(
        status=400,
        en="The field {field} came more than once, and its values may differ. Send it once. Nothing was done.",
        zh="字段{field}重复出现，各处的值可能不同，请只发送一次。未做任何操作。",
    ),
    "RequestBroken": Trouble(
        status=400,
        en="The request is not sound HTTP. Send it again, with one Host and a plain address.",
        zh="请求不符合HTTP规范，请检查Host和地址后重新发送。",
    ),
    "BodyBroken": Trouble(
        status=400,
        en="The body broke off before its end. Nothing was done; send it again.",
        zh="请求体未完整送达，未做任何操作，请重新发送。",
    ),
    "BodyTooSlow": Trouble(
        status=408,
        en="The body did not arrive in time. Send it again.",
        zh="请求体未能及时送达，请重新发送。",
    ),
    "HeaderRepeated": Trouble(
        status=400,
        en="The header {header} came more than once. Send it once.",
        zh="请求头{header}重复，请只发送一次。",
    ),
    "IdempotencyKeyMissing": Trouble(
        status=400,
        en="This request moves money: send an `Idempotency-Key` of your own, and the same one when you try again.",
        zh="该请求涉及资金变动，请发送自定义的`Idempotency-Key`，重试时使用同一个值。",
    ),
    "IdempotencyKeyInvalid": Trouble(
        status=400,
        en="An `Idempotency-Key` is 1 to {length_max} visible ASCII characters, without blanks.",
        zh="`Idempotency-Key`须为1到{length_max}个可见ASCII字符，不含空格。",
    ),
    "NotPaid": Trouble(
        status=409,
        en="Nobody has paid this order: it is {state}.",
        zh="该订单尚未付款，当前状态：{state}。",
    ),
    "CampaignsNotAllowed": Trouble(
        status=403,
        en="The owner does not let this shop open campaigns. Ask him for it.",
        zh="平台未允许本店创建优惠活动，请联系平台开通。",
    ),
    "BillNotPublished": Trouble(
        status=409,
        en="The bill of this day is not published; the last one is of {through_on}. A day is published once it is closed and "
        "the books hold.",
        zh="该日账单尚未发布，最近一期为{through_on}。日终结账且账实相符后发布。",
    ),
    "BookTooLarge": Trouble(
        status=409,
        en="The book has {lines} lines, and up to {lines_max} are tried here. Ask for it by `florin whatif`.",
        zh="账本共{lines}户，此处最多推演{lines_max}户，请使用命令 florin whatif。",
    ),
    "WhatIfRuns": Trouble(
        status=503,
        en="Another what-if runs, or this one was ended: it took too long, or the server stops. Try it again later; nothing "
        "was changed.",
        zh="另一项推演正在进行，或本次已中止（耗时过长或服务正在停止）。请稍后重试，未做任何更改。",
    ),
    "MerchantClosed": Trouble(
        status=409,
        en="This merchant is closed for good.",
        zh="该商户已关闭。",
    ),
    "FieldsInvalid": Trouble(
        status=422,
        en="Some fields cannot stay as they are; `errors` names each with its fix. Nothing was done.",
        zh="部分字段不符合要求，`errors`列出了每个字段及修改方法。未做任何操作。",
    ),
    "StoreUnavailable": Trouble(
        status=503,
        en="We cannot reach our records now. If this moves money, send it again with the same `Idempotency-Key`: "
        "it happens at most once.",
        zh="暂时无法访问账务记录。如涉及资金，请使用同一个`Idempotency-Key`重新发送，最多只会执行一次。",
    ),
    "Unexpected": Trouble(
        status=500,
        en="Something went wrong on our side; it has been recorded. If this moves money, send it again with the same "
        "`Idempotency-Key`: it happens at most once.",
        zh="系统发生异常，已记录。如涉及资金，请使用同一个`Idempotency-Key`重新发送，最多只会执行一次。",
    ),
}


class Refuse(Exception):
    """Raised inside an operation to answer with a problem of the wire. code: one of TROUBLES."""

    def __init__(
        self,
        code: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: tuple[tuple[bytes, bytes], ...] = (),
        **numbers: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors
        self.headers = headers
        self.numbers = numbers

    def problem(self, language: Language, instance: str) -> Problem:
        trouble = TROUBLES[self.code]
        return Problem(
            type=type_of(self.code),
            title=title_of(self.code),
            status=trouble.status,
            detail=(trouble.zh if language == "zh" else trouble.en).format(**self.numbers),
            code=self.code,
            instance=instance,
            numbers=self.numbers or None,
            errors=self.errors,
        )


class RefusedBy(Exception):
    """Raised inside an operation to answer with one of our refusals. numbers: more of them than the refusal's own."""

    def __init__(self, refusal: Refusal, *, replayed: bool = False, **numbers: Any) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal
        self.replayed = replayed
        self.numbers = numbers


def invalid(field: str, message: str, fix: str = "") -> Refuse:
    """A refusal that names one field."""
    return Refuse("FieldsInvalid", errors=(FieldError(field=field, message=message, fix=fix),))


def problem_of(refusal: Refusal, language: Language, instance: str, **more: Any) -> Problem:
    """A refusal as a problem. Ids are text here as everywhere in JSON."""
    numbers = {name: _shown(name, value) for name, value in {**refusal.numbers(), **more}.items()}
    return Problem(
        type=type_of(refusal.name),
        title=title_of(refusal.name),
        status=status_of(refusal.name),
        detail=refusal.sentence(language),
        code=refusal.name,
        instance=instance,
        principal_reason=reason_of(refusal),
        numbers=numbers or None,
    )


def status_of(code: str) -> int:
    """The status of a refusal or a trouble by its name."""
    if code in TROUBLES:
        return TROUBLES[code].status
    return STATUS.get(code, _STATUS_OF_OTHERS)


def type_of(code: str) -> str:
    """`/problems/refund-exceeds-payment` of `RefundExceedsPayment`: a path of this server that explains it."""
    return f"/problems/{'-'.join(_words(code))}"


def title_of(code: str) -> str:
    """`Refund exceeds payment` of `RefundExceedsPayment`."""
    first, *rest = _words(code)
    return " ".join([first.capitalize(), *rest])


def explained() -> dict[str, dict[str, Any]]:
    """Every problem this wire can give, by the last part of its type: what `/problems/…` shows."""
    found: dict[str, dict[str, Any]] = {}
    for code in sorted({*REFUSALS, *TROUBLES}):
        texts: Any = TROUBLES.get(code) or REFUSALS[code]
        found["-".join(_words(code))] = {
            "type": type_of(code),
            "title": title_of(code),
            "status": status_of(code),
            "code": code,
            "en": texts.en,
            "zh": texts.zh,
        }
    return found


def language_of(accept_language: str) -> Language:
    """`zh` or `en`, whichever the header prefers; English when it says nothing of either."""
    best: tuple[float, Language] = (0.0, "en")
    for part in accept_language.split(",")[:20]:
        tag, *parameters = (text.strip().lower() for text in part.split(";"))
        language: Language | None = "zh" if tag.startswith("zh") else "en" if tag.startswith("en") else None
        quality = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
        if language is not None and _QUALITY.fullmatch(quality) and float(quality) > best[0]:
            best = (float(quality), language)
    return best[1]


def _shown(name: str, value: Any) -> Any:
    return str(value) if name.endswith("_id") or name == "id" else value


def _words(code: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(code)]


_WORD = re.compile(r"[A-Z]+[a-z]*")
_QUALITY = re.compile(r"[01](\.[0-9]{0,3})?")
