"""`florin sandbox`: `up` starts one and lives until it is terminated; every other verb drives a running one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from florin.sandbox.remote import (
    Answer,
    EnvironmentFileIncomplete,
    EnvironmentFileMissing,
    SandboxGone,
    VerbRefused,
    drive,
)

app = typer.Typer(
    help="A temporary instance to test a shop against.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

EnvFile = Annotated[
    Path, typer.Option("--env-file", envvar="FLORIN_SANDBOX_ENV", help="The file that `up` writes and verbs read.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one line of JSON.")]
OutTradeNo = Annotated[str, typer.Argument(help="The shop's own number of the order.")]
As = Annotated[str, typer.Option("--as", help="Which shopper.")]
Shopper = Annotated[str, typer.Argument(help="alice or bob.")]
TenderOption = Annotated[str, typer.Option(help="wallet or credit; else credit, if she has a line.")]

# `repay alice -5` and `clock -1d` are refused in words by the sandbox, not as an unknown option -5.
_BELOW_ZERO = {"ignore_unknown_options": True}


@app.command()
def up(
    env_file: EnvFile,
    port: Annotated[int, typer.Option(help="Where the wires listen; 0 is any free port.")] = 0,
    pages_port: Annotated[int, typer.Option(help="Where the pages listen; 0 is any free port.")] = 0,
    market: Annotated[
        str, typer.Option(help="direct: owed at payment; escrow: owed when the buyer confirms.")
    ] = "direct",
) -> None:
    """Start a sandbox and write how to reach it; prints `ready`, lives until it is terminated."""
    from florin.sandbox.up import run  # brings the whole of Florin, which a verb does not need

    if market not in ("direct", "escrow"):
        raise typer.BadParameter("direct or escrow", param_hint="--market")
    run(env_file=env_file, port=port, pages_port=pages_port, market=market)


@app.command()
def pay(
    out_trade_no: OutTradeNo,
    env_file: EnvFile,
    who: As = "alice",
    tender: TenderOption = "",
    installments: Annotated[int, typer.Option(help="3, 6 or 12 for the credit part; 0 pays next month.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Pay an order as a shopper: any that waits, also one that only a QR code names so far."""
    wanted = {"out_trade_no": out_trade_no, "who": who, "tender": tender or None, "installments": installments}
    _drive("pay", env_file, as_json, wanted)


@app.command("auth-code")
def auth_code(env_file: EnvFile, who: As = "alice", tender: TenderOption = "", as_json: AsJson = False) -> None:
    """The digits that a shopper shows at a till, good for one order and two minutes."""
    _drive("auth-code", env_file, as_json, {"who": who, "tender": tender or None})


@app.command()
def receive(out_trade_no: OutTradeNo, env_file: EnvFile, as_json: AsJson = False) -> None:
    """Confirm receipt of an escrowed order as its buyer."""
    _drive("receive", env_file, as_json, {"out_trade_no": out_trade_no})


@app.command(context_settings=_BELOW_ZERO)
def refund(
    out_trade_no: OutTradeNo,
    env_file: EnvFile,
    amount: Annotated[str, typer.Argument(help="In yuan, as in 12.50; else all that is left.")] = "",
    request_no: Annotated[str, typer.Option(help="The shop's own number of the refund.")] = "",
    as_json: AsJson = False,
) -> None:
    """Refund an order as the merchant."""
    _drive("refund", env_file, as_json, {"out_trade_no": out_trade_no, "amount": amount, "request_no": request_no})


@app.command(context_settings=_BELOW_ZERO)
def repay(
    who: Shopper,
    amount: Annotated[str, typer.Argument(help="In yuan, as in 100.00.")],
    env_file: EnvFile,
    source: Annotated[str, typer.Option("--from", help="wallet or bank.")] = "wallet",
    as_json: AsJson = False,
) -> None:
    """Repay a shopper's line."""
    _drive("repay", env_file, as_json, {"who": who, "amount": amount, "source": source})


@app.command()
def statement(env_file: EnvFile, who: Shopper = "alice", as_json: AsJson = False) -> None:
    """A shopper's wallet, line and statements."""
    _drive("statement", env_file, as_json, {"who": who})


@app.command("set")
def set_(
    who: Annotated[str, typer.Argument(help="alice, bob or shop.")],
    env_file: EnvFile,
    limit: Annotated[
        str | None, typer.Option(help="The line's limit in yuan; opens a line where there is none.")
    ] = None,
    uplift: Annotated[str | None, typer.Option(help="So much more than the limit, in yuan, for a time.")] = None,
    until: Annotated[
        str | None, typer.Option(help="The uplift's last day, as in 2026-04-30; else 30 days from today.")
    ] = None,
    wallet: Annotated[str | None, typer.Option(help="The wallet's balance in yuan.")] = None,
    frozen: Annotated[
        bool | None, typer.Option("--frozen/--unfrozen", " /--no-frozen", help="Stop new purchases on credit.")
    ] = None,
    webhook: Annotated[
        str | None, typer.Option(help='Of the shop: where the REST API tells it what happened; "" for nowhere.')
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A shopper's limit, an uplift of it, or wallet, freeze or unfreeze her line; of the shop, where its REST webhooks go.

    What is not named stays as it is; with nothing named it only tells.
    """
    wanted = {"limit": limit, "uplift": uplift, "until": until, "wallet": wallet, "frozen": frozen, "webhook": webhook}
    _drive("set", env_file, as_json, {"who": who, **wanted})


@app.command(context_settings=_BELOW_ZERO)
def clock(
    env_file: EnvFile,
    to: Annotated[str, typer.Argument(help="+10d, +4h, +30m, or 2026-04-01; else only tells the time.")] = "",
    as_json: AsJson = False,
) -> None:
    """Let time pass, midnight by midnight."""
    _drive("clock", env_file, as_json, {"to": to})


@app.command()
def settle(env_file: EnvFile, as_json: AsJson = False) -> None:
    """Let the next midnight come, so that the merchant is paid what the day brought."""
    _drive("settle", env_file, as_json, {})


@app.command()
def fail(
    fault: Annotated[
        str,
        typer.Argument(
            help="decline, timeout, in-progress, slow, duplicate-notify, late-notify or out-of-order-notify."
        ),
    ],
    env_file: EnvFile,
    times: Annotated[int, typer.Option(help="How often; 0 takes it back.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Let something fail on purpose."""
    _drive("fail", env_file, as_json, {"fault": fault, "times": times})


@app.command()
def bank(
    env_file: EnvFile,
    who: Annotated[str, typer.Argument(help="A shopper, or shop; else everybody.")] = "",
    reject: Annotated[
        str, typer.Option(help="Orders for them are rejected, for this reason: AC04, AC01, AM04, ...")
    ] = "",
    give_back: Annotated[str, typer.Option("--return", help="What was booked comes back, for this reason.")] = "",
    days: Annotated[int, typer.Option(help="How many days later it comes back.")] = 0,
    delay: Annotated[int | None, typer.Option(help="Their orders are booked so many days later.")] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Treat them as others.")] = False,
    wrong: Annotated[str, typer.Option(help="What goes wrong next: partial, twice, shuffled, lost-line, ...")] = "",
    times: Annotated[int, typer.Option(help="How often; 0 takes it back.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Tell the simulated bank how to treat orders and what to do wrong; from then on it speaks by files."""
    wanted = {
        "who": who, "reject": reject, "give_back": give_back, "days": days, "delay": delay, "forget": forget,
        "wrong": wrong, "times": times,
    }  # fmt: skip
    _drive("bank", env_file, as_json, wanted)


@app.command()
def reset(env_file: EnvFile, as_json: AsJson = False) -> None:
    """Back to the first morning, with the same keys and the shop's webhook."""
    _drive("reset", env_file, as_json, {})


@app.command()
def prove(env_file: EnvFile, as_json: AsJson = False) -> None:
    """Prove the books; exit code 1 if a cent is wrong."""
    answer = _drive("prove", env_file, as_json, {})
    raise typer.Exit(0 if answer["holds"] else 1)


def _drive(verb: str, env_file: Path, as_json: bool, wanted: Mapping[str, Any]) -> Answer:
    """Send a verb and show its answer. A refusal ends with code 1: as JSON on standard output, else on standard error."""
    try:
        answer = drive(env_file, verb, {name: value for name, value in wanted.items() if value is not None})
    except VerbRefused as refused:
        if as_json:
            typer.echo(json.dumps(refused.answer(), ensure_ascii=False))
        else:
            typer.echo(f"{refused.sentence}  ({refused.name})", err=True)
        raise typer.Exit(1) from None
    except (SandboxGone, EnvironmentFileMissing, EnvironmentFileIncomplete) as gone:
        typer.echo(str(gone), err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        from rich.console import Console  # here, because a verb that answers in JSON starts faster without

        from florin.sandbox.show import show

        show(verb, answer, Console(highlight=False, soft_wrap=True))
    return answer
