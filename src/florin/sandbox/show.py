"""What a verb's answer looks like to people: a sentence, then what belongs to it. For programs there is `--json`.

Amounts bear their ¥, states are words, and nothing is wider than it must be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from florin.sandbox.remote import Answer

Row = tuple[str, str]

_TRADE_STATES = {"waiting": "waits to be paid", "paid": "paid", "closed": "closed"}
_PAYMENT_STATES = {
    "authorized": "held; the shop has not captured it yet",
    "escrowed": "in escrow until the buyer confirms receipt",
    "captured": "captured: it is the shop's",
    "voided": "released, nothing was taken",
    "refunded": "given back, all of it",
}
_FAULTS = {
    "decline": ("the next payment is declined", "the next {times} payments are declined"),
    "timeout": (
        "the next call that changes something is done, and not answered",
        "the next {times} calls that change something are done, and not answered",
    ),
    "in-progress": (
        "the next payment at a till waits for the shopper",
        "the next {times} payments at a till wait for the shopper",
    ),
    "slow": ("the next answer comes three seconds late", "the next {times} answers come three seconds late"),
    "duplicate-notify": ("the next message comes twice", "the next {times} messages come twice"),
    "late-notify": ("the next message comes five minutes late", "the next {times} messages come five minutes late"),
    "out-of-order-notify": (
        "the next message waits for the one after it",
        "the next {times} messages wait for the one after them",
    ),
}


def show(verb: str, answer: Answer, console: Console) -> None:
    """Print the answer of a verb."""
    _VIEWS[verb](answer, console)


def _order(answer: Answer, console: Console) -> None:
    amount, state = _yuan(answer["amount"]), _TRADE_STATES[answer["state"]]
    console.print(_line(f"{answer['subject']}, {amount}, order {answer['out_trade_no']}: {state}."))
    console.print(_grid(_payment_rows(answer)))


def _refund(answer: Answer, console: Console) -> None:
    said = f"Refunded {_yuan(answer['refunded_now'])} of order {answer['out_trade_no']}"
    console.print(
        _line(f"{said} before, under the same number; nothing was done now." if answer["repeated"] else f"{said}.")
    )
    console.print(_grid([("refund number", answer["request_no"]), *_payment_rows(answer)]))


def _payment_rows(answer: Answer) -> Iterable[Row]:
    if "payment_state" in answer:
        tenders = [f"{_yuan(answer[name])} by {name}" for name in ("credit", "wallet") if _is_some(answer[name])]
        yield "paid", " and ".join(tenders)
        if answer["installments"]:
            fee = f"a fee of {_yuan(answer['fee'])}, borne by the {answer['fee_payer']}"
            yield "installments", f"{answer['installments']}, {fee}"
        if _is_some(answer["refunded"]):
            yield "refunded", f"{_yuan(answer['refunded'])} so far"
        yield "state", _PAYMENT_STATES[answer["payment_state"]]
    yield "trade number", answer["trade_no"]


def _statement(answer: Answer, console: Console) -> None:
    line = answer["line"]
    rows = [("wallet", _yuan(answer["wallet"]))]
    if line is None:
        rows.append(("credit line", f"none; give one: set {answer['who']} --limit 1000.00"))
    else:
        rows.append(("credit line", f"{line['state']}, {_room(line['available'], line['limit'])}"))
        if _is_some(line["committed"]):
            rows.append(("committed", f"{_yuan(line['committed'])}, not owed yet"))
        owed = _yuan(line["owed"])
        if line["payoff"] != line["owed"]:
            owed += f"; {_yuan(line['payoff'])} to pay off today, with what is earned since"
        rows.append(("owed", owed))
        if line["past_due_on"]:
            rows.append(("past due", f"since {line['past_due_on']}"))
        elif line["due_on"]:
            rows.append(("next due", line["due_on"]))
    console.print(_line(f"{answer['who'].capitalize()} on {answer['on']}"))
    console.print(_grid(rows))
    _statements(answer["statements"], console)


def _statements(statements: list[Answer], console: Console) -> None:
    if not statements:
        console.print(_line("No statement yet."))
        return
    columns = ("closed on", "due on", "charged", "minimum", "still to pay", "minimum left", "")
    table = _table(columns, numbers=range(2, 6))
    for each in statements:
        amounts = (_yuan(each[name]) for name in ("amount", "minimum", "remaining", "minimum_left"))
        table.add_row(each["closes_on"], each["due_on"], *amounts, "past due" if each["past_due"] else "")
    console.print(table)
    for each in statements:
        console.print(_line(f"{each['closes_on']}  {', '.join(_charges(each['lines'])) or 'nothing'}"))


def _charges(lines: list[Answer]) -> Iterable[str]:
    """What a statement is made of: installments by their numbers, everything else summed by what it is."""
    sums: dict[str, list[Decimal]] = {}
    for line in lines:
        number = f" {line['number']} of {line['count']}" if "count" in line else ""
        sums.setdefault(f"{line['what']}{number}", []).append(Decimal(line["amount"]))
    for what, amounts in sums.items():
        several = len(amounts) > 1 and what == "purchase"
        yield f"{len(amounts)} purchases {_yuan(sum(amounts))}" if several else f"{what} {_yuan(sum(amounts))}"


def _repay(answer: Answer, console: Console) -> None:
    whence = {"wallet": "from the wallet", "bank": "by bank transfer"}[answer["source"]]
    console.print(_line(f"Repaid {_yuan(answer['repaid'])} {whence}."))
    _statement(answer, console)


def _set(answer: Answer, console: Console) -> None:
    if answer["who"] != "shop":
        _statement(answer, console)
    elif answer["webhook"]:
        console.print(_line(f"The shop's REST webhooks go to {answer['webhook']}"))
    else:
        console.print(_line("The shop has no REST webhook; give it one: set shop --webhook http://127.0.0.1:8000/hook"))


def _auth_code(answer: Answer, console: Console) -> None:
    console.print(_line(answer["auth_code"]))
    until = f"{datetime.fromisoformat(answer['expires_at']):%H:%M:%S}"
    console.print(_line(f"Good for one order until {until} of the sandbox's clock; pays by {answer['pays_with']}."))


def _clock(answer: Answer, console: Console) -> None:
    console.print(_line(f"It is {_time(answer['now'])}."))


def _settle(answer: Answer, console: Console) -> None:
    _clock(answer, console)
    console.print(
        _line(f"The shop was paid {_yuan(answer['paid_out'])}; since the beginning {_yuan(answer['paid_out_ever'])}.")
    )


def _reset(answer: Answer, console: Console) -> None:
    console.print(_line(f"Back at the beginning, with the same keys: it is {_time(answer['now'])}."))
    if answer["webhook"]:
        console.print(_line(f"The shop's REST webhooks still go to {answer['webhook']}"))


def _fail(answer: Answer, console: Console) -> None:
    times = answer["times"]
    if times == 0:
        console.print(_line(f"Taken back: no {answer['fault']} from now on."))
        return
    once, often = _FAULTS[answer["fault"]]
    console.print(_line(f"From now on: {once if times == 1 else often.format(times=times)}."))


def _prove(answer: Answer, console: Console) -> None:
    checks = answer["checks"]
    holding = sum(check["holds"] for check in checks)
    verdict = "The books hold" if answer["holds"] else "The books do NOT hold"
    console.print(
        _line(f"{verdict}: {holding} of {len(checks)} checks.", style="green" if answer["holds"] else "bold red")
    )
    table = _table(("", "check", "what must be so"), numbers=())
    for check in checks:
        table.add_row("✓" if check["holds"] else "✗", check["name"], check["says"])
    console.print(table)
    for check in checks:
        for difference in check["differences"]:
            console.print(_line(f"{check['name']}: {difference}", style="red"))


def _bank(answer: Answer, console: Console) -> None:
    for rule in answer["rules"]:
        how = {"reject": "rejected", "return": "given back", "delay": "delayed"}[rule["effect"]]
        why = f" ({rule['code']})" if rule["code"] else ""
        after = f" after {rule['days']} days" if rule["days"] else ""
        console.print(_line(f"Orders for {rule['who']} are {how}{why}{after}."))
    for name, times in answer["wrong"].items():
        console.print(_line(f"Still to go wrong: {name}, {times} times."))
    table = _table(("", "message", "items", "state", "file"), numbers=(2,))
    for file in answer["files"]:
        table.add_row(
            "to" if file["direction"] == "out" else "from",
            file["message"][:8],
            str(file["items"]),
            file["state"],
            file["file"],
        )
    console.print(table)


_VIEWS: dict[str, Callable[[Answer, Console], None]] = {
    "pay": _order,
    "auth-code": _auth_code,
    "receive": _order,
    "refund": _refund,
    "repay": _repay,
    "statement": _statement,
    "set": _set,
    "clock": _clock,
    "settle": _settle,
    "fail": _fail,
    "bank": _bank,
    "reset": _reset,
    "prove": _prove,
}


# ── small things ──────────────────────────────────────────────────────────────────────────────────────────────────


def _line(text: str, style: str = "") -> Text:
    """Never markup: a subject may hold brackets."""
    return Text(text, style=style)


def _grid(rows: Iterable[Row]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, value in rows:
        grid.add_row(Text(f"  {name}", style="dim"), Text(value))
    return grid


def _table(columns: Iterable[str], *, numbers: Iterable[int]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    right = set(numbers)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left")
    return table


def _yuan(given: str | Decimal | int) -> str:
    amount = Decimal(given)
    return f"-¥{-amount:,.2f}" if amount < 0 else f"¥{amount:,.2f}"


def _room(available: str, limit: str) -> str:
    if available.startswith("-"):
        return f"{_yuan(available[1:])} over its limit of {_yuan(limit)}"
    return f"{_yuan(available)} of {_yuan(limit)} available"


def _is_some(text: str) -> bool:
    return Decimal(text) != 0


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"
