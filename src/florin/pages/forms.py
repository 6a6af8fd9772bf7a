"""What every form that moves money shares: its one-time key, and what is said about a PIN."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone

from florin.engine import Claim, ClaimKind, claim
from florin.events.refusals import Language
from florin.pages.models import Shopper
from florin.pages.pin import LOCK, TRIES, PinLocked, PinUnreadable, PinWrong, check_pin
from florin.pages.show import clock_time
from florin.pages.texts import text

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


def new_form_key() -> str:
    """Goes into the form when it is shown; two submissions of one form are one."""
    return secrets.token_urlsafe(18)


def form_claim(request: HttpRequest, shopper: Shopper, content: object) -> Claim | None:
    """The claim of this submission for what it asks; None when the form has no key of ours."""
    key = request.POST.get("key", "")
    if not _KEY.fullmatch(key):
        return None
    return claim(ClaimKind.FORM, shopper.person_id, key, content)


def pin_problem(request: HttpRequest, shopper: Shopper, language: Language) -> str:
    """Check the PIN of this submission; empty when it is right, else what the shopper reads."""
    match check_pin(shopper.pk, request.POST.get("pin", ""), now=timezone.now()):
        case PinUnreadable():
            return text(language, "pin.unreadable")
        case PinWrong(tries_left=1):
            return text(language, "pin.wrong_last")
        case PinWrong(tries_left=tries_left):
            return text(language, "pin.wrong", tries=tries_left)
        case PinLocked(until=until):
            return locked_sentence(until, language)
    return ""


def pin_lock(shopper: Shopper, language: Language) -> str:
    """What is said beside the PIN field before anybody types; empty when the PIN is not locked."""
    until = shopper.pin_locked_until
    return locked_sentence(until, language) if until is not None and until > timezone.now() else ""


def locked_sentence(until: datetime, language: Language) -> str:
    minutes = int(LOCK.total_seconds()) // 60
    return text(language, "pin.locked", tries=TRIES, minutes=minutes, time=clock_time(until))
