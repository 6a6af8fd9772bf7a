"""The other end of the control endpoint: what the command line sends, and how a refusal comes back.

Only Python's own modules are used here, because a verb should not take longer to start than to do.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Answer = dict[str, Any]
VERB_TIMEOUT_S = 600.0


class VerbRefused(Exception):
    """The verb was understood and could not be done. name: the refusal's; sentence: what happened and what to do."""

    def __init__(self, name: str, sentence: str, **numbers: Any) -> None:
        super().__init__(sentence)
        self.name = name
        self.sentence = sentence
        self.numbers = numbers

    def answer(self) -> Answer:
        return {"refusal": self.name, "sentence": self.sentence, **self.numbers}


class SandboxGone(Exception):
    """Nobody answers where the environment file says that a sandbox is."""

    def __init__(self, *, url: str, reason: str) -> None:
        super().__init__(
            f"The sandbox at {url} does not answer ({reason}). Start one: florin sandbox up --env-file FILE"
        )


class EnvironmentFileMissing(Exception):
    def __init__(self, path: Path) -> None:
        super().__init__(f"There is no environment file {path}. Start a sandbox: florin sandbox up --env-file {path}")


class EnvironmentFileIncomplete(Exception):
    def __init__(self, path: Path, missing: str) -> None:
        super().__init__(f"{path} does not say {missing}. Give the file that `florin sandbox up` wrote.")


def read_environment(path: Path) -> dict[str, str]:
    """The KEY=VALUE lines of an environment file. Raises EnvironmentFileMissing."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise EnvironmentFileMissing(path) from None
    pairs = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {key: value for key, _, value in pairs}


def drive(env_file: Path, verb: str, wanted: Mapping[str, Any]) -> Answer:
    """The answer of the sandbox that this file belongs to. Raises VerbRefused, SandboxGone and the file's refusals."""
    values = read_environment(env_file)
    for key in ("SANDBOX_URL", "SANDBOX_TOKEN"):
        if not values.get(key):
            raise EnvironmentFileIncomplete(env_file, key)
    return send_verb(values["SANDBOX_URL"], values["SANDBOX_TOKEN"], verb, wanted)


def send_verb(url: str, token: str, verb: str, wanted: Mapping[str, Any]) -> Answer:
    """The verb's answer. Raises VerbRefused, or SandboxGone when nobody answers at `url`."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=VERB_TIMEOUT_S)
    try:
        connection.request(
            "POST", f"/{verb}", json.dumps(dict(wanted)), {"Authorization": f"Bearer {token}", "Host": parts.netloc}
        )
        response = connection.getresponse()
        answer: Answer = json.loads(response.read())
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise SandboxGone(url=url, reason=reason.lower()) from None
    finally:
        connection.close()
    if response.status != 200:
        raise VerbRefused(answer.pop("refusal"), answer.pop("sentence"), **answer)
    return answer
