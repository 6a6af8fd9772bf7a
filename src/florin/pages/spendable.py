"""What may be spent, in words: why it is less than the limit leaves, and how much of it is for what."""

from __future__ import annotations

from dataclasses import dataclass

from florin.credit.spendable import Room, Spendable
from florin.credit.sub_limits import purchases_at
from florin.events import Place
from florin.events.refusals import Language
from florin.pages.show import money
from florin.pages.texts import text


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomShown:
    """A part of the limit: what it is for, and how much of it is left."""

    title: str
    left: str


def shared_sentence(left: Spendable, language: Language) -> str:
    """Why less may be spent than the line alone leaves; empty where it is not less."""
    if left.shared is None or not left.is_shared_less:
        return ""
    most, used = money(left.shared.most_minor, language), money(left.shared.exposure_minor, language)
    return text(language, "credit.shared", limit=most, used=used)


def rooms_shown(left: Spendable, language: Language) -> tuple[RoomShown, ...]:
    return tuple(_shown(room, language) for room in left.rooms)


def sentence_at(left: Spendable, place: Place | None, language: Language) -> str:
    """Why less may be spent at a place than the limit leaves; empty where it is not less."""
    tight = next((room for room in left.rooms_at(place) if room.left_minor < left.amount_minor), None)
    if tight is None:
        return shared_sentence(left, language)
    shown = _shown(tight, language)
    return text(language, "credit.room_here", title=shown.title, left=shown.left)


def _shown(room: Room, language: Language) -> RoomShown:
    title = purchases_at(room.sub_limit, language)
    left, most = money(room.left_minor, language), money(room.most_minor, language)
    return RoomShown(title=title[:1].upper() + title[1:], left=text(language, "credit.room", left=left, limit=most))
