"""What pages about onboarding, campaigns and partners show is so: every command and option exists, every command is shown."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest
import typer.main

ROOT = Path(__file__).parents[2]
PAGE = "".join(
    (ROOT / f"docs/how-to/{page}.md").read_text()
    for page in ("onboard", "campaigns", "partners", "acceptance", "escrow")
)
GROUPS = {
    "merchant": "merchants",
    "app": "integrations",
    "shopper": "shoppers",
    "line": "lines",
    "webhook": "webhook",
    "campaign": "campaigns",
    "partner": "partners",
    "market": "market",
    "dispute": "disputes",
}


def commands() -> dict[tuple[str, str], set[str]]:
    """The options of each command."""
    found = {}
    for group, module in GROUPS.items():
        command_group = typer.main.get_command(importlib.import_module(f"florin.app.{module}").app)
        for name, command in command_group.commands.items():  # type: ignore[attr-defined]
            found[group, name] = {option for parameter in command.params for option in parameter.opts}
    return found


def written() -> list[list[str]]:
    lines = re.findall(rf"florin ((?:{'|'.join(GROUPS)}) [a-z-]+[^`\n]*)", PAGE)
    return [shlex.split(line, comments=True) for line in lines]


def test_every_command_stands_on_the_page():
    assert {(group, name) for group, name, *_ in written()} == commands().keys()


@pytest.mark.parametrize("words", written(), ids=" ".join)
def test_every_option_on_the_page_exists(words: list[str]):
    group, name, *rest = words

    assert {word for word in rest if word.startswith("--")} <= commands()[group, name]
