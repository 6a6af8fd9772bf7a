"""What the pages about the sandbox say is so: every verb and fault is there, and the code in them runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from florin.sandbox.cli import app
from florin.sandbox.faults import FAULTS

ROOT = Path(__file__).parents[2]
HOW_TO = (ROOT / "docs/how-to/sandbox.md").read_text()
PROXY = (ROOT / "docs/how-to/proxy.md").read_text()
MODULES = {"alipay-fzlee": "from alipay import", "wechatpayv3": "from wechatpayv3 import"}
FIRST_STEPS = (ROOT / "docs/first-steps.md").read_text()


def commands() -> dict[str, set[str]]:
    group = typer.main.get_command(app)
    return {
        name: {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }


def test_every_verb_stands_in_the_table_and_every_verb_of_the_table_exists():
    table = HOW_TO.split("## Drive it")[1].split("## Break it")[0]

    named = set(re.findall(r"^\| `([a-z-]+)", table, re.MULTILINE))

    assert named == commands().keys() - {"up"}


def test_every_option_that_is_written_exists():
    for line in re.findall(r"^\| (`.*?) \|", HOW_TO.split("## Drive it")[1].split("## Break it")[0], re.MULTILINE):
        for example in re.findall(r"`([^`]+)`", line):
            verb = example.split()[0]
            assert set(re.findall(r"--[a-z-]+", example)) <= commands()[verb], example
    for option in re.findall(r"^\| `(--[a-z-]+)", HOW_TO, re.MULTILINE):
        assert option in commands()["up"]


def test_every_fault_is_explained():
    table = HOW_TO.split("## Break it")[1]

    assert tuple(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)) == FAULTS


def test_every_key_of_the_environment_file_is_explained(only_sandbox):
    table = HOW_TO.split("## Point the shop at it")[1].split("```")[0]

    explained = set(re.findall(r"`([A-Z][A-Z_0-9]+)`", table)) - {"KEY"}
    assert only_sandbox.env.keys() - {"GATEWAY_URL_80"} <= explained - {"GATEWAY_URL_80"}
    assert explained <= only_sandbox.env.keys() | {"GATEWAY_URL_80"}


@pytest.mark.sdk
@pytest.mark.parametrize(("environment", "package"), [("alipay-official", 0), ("alipay-fzlee", 1)])
def test_the_code_for_each_sdk_runs_as_it_stands(only_sandbox, sdk_python, environment, package):
    python = sdk_python(environment)
    if package == 0 and "GATEWAY_URL_80" not in only_sandbox.env:
        pytest.skip("port 80 cannot be had here")
    code = re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)[package]

    done = subprocess.run(
        [python, "-I", "-c", code],
        env={**os.environ, **only_sandbox.env, "FLORIN_SANDBOX_ENV": str(only_sandbox.env_file)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "qr_code" in done.stdout


@pytest.mark.sdk
@pytest.mark.parametrize(
    ("sdk", "says", "answered"),
    [
        ("alipay-fzlee", {"HTTPS_PROXY": "PROXY_URL", "SSL_CERT_FILE": "CA_FILE"}, "qr_code"),
        ("wechatpayv3", {"REQUESTS_CA_BUNDLE": "CA_FILE"}, "code_url"),
    ],
)
def test_an_sdk_with_the_real_gateway_in_it_runs_untouched_behind_the_proxy(
    only_sandbox, sdk_python, sdk, says, answered
):
    """The page's own code: no gateway of ours in it. The settings of its shell block are all that is said."""
    env = only_sandbox.env
    code = next(block for block in re.findall(r"```python\n(.*?)```", PROXY, re.DOTALL) if MODULES[sdk] in block)

    done = subprocess.run(
        [sdk_python(sdk), "-c", code],
        env={**env, "NO_PROXY": "127.0.0.1", **{name: env[value] for name, value in says.items()}},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert answered in done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page uses curl")
def test_the_first_steps_lead_where_they_say(only_sandbox):
    """The page's own shell blocks, in order, on the running sandbox."""
    only_sandbox.verb("reset")
    blocks = re.findall(
        r"```sh\n(.*?)```", FIRST_STEPS.split("In a second terminal")[1].split("## Serve in earnest")[0], re.DOTALL
    )
    script = "set -e\n" + "\n".join(blocks)
    script = script.replace(". ./shop.env", f". {only_sandbox.env_file}").replace("--env-file shop.env", "--json")
    script = script.replace("curl -s", "curl -s --noproxy '*'").replace(
        ".venv/bin/florin", f"{sys.executable} -m florin"
    )

    done = subprocess.run(
        ["/bin/sh", "-c", script],
        env={**os.environ, "FLORIN_SANDBOX_ENV": str(only_sandbox.env_file)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    asked, paid, clock, statement, repaid, proof = (
        json.loads(line) for line in done.stdout.replace("}{", "}\n{").splitlines()
    )
    assert asked["checkout_url"].startswith(only_sandbox.env["PAGES_URL"])
    assert paid["credit"] == "199.00"
    assert clock["on"] == "2026-04-01"
    assert (statement["statements"][0]["amount"], statement["statements"][0]["due_on"]) == ("199.00", "2026-04-10")
    assert repaid["line"]["owed"] == "0.00"
    assert proof["holds"]
