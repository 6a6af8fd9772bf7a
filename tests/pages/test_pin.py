"""The PIN's lock-out holds however many guesses come at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from django.db import connection

from florin.pages import pin
from florin.pages.models import Shopper
from florin.pages.pin import TRIES, PinLocked, PinRight, PinUnreadable, PinWrong, check_pin
from pages_world import PIN, WRONG_PIN

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def test_of_thirty_guesses_at_one_instant_only_five_are_looked_at(shop, monkeypatch):
    looked_at: list[str] = []
    monkeypatch.setattr(pin, "check_password", lambda guess, _: bool(looked_at.append(guess)))
    alice = Shopper.objects.get(user__username="alice").pk

    def guess(number: int) -> str:
        try:
            return type(check_pin(alice, f"{number:06}", now=NOW)).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(guess, range(30)))

    assert len(looked_at) == TRIES
    assert answers == {"PinWrong": TRIES - 1, "PinLocked": 30 - TRIES + 1}


def test_the_right_pin_forgets_earlier_slips(shop):
    alice = Shopper.objects.get(user__username="alice").pk
    for _ in range(TRIES - 1):
        check_pin(alice, WRONG_PIN, now=NOW)

    assert check_pin(alice, PIN, now=NOW) == PinRight()
    assert check_pin(alice, WRONG_PIN, now=NOW) == PinWrong(tries_left=TRIES - 1)


def test_a_lock_ends_by_itself_and_a_new_count_begins(shop):
    alice = Shopper.objects.get(user__username="alice").pk
    for _ in range(TRIES):
        locked = check_pin(alice, WRONG_PIN, now=NOW)
    assert isinstance(locked, PinLocked)

    assert check_pin(alice, PIN, now=locked.until - timedelta(seconds=1)) == PinLocked(locked.until)
    assert check_pin(alice, WRONG_PIN, now=locked.until) == PinWrong(tries_left=TRIES - 1)


def test_only_six_ascii_digits_are_a_try(shop):
    alice = Shopper.objects.get(user__username="alice").pk

    for text in ("", "12345", "1234567", "12345a", "１２３４５６"):
        assert check_pin(alice, text, now=NOW) == PinUnreadable()
