"""Who signs in. These tables are the pages' own; money is read elsewhere and never written from here."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Shopper(models.Model):
    """A user who is a person of the house. The PIN is asked for every payment; see `pin.py` for its lock-out."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shopper")
    person_id = models.BigIntegerField(unique=True)
    pin_hash = models.CharField(max_length=200)
    pin_failures = models.PositiveSmallIntegerField(default=0)
    pin_locked_until = models.DateTimeField(null=True)
    language = models.CharField(max_length=8, default="")

    class Meta:
        db_table = "pages_shopper"


class MerchantUser(models.Model):
    """A user who works for a merchant and sees that merchant's pages."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="merchant_user")
    merchant_id = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "pages_merchant_user"


class OperatorUser(models.Model):
    """A user who works for the owner of the house and sees the console; the engine keeps his name with what he changes."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="operator")

    class Meta:
        db_table = "pages_operator_user"


class SignInThrottle(models.Model):
    """Failed sign-ins of one name, or of one name from one address, in the window that `until` ends."""

    key = models.CharField(max_length=80, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    until = models.DateTimeField()

    class Meta:
        db_table = "pages_sign_in_throttle"
