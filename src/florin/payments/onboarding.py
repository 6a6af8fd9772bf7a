"""Onboarding: what a merchant must show before he may sell, and what is checked of it.

An application is a draft until nothing is missing; submitted, it is checked; a person approves or refuses it, with a reason; an
approved one is opened. A check that fails is shown to whoever decides and never decides by itself, but for the blocked list:
who stands there is not approved. Every step is kept with who took it and why.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from typing import Final, Literal

import msgspec

from florin.events.refusals import Refusal

State = Literal["draft", "submitted", "approved", "refused", "opened"]
Risk = Literal["low", "medium", "high"]
Check = Literal["registration", "account number", "account name", "duplicate", "blocked", "licence"]
DOCUMENTS_NEEDED: Final = ("business-registration", "representative-id")


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """sha256: 64 hex digits of the file, which the owner keeps. kind: in the owner's words, as `food-licence`."""

    kind: str
    sha256: str


class Application(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a merchant says of himself. name: of the shop. account_kind: a company's account, or a person's card, whose number
    has a check digit. categories, markets: what he asks to sell, and where.
    """

    name: str
    legal_name: str = ""
    registration_number: str = ""
    representative: str = ""
    bank_code: str = ""
    account_name: str = ""
    account_number: str = ""
    account_kind: Literal["company", "card"] = "company"
    name_zh: str = ""
    categories: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    risk: Risk = "medium"
    mdr_ppm: int = 6_000

    @property
    def kinds(self) -> set[str]:
        return {document.kind for document in self.documents}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One check of a submitted application. says: what was found, in English."""

    check: Check
    passes: bool
    says: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the house knows. licences: the document that a category needs. blocked: names and registration numbers, normalized.

    others: shops whose application has the same registration number.
    """

    licences: Mapping[str, str] = {}
    blocked: Collection[str] = ()
    others: tuple[str, ...] = ()


class MerchantNameInUse(Refusal, frozen=True, kw_only=True):
    en = "There is a merchant called {shop} already. Choose another name, or go on with his application."
    zh = "已有名为{shop}的商户，请更换名称，或继续办理其申请。"

    shop: str
    merchant_id: int


class ApplicationIncomplete(Refusal, frozen=True, kw_only=True):
    en = "The application is not complete. Missing: {missing}."
    zh = "申请资料不完整，缺少：{missing}。"

    missing: str


class ApplicationState(Refusal, frozen=True, kw_only=True):
    en = "This application is {state}; for this it must be {needed}."
    zh = "该申请当前状态为{state}，需为{needed}。"

    state: str
    needed: str


class ApplicantBlocked(Refusal, frozen=True, kw_only=True):
    en = "The applicant stands on the blocked list. Refuse the application, or take the entry off the list first."
    zh = "申请人在禁止名单中。请拒绝该申请，或先将其移出名单。"

    application_id: int


class ChecksFailed(Refusal, frozen=True, kw_only=True):
    en = "Checks have failed: {failed}. Approve with `in spite of` them, and say why, or refuse."
    zh = "以下检查未通过：{failed}。如仍要通过，请注明理由，否则请拒绝。"

    failed: str


def missing(application: Application) -> list[str]:
    """What is still to be given before it can be submitted, by the names of the fields; documents by their kinds."""
    fields = ("legal_name", "registration_number", "representative", "bank_code", "account_name", "account_number")
    empty = [name for name in fields if not getattr(application, name).strip()]
    empty += [name for name in ("categories", "markets") if not getattr(application, name)]
    return empty + [kind for kind in DOCUMENTS_NEEDED if kind not in application.kinds]


def check(application: Application, known: Known) -> list[Finding]:
    """Every check, passed or not, in one order."""
    number = application.registration_number.strip().upper()
    names = {normalized(each) for each in (application.legal_name, application.representative, number)}
    on_list = sorted(names & set(known.blocked))
    lacks = [
        f"{category} needs {known.licences[category]}"
        for category in application.categories
        if category in known.licences and known.licences[category] not in application.kinds
    ]
    same_name = normalized(application.account_name) == normalized(application.legal_name)
    account = application.account_number.replace(" ", "")
    account_is_good = account.isdigit() and (
        is_card_number(account) if application.account_kind == "card" else 8 <= len(account) <= 32
    )
    found: tuple[tuple[Check, bool, str], ...] = (
        ("registration", is_credit_code(number), f"{number} and its check character"),
        ("account number", account_is_good, f"{application.account_kind} account of {len(account)} digits"),
        ("account name", same_name, f"account of {application.account_name}, company {application.legal_name}"),
        ("duplicate", not known.others, ", ".join(known.others) or "nobody else has this registration number"),
        ("blocked", not on_list, ", ".join(on_list) or "not on the list"),
        ("licence", not lacks, "; ".join(lacks) or "no category lacks its licence"),
    )
    return [Finding(check=name, passes=passes, says=says) for name, passes, says in found]


def refuse_submission(application: Application, state: State) -> Refusal | None:
    if state != "draft":
        return ApplicationState(state=state, needed="draft")
    lacks = missing(application)
    return ApplicationIncomplete(missing=", ".join(lacks)) if lacks else None


def refuse_approval(
    state: State, findings: Collection[Finding], *, application_id: int, in_spite: bool
) -> Refusal | None:
    """Why it cannot be approved. in_spite: whoever decides has seen what failed, and says why it is approved all the same."""
    if state != "submitted":
        return ApplicationState(state=state, needed="submitted")
    failed = [finding.check for finding in findings if not finding.passes]
    if "blocked" in failed:
        return ApplicantBlocked(application_id=application_id)
    return ChecksFailed(failed=", ".join(failed)) if failed and not in_spite else None


def normalized(text: str) -> str:
    """A name as lists are compared: width, case, blanks and punctuation do not tell two apart."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


_CODE_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def is_credit_code(text: str) -> bool:
    """Whether this is a unified social credit code: 18 characters, the last one a check over the others.

    Source: GB 32100-2015, weights 3^(i-1) mod 31 [B].
    """
    if len(text) != 18 or any(char not in _CODE_LETTERS for char in text):
        return False
    total = sum(_CODE_LETTERS.index(char) * weight for char, weight in zip(text, _CODE_WEIGHTS, strict=False))
    return _CODE_LETTERS[(31 - total % 31) % 31] == text[17]


def is_card_number(digits: str) -> bool:
    """Whether this is a bank card's number: 12 to 19 digits that pass the check of Luhn (ISO/IEC 7812-1)."""
    if not 12 <= len(digits) <= 19:
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
