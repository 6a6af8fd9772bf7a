"""What a merchant must show before he may sell, and what is checked of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florin.payments.onboarding import (
    DOCUMENTS_NEEDED,
    ApplicantBlocked,
    Application,
    ApplicationIncomplete,
    ApplicationState,
    ChecksFailed,
    Document,
    Known,
    check,
    is_card_number,
    is_credit_code,
    missing,
    normalized,
    refuse_approval,
    refuse_submission,
)

CODE = "91350100M000100Y43"  # the standard's own example
LOTUS = Application(
    name="Lotus Mall",
    legal_name="Lotus Trading Co., Ltd.",
    registration_number=CODE,
    representative="Li Hua",
    bank_code="102290000015",
    account_name="ＬＯＴＵＳ trading co ltd",
    account_number="1001 2233 4455 6677",
    categories=("tea",),
    markets=("taobao",),
    documents=tuple(Document(kind=kind, sha256="0" * 64) for kind in DOCUMENTS_NEEDED),
)


def failed(application: Application, known: Known | None = None) -> list[str]:
    return [finding.check for finding in check(application, known or Known()) if not finding.passes]


def test_a_complete_application_passes_every_check_though_its_name_is_written_otherwise():
    assert missing(LOTUS) == []
    assert failed(LOTUS) == []
    assert refuse_submission(LOTUS, "draft") is None
    assert refuse_approval("submitted", check(LOTUS, Known()), application_id=1, in_spite=False) is None


def test_what_is_missing_is_named_before_anything_is_checked():
    draft = Application(name="Lotus Mall", legal_name="Lotus", documents=LOTUS.documents[:1])

    refused = refuse_submission(draft, "draft")

    assert isinstance(refused, ApplicationIncomplete)
    assert refused.missing == (
        "registration_number, representative, bank_code, account_name, account_number, categories, markets,"
        " representative-id"
    )
    assert refuse_submission(LOTUS, "approved") == ApplicationState(state="approved", needed="draft")


@pytest.mark.parametrize(
    ("changed", "known", "fails"),
    [
        ({"registration_number": CODE[:-1] + "4"}, Known(), "registration"),
        ({"account_name": "Li Hua"}, Known(), "account name"),
        ({"account_number": "6222020200112233", "account_kind": "card"}, Known(), "account number"),
        ({}, Known(others=("Lily Mall",)), "duplicate"),
        ({"representative": "LI  hua"}, Known(blocked={"lihua"}), "blocked"),
        ({}, Known(licences={"tea": "food-licence"}), "licence"),
    ],
)
def test_each_check_finds_what_it_is_for(changed, known, fails):
    assert failed(replace(LOTUS, **changed), known) == [fails]


def test_failed_checks_are_approved_only_in_spite_of_them_and_the_blocked_list_never():
    of_licence = check(LOTUS, Known(licences={"tea": "food-licence"}))
    of_list = check(LOTUS, Known(blocked={"lihua"}))

    assert refuse_approval("submitted", of_licence, application_id=1, in_spite=False) == ChecksFailed(failed="licence")
    assert refuse_approval("submitted", of_licence, application_id=1, in_spite=True) is None
    assert refuse_approval("submitted", of_list, application_id=1, in_spite=True) == ApplicantBlocked(application_id=1)
    assert refuse_approval("draft", [], application_id=1, in_spite=True) is not None


@given(place=st.integers(0, 16), char=st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_character_of_a_registration_number_is_always_found(place, char):
    wrong = CODE[:place] + char + CODE[place + 1 :]

    assert is_credit_code(wrong) == (wrong == CODE)


def test_a_cards_number_has_its_check_digit():
    assert is_card_number("4111111111111111")
    assert not is_card_number("4111111111111112")
    assert normalized("Ａ-b c。") == "abc"
