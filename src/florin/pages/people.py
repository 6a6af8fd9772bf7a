"""Who somebody is: sign-in names to users, users to shoppers, merchants and operators."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction

from florin.pages.models import MerchantUser, OperatorUser, Shopper


class PeopleBackend(ModelBackend):
    """Django's own, but a signed-in user comes with shopper, merchant and operator in one query."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("shopper", "merchant_user", "operator").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


@transaction.atomic
def make_shopper(*, logon: str, password: str, pin: str, person_id: int, language: str = "") -> Shopper:
    """A login for a person who has joined; made again, it gets the new secrets. pin: six digits."""
    user = _make_user(logon, password)
    shopper, _ = Shopper.objects.update_or_create(
        user=user,
        defaults={
            "person_id": person_id,
            "pin_hash": make_password(pin),
            "pin_failures": 0,
            "pin_locked_until": None,
            "language": language,
        },
    )
    return shopper


@transaction.atomic
def make_merchant_user(*, logon: str, password: str, merchant_id: int) -> MerchantUser:
    """A login for somebody who works for a merchant."""
    merchant_user, _ = MerchantUser.objects.update_or_create(
        user=_make_user(logon, password), defaults={"merchant_id": merchant_id}
    )
    return merchant_user


@transaction.atomic
def make_operator(*, logon: str, password: str) -> OperatorUser:
    """A login to the console; made again, it gets the new password."""
    operator, _ = OperatorUser.objects.get_or_create(user=_make_user(logon, password))
    return operator


def shopper_of(request: Any) -> Shopper | None:
    """The signed-in shopper; None when nobody is, or somebody who is no shopper. Without a session it asks nothing."""
    return getattr(request.user, "shopper", None) if request.user.is_authenticated else None


def merchant_user_of(request: Any) -> MerchantUser | None:
    return getattr(request.user, "merchant_user", None) if request.user.is_authenticated else None


def operator_of(request: Any) -> OperatorUser | None:
    return getattr(request.user, "operator", None) if request.user.is_authenticated else None


def _make_user(logon: str, password: str) -> User:
    user, _ = User.objects.get_or_create(username=logon)
    user.set_password(password)
    user.save()
    return user
