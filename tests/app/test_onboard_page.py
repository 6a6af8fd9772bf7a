"""What pages about onboarding, campaigns and partners show is so: every command and option exists, every command is shown."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

ROOT = Path(__file__).parents[2]
PAGE = "".join(
    (ROOT / f"docs/how-to/{page}.md").read_text()
    for page in ("onboard", "campaigns", "partners", "acceptance", "escrow", "fees", "webhooks")
)
GROUPS = {
    "merchant": "stores",
    "app": "integrations",
    "shopper": "shoppers",
    "line": "lines",
    "webhook": "webhook",
    "campaign": "campaigns",
    "partner": "partners",
    "market": "market",
    "dispute": "disputes",
    "operator": "operators",
    "escrow": "escrow",
}


def commands() -> dict[tuple[str, ...], set[str]]:
    """The options of each command, by the words that name it."""
    found: dict[tuple[str, ...], set[str]] = {}

    def walk(words: tuple[str, ...], command: Any) -> None:
        below = getattr(command, "commands", None)
        if below is None:
            found[words] = {option for parameter in command.params for option in parameter.opts}
            return
        for name, one in below.items():
            walk((*words, name), one)

    for group, name in GROUPS.items():
        module = importlib.import_module(f"florin.app.{name}")
        walk((group,), typer.main.get_command(getattr(module, "merchant_group", None) or module.app))
    return found


KNOWN = commands()


def written() -> list[list[str]]:
    lines = re.findall(rf"florin ((?:{'|'.join(GROUPS)}) [a-z-]+[^`\n]*)", PAGE)
    return [shlex.split(line, comments=True) for line in lines]


def named(words: list[str]) -> tuple[str, ...]:
    """The command that a line calls: its first words, as many as name one."""
    return next((tuple(words[:count]) for count in (3, 2) if tuple(words[:count]) in KNOWN), tuple(words[:2]))


def test_every_command_stands_on_the_page():
    assert {named(words) for words in written()} == KNOWN.keys()


@pytest.mark.parametrize("words", written(), ids=" ".join)
def test_every_option_on_the_page_exists(words: list[str]):
    command = named(words)

    assert {word for word in words[len(command) :] if word.startswith("--")} <= KNOWN[command]
