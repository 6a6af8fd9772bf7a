"""Where two strings part: the one that should have been signed, and the one that a client says it signed.

Pure. Characters that do not show, or look like a blank, are named by their number, because they are what such strings
mostly differ in.
"""

from __future__ import annotations

from dataclasses import dataclass

AROUND = 32


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What a string has at the place: the character, and what stands before and after it."""

    before: str
    here: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """position: of the first character that differs, counted from 1. `here` is empty where a string has ended."""

    position: int
    expected: Excerpt
    pasted: Excerpt


def first_difference(expected: str, pasted: str) -> Difference | None:
    """None when they are the same. A line break at the end of what was pasted is the clipboard's, and is left out."""
    if not expected.endswith("\n"):
        pasted = pasted.removesuffix("\n").removesuffix("\r")
    if expected == pasted:
        return None
    shorter = min(len(expected), len(pasted))
    at = next((index for index in range(shorter) if expected[index] != pasted[index]), shorter)
    return Difference(at + 1, _excerpt(expected, at), _excerpt(pasted, at))


def _excerpt(text: str, at: int) -> Excerpt:
    start, end = max(0, at - AROUND), at + 1 + AROUND
    before, after = ("…" if start else ""), ("…" if end < len(text) else "")
    return Excerpt(before + _visible(text[start:at]), _visible(text[at : at + 1]), _visible(text[at + 1 : end]) + after)


def _visible(text: str) -> str:
    return "".join(
        char if char.isprintable() and (char == " " or not char.isspace()) else _named(char) for char in text
    )


def _named(char: str) -> str:
    return f"⟨U+{ord(char):04X}⟩"
