"""The operator's commands run in this process, on a test's own database; each call is one command."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from conftest import FreshDatabase
from florin.cli import app as florin_app
from florin.store import StoreRefusal


@dataclass(frozen=True)
class Answer:
    """What a command said, or the refusal that ended it."""

    said: str
    refusal: StoreRefusal | None

    @property
    def document(self) -> Any:
        return json.loads(self.said)


class Operator:
    """`operator("merchant add Tea --mdr 1%")` gives what was said; secrets go to standard input, a line each."""

    def __init__(self, database: FreshDatabase, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "FLORIN_DATABASE_URL": database.owner,
            "FLORIN_ENGINE_URL": database.engine,
            "FLORIN_PAGES_URL": database.pages,
            "FLORIN_DATA": str(folder),
            "COLUMNS": "240",
        }

    def ask(self, *arguments: object, given: str = "") -> Answer:
        result = CliRunner().invoke(florin_app, [str(each) for each in arguments], input=given, env=self.environment)
        if isinstance(result.exception, StoreRefusal):
            return Answer(result.output, result.exception)
        assert result.exit_code == 0, (result.output, result.exception)
        return Answer(result.stdout, None)

    def __call__(self, *arguments: object, given: str = "") -> str:
        answer = self.ask(*arguments, given=given)
        assert answer.refusal is None, answer.refusal
        return answer.said

    def json(self, *arguments: object, given: str = "") -> Any:
        return json.loads(self(*arguments, "--json", given=given))

    def refused(self, *arguments: object, given: str = "") -> StoreRefusal:
        answer = self.ask(*arguments, given=given)
        assert answer.refusal is not None, answer.said
        return answer.refusal
