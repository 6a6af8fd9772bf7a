"""Events: what was agreed with the world, and nothing else.

An event says that 199.00 was captured, that 300.00 was received, that a statement was issued with these numbers. It holds
no allocation, no accrual, no balance: those are derived by folding events under the terms of their day. Events are written
once, by the engine, and never changed. This package is the whole vocabulary, a file a subject; what each event *does* stands
beside the action that decides it (`payments/capture.py`, `credit/repay.py`).

Five ids (trade, payment, line, person, merchant) name the owners that an event touches; they are columns of the event's
row, the other fields are its body. Amounts are integers of minor units (fen) and never negative: an event's name says
the direction. `value_on` is the day it counts; the row adds the day and the instant at which we knew.
"""

from __future__ import annotations

from typing import Any

import msgspec

from florin.events.bank import (
    BankCharged,
    BreakAssigned,
    BreakFound,
    BreakResolved,
    ReceiptAllocated,
    ReceiptSentBack,
    ReceiptUnallocated,
    SentBackAnswered,
)
from florin.events.base import OWNERS, Event
from florin.events.campaigns import (
    CampaignClosed,
    CampaignOpened,
    CampaignRanLow,
    CampaignRecalled,
    CampaignRefilled,
    CampaignToppedUp,
    MallSettled,
    StatePaid,
)
from florin.events.collection import (
    CaseAssigned,
    CaseClosed,
    CaseNoted,
    CaseOpened,
    ChargedOff,
    ChargedOffByOwner,
    ClaimBuyerPaid,
    ClaimBuyerSettled,
    ClaimsSold,
    CollectionPaused,
    CollectionResumed,
    Contacted,
    CreditDeclined,
    Promised,
    PromiseJudged,
    ProvisionBucket,
    Provisioned,
    Reminded,
)
from florin.events.lines import (
    TOLD_LINES,
    AccrualStopped,
    AutopayFailed,
    AutopaySet,
    AutopayTried,
    CostCharged,
    CreditBalancePaid,
    CycleMoved,
    FellPastDue,
    LateCharged,
    LimitSet,
    LineClosed,
    LineClosing,
    LineFrozen,
    LineOpened,
    LineUnfrozen,
    Refolded,
    Repaid,
    RepaymentCleared,
    RepaymentConfirmed,
    RepaymentReturned,
    SharedLimitSet,
    StatementIssued,
    StatementLine,
    UpliftEnded,
    UpliftGiven,
)
from florin.events.market import AcceptanceChanged, CheckoutOpened, EcosystemAdded, ExperimentEnded, ExperimentStarted
from florin.events.parents import ParentAsked, ParentPaid
from florin.events.partners import FundingAgreed, FundingClosed, PartnerSettled
from florin.events.parts import (
    CampaignKind,
    CampaignPart,
    CampaignTerms,
    Channel,
    EvidenceFile,
    FeeBound,
    FeeName,
    FeePart,
    FeePayer,
    FeeTiming,
    Frozen,
    InstallmentChoice,
    ItemCount,
    LoanFunding,
    MonthCounted,
    Place,
    PlanMethod,
    PlanPayoff,
    RefundOrder,
    ReminderChannel,
    ReminderText,
    RepaymentSource,
    SharePart,
    Sponsor,
)
from florin.events.payments import (
    Authorized,
    Captured,
    Escrowed,
    Received,
    Refunded,
    RefundReversed,
    TradeAsked,
    TradeClosed,
    Voided,
)
from florin.events.people import PersonJoined, ToppedUp, WithdrawalRequested, WithdrawalReturned, WithdrawalSettled
from florin.events.plans import (
    BillConverted,
    HardshipAgreed,
    HardshipEnded,
    HardshipEndedEarly,
    PurchaseConverted,
    ReAged,
)
from florin.events.refused import Refused
from florin.events.requests import (
    AuthorizationExtended,
    DisputeDecided,
    DisputeFunded,
    DisputeOpened,
    EvidenceGiven,
    FeeKeeper,
    GoodsSentBack,
    ReceiptExtended,
    RefundRequested,
    RequestAnswered,
    RequestClosed,
    RequestSort,
    Shipped,
)
from florin.events.settlement import (
    BooksSettled,
    FeesSwept,
    MerchantInvoiced,
    MerchantPaidBack,
    NetworkSettled,
    PaidOut,
    PayoutReturned,
    PayoutSettled,
    PayoutsHeld,
    PayoutsReleased,
    RefundFunded,
    ReserveHeld,
    ReserveReleased,
    TransferFunded,
    TransferReceived,
    WindowReceived,
    WindowSwept,
)
from florin.events.sharing import (
    ReceiverAdded,
    ReceiverRemoved,
    ShareReceived,
    ShareReturned,
    SharesGiven,
    ShareTakenBack,
)

__all__ = [
    "KINDS",
    "OWNERS",
    "TOLD_LINES",
    "AcceptanceChanged",
    "AccrualStopped",
    "AuthorizationExtended",
    "Authorized",
    "AutopayFailed",
    "AutopaySet",
    "AutopayTried",
    "BankCharged",
    "BillConverted",
    "BooksSettled",
    "BreakAssigned",
    "BreakFound",
    "BreakResolved",
    "CampaignClosed",
    "CampaignKind",
    "CampaignOpened",
    "CampaignPart",
    "CampaignRanLow",
    "CampaignRecalled",
    "CampaignRefilled",
    "CampaignTerms",
    "CampaignToppedUp",
    "Captured",
    "CaseAssigned",
    "CaseClosed",
    "CaseNoted",
    "CaseOpened",
    "Channel",
    "ChargedOff",
    "ChargedOffByOwner",
    "CheckoutOpened",
    "ClaimBuyerPaid",
    "ClaimBuyerSettled",
    "ClaimsSold",
    "CollectionPaused",
    "CollectionResumed",
    "Contacted",
    "CostCharged",
    "CreditBalancePaid",
    "CreditDeclined",
    "CycleMoved",
    "DisputeDecided",
    "DisputeFunded",
    "DisputeOpened",
    "EcosystemAdded",
    "Escrowed",
    "Event",
    "EvidenceFile",
    "EvidenceGiven",
    "ExperimentEnded",
    "ExperimentStarted",
    "FeeBound",
    "FeeKeeper",
    "FeeName",
    "FeePart",
    "FeePayer",
    "FeeTiming",
    "FeesSwept",
    "FellPastDue",
    "Frozen",
    "FundingAgreed",
    "FundingClosed",
    "GoodsSentBack",
    "HardshipAgreed",
    "HardshipEnded",
    "HardshipEndedEarly",
    "InstallmentChoice",
    "ItemCount",
    "LateCharged",
    "LimitSet",
    "LineClosed",
    "LineClosing",
    "LineFrozen",
    "LineOpened",
    "LineUnfrozen",
    "LoanFunding",
    "MallSettled",
    "MerchantInvoiced",
    "MerchantPaidBack",
    "MonthCounted",
    "NetworkSettled",
    "PaidOut",
    "ParentAsked",
    "ParentPaid",
    "PartnerSettled",
    "PayoutReturned",
    "PayoutSettled",
    "PayoutsHeld",
    "PayoutsReleased",
    "PersonJoined",
    "Place",
    "PlanMethod",
    "PlanPayoff",
    "PromiseJudged",
    "Promised",
    "ProvisionBucket",
    "Provisioned",
    "PurchaseConverted",
    "ReAged",
    "ReceiptAllocated",
    "ReceiptExtended",
    "ReceiptSentBack",
    "ReceiptUnallocated",
    "Received",
    "ReceiverAdded",
    "ReceiverRemoved",
    "Refolded",
    "RefundFunded",
    "RefundOrder",
    "RefundRequested",
    "RefundReversed",
    "Refunded",
    "Refused",
    "Reminded",
    "ReminderChannel",
    "ReminderText",
    "Repaid",
    "RepaymentCleared",
    "RepaymentConfirmed",
    "RepaymentReturned",
    "RepaymentSource",
    "RequestAnswered",
    "RequestClosed",
    "RequestSort",
    "ReserveHeld",
    "ReserveReleased",
    "SentBackAnswered",
    "SharePart",
    "ShareReceived",
    "ShareReturned",
    "ShareTakenBack",
    "SharedLimitSet",
    "SharesGiven",
    "Shipped",
    "Sponsor",
    "StatePaid",
    "StatementIssued",
    "StatementLine",
    "ToppedUp",
    "TradeAsked",
    "TradeClosed",
    "TransferFunded",
    "TransferReceived",
    "UpliftEnded",
    "UpliftGiven",
    "Voided",
    "WindowReceived",
    "WindowSwept",
    "WithdrawalRequested",
    "WithdrawalReturned",
    "WithdrawalSettled",
    "body_of",
    "event_of",
]


def _all_kinds() -> dict[int, type[Event]]:
    kinds: dict[int, type[Event]] = {}
    for event_type in Event.__subclasses__():
        assert event_type.kind not in kinds, f"two events share the kind {event_type.kind}"
        event_type.body_fields = tuple(
            (f.name, f.default) for f in msgspec.structs.fields(event_type) if f.name not in (*OWNERS, "value_on")
        )
        kinds[event_type.kind] = event_type
    return kinds


KINDS: dict[int, type[Event]] = _all_kinds()


def body_of(event: Event) -> dict[str, Any]:
    """The part of an event that goes to the row's body: all but `value_on`, the owners' ids, and what is at its default."""
    body = {}
    for name, default in event.body_fields:
        value = getattr(event, name)
        if value != default:
            body[name] = value
    return body


def event_of(kind: int, owners: dict[str, Any], body: dict[str, Any]) -> Event:
    """The event that a row holds. owners: `value_on` and the five ids. Raises KeyError for an unknown kind."""
    return msgspec.convert({**owners, **body}, KINDS[kind])
