"""`florin payouts`: a day's payouts to merchants as one batch: how many must approve it, who has, what the bank says."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
import typer

from florin.app.house import DataOption, JsonOption, Refused, entered, group, say, say_table
from florin.app.merchants import amount_minor
from florin.engine.payout_batches import approve_payouts, set_policy
from florin.events.refusals import yuan
from florin.queries.payout_batches import PayoutBatch, payout_batches, payout_lines

app = group("Payouts to merchants, a batch a day: policy, list, show, approve.")

DayArgument = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day on which they were made.")]


@app.command()
def policy(
    approvals: Annotated[int, typer.Argument(min=0, max=2, help="How many people must approve; 2 is four eyes.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how many must approve the batches of the days to come before the bank is told."""
    with entered(data) as house:
        set_policy(house.connection, approvals)
    people = {0: "nobody", 1: "one person", 2: "two people"}[approvals]
    say(as_json, {"approvals": approvals}, f"A day's payouts are approved by {people} before the bank is told.")


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The batches, the newest first."""
    with entered(data) as house:
        found = payout_batches(house.connection)
    say_table(
        as_json,
        [{**msgspec.to_builtins(batch), "waits": batch.waits} for batch in found],
        ("day", "payouts", "sum", "approved by", "at the bank", "paid", "came back"),
        [
            (
                str(batch.made_on), str(batch.payouts), yuan(batch.total_minor), _approved(batch), str(batch.sent),
                str(batch.settled), str(batch.returned),
            )
            for batch in found
        ],
    )  # fmt: skip


@app.command()
def show(day: DayArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Each payout of a day, and what the bank says of it."""
    with entered(data) as house:
        found = payout_lines(house.connection, made_on=day.date())
    say_table(
        as_json,
        [{**msgspec.to_builtins(line), "id": str(line.id), "merchant_id": str(line.merchant_id)} for line in found],
        ("payout", "merchant", "to", "amount", "state", "on", "bank's reference"),
        [
            (
                str(line.id), line.merchant, line.account, yuan(line.amount_minor), line.state, str(line.settled_on or ""),
                line.bank_reference,
            )
            for line in found
        ],
    )  # fmt: skip


@app.command()
def approve(
    day: DayArgument,
    total: Annotated[str, typer.Option("--sum", help="The sum that you have seen, in yuan.")],
    by: Annotated[str, typer.Option("--by", help="Who approves; of four eyes each once.")],
    reason: Annotated[str, typer.Option("--reason", help="For the record.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve a day's payouts; with the last approval that is needed they go to the bank."""
    with entered(data) as house:
        refusal = approve_payouts(house.connection, day.date(), seen_minor=amount_minor(total), by=by, reason=reason)
        if refusal is not None:
            raise Refused(refusal)
        batch = next(each for each in payout_batches(house.connection) if each.made_on == day.date())
    left = batch.needed - len(batch.approved)
    said = f"{left} more must approve." if left > 0 else "They go to the bank in its next round."
    say(
        as_json,
        {**msgspec.to_builtins(batch), "waits": batch.waits},
        f"{batch.payouts} payouts of {batch.made_on}, {yuan(batch.total_minor)}, approved by {_approved(batch)}. {said}",
    )


def _approved(batch: PayoutBatch) -> str:
    who = ", ".join(batch.approved)
    return f"{who} ({len(batch.approved)} of {batch.needed})" if batch.needed else "none needed"
