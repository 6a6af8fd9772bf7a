"""A change of acceptance as the operator's form has it: read, shown again, and what it would have done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from florin.events.market import AcceptanceRule
from florin.events.refusals import Language
from florin.market.acceptance import Acceptance
from florin.market.change import ChangeAcceptance
from florin.market.ecosystem import Ecosystem, key_of
from florin.market.replay import Effect
from florin.money import AmountTextInvalid, parse_yuan
from florin.pages.show import money
from florin.pages.texts import text

ANSWERS = ("yes", "no", "cap", "none")
CHANNELS = ("", "home", "guest", "offline")
FIELDS = (
    *("program", "market", "category", "channel", "answer", "cap", "cap_month", "reason_en", "reason_zh", "from_on"),
    "why",
)
_LETTERS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FlippedShown:
    """At one merchant, what would become of one program's checkouts."""

    merchant: str
    note: str
    amount: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectShown:
    """What the change would have done. gained, lost: checkouts with a first line that pays, and without any more."""

    summary: str
    gained: str
    lost: str
    flipped: tuple[FlippedShown, ...]


def prefilled(ecosystem: Ecosystem, asked: Mapping[str, str], on: date) -> dict[str, str]:
    """The form of the rule that stands where one was asked about; where none does, an empty one of that place."""
    place = {name: asked.get(name, "")[:64] for name in ("market", "category", "channel")}
    program = asked.get("program", "")
    program = program if program in ecosystem.programs else ecosystem.programs[0]
    wanted = (program, place["market"], place["category"], place["channel"])
    rule = next((stated.rule for stated in ecosystem.rules_on(on) if key_of(stated.rule) == wanted), None)
    form = {"program": program, **place, "answer": "yes", "from_on": on.isoformat()}
    if rule is None:
        return form
    return form | {
        "answer": rule.answer,
        "cap": _typed(rule.cap_minor),
        "cap_month": _typed(rule.cap_month_minor),
        "reason_en": rule.reason_en,
        "reason_zh": rule.reason_zh,
    }


def read_form(ecosystem: str, form: Mapping[str, str], today: date, *, by: str) -> ChangeAcceptance | str:
    """What the form states; else the text's key of what cannot be read."""
    said = {name: form.get(name, "").strip()[:_LETTERS_MAX] for name in FIELDS}
    if said["answer"] not in ANSWERS or said["channel"] not in CHANNELS or not said["program"]:
        return "form.again"
    if not said["why"]:
        return "console.why_missing"
    try:
        cap_minor = parse_yuan(_plain(said["cap"])) if said["answer"] == "cap" and said["cap"] else 0
        month_minor = (
            parse_yuan(_plain(said["cap_month"])) if said["answer"] in ("yes", "cap") and said["cap_month"] else 0
        )
    except AmountTextInvalid:
        return "console.cap_unreadable"
    try:
        from_on = date.fromisoformat(said["from_on"]) if said["from_on"] else today
    except ValueError:
        return "console.day_unreadable"
    rule = AcceptanceRule(
        program=said["program"],
        market=said["market"],
        category=said["category"],
        channel=said["channel"],  # type: ignore[arg-type]
        answer=said["answer"],  # type: ignore[arg-type]
        cap_minor=cap_minor,
        cap_month_minor=month_minor,
        reason_en=said["reason_en"],
        reason_zh=said["reason_zh"],
    )
    return ChangeAcceptance(ecosystem=ecosystem, from_on=from_on, rules=(rule,), reason=said["why"], by=by)


def effect_shown(
    effect: Effect, merchants: Mapping[int, str], titles: Mapping[str, str], language: Language, *, days: int
) -> EffectShown:
    """merchants: their names, by number."""
    flipped = []
    for each in effect.flipped:
        for way, count, minor in (
            ("opened", each.opened, each.opened_minor),
            ("closed", each.closed, each.closed_minor),
        ):
            if count:
                note = text(language, f"console.{way}", program=titles[each.program], count=count)
                name = merchants.get(each.merchant_id, str(each.merchant_id))
                amount = money(minor, language)
                flipped.append(
                    FlippedShown(merchant=name, note=note, amount=amount, tone="good" if way == "opened" else "bad")
                )
    gained, lost = money(effect.gained_minor, language), money(effect.lost_minor, language)
    return EffectShown(
        summary=text(language, "console.effect", count=effect.sessions, days=days),
        gained=text(language, "console.gained", count=effect.gained, amount=gained),
        lost=text(language, "console.lost", count=effect.lost, amount=lost),
        flipped=tuple(flipped),
    )


def markets_of(acceptance: Acceptance, language: Language) -> list[tuple[str, str]]:
    """(id, title) of every market of the house."""
    return [(each.id, each.title_zh if language == "zh" else each.title_en) for each in acceptance.markets.values()]


def _typed(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}" if minor else ""


def _plain(typed: str) -> str:
    return typed.replace(",", "").removeprefix("¥")
