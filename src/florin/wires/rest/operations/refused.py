"""Names by which several operations refuse."""

from __future__ import annotations

from typing import Final

PAYING: Final = (
    "CreditLimitExceeded",
    "LimitNotBackYet",
    "SubLimitExceeded",
    "SharedLimitExceeded",
    "PastDue",
    "LineNotOpen",
    "NoLine",
    "TenderNotAccepted",
    "NotAcceptedHere",
    "AcceptanceCapExceeded",
    "AcceptanceMonthCapExceeded",
    "HeldOut",
    "WalletTooLow",
    "PlanNotOffered",
    "AgreementNotActive",
    "AgreementLimitExceeded",
    "MerchantFrozen",
    "AmountOutOfRange",
    "ExpiryPassed",
    "CampaignBudgetSpent",
    "CampaignNotRunning",
    "CouponNotForThisOrder",
    "CouponChanged",
    "CouponUsedUp",
    "SubsidyNotForThisPlan",
    "SubsidyChanged",
    "SubsidyCapSpent",
    "LinesDoNotAddUp",
    "OrderLineImpossible",
)
KEYED: Final = ("KeyConflict", "AlreadyUsed", "Busy")
