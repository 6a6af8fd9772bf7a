"""Schemathesis reads the REST interface's own document and tries everything in it: what the document says is so."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.sdk
@pytest.mark.parametrize(("tag", "key"), [("payments", "API_KEY"), ("owner", "OWNER_API_KEY")])
def test_schemathesis_finds_nothing(only_sandbox, sdk_python: Callable[[str], Path], tmp_path, tag, key):
    only_sandbox.verb("reset")
    env = only_sandbox.env
    done = subprocess.run(
        [
            sdk_python("schemathesis").with_name("schemathesis"),
            *("--config-file", Path(__file__).with_name("schemathesis.toml")),
            *("run", f"{env['API_URL']}/v1/openapi.json", "--header", f"Authorization: Bearer {env[key]}"),
            *("--include-tag", tag, "--phases", "examples,coverage"),
            *("--continue-on-failure", "--generation-deterministic", "--no-color", "--warnings", "off"),
        ],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed in " in done.stdout or "No issues found" in done.stdout
