"""A change, as its file has it: other terms from a day on, other limits, other rules of acceptance.

It is read with the readers that the house itself takes programs and rules by, so a what-if is refused for what the real change
would be refused for. Nothing is changed: what comes out are programs and rules of another world.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec.structs import replace

from florin.credit.program import PLACES_MAX, Problem, ProgramInvalid, is_endless, with_version
from florin.credit.terms import Program
from florin.events.market import AcceptanceRule
from florin.events.refusals import Refusal
from florin.lab.whatif.live import LiveBook, program_unfit
from florin.market import Acceptance
from florin.market.change import ChangeAcceptance, changed_by
from florin.money.at import At

SCALE_MAX = 100
_WHERE = re.compile(r"(?P<problem>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
# What msgspec calls a kind of value, as whoever wrote the file would.
_KINDS = {
    "int": "a whole number, without quotes",
    "decimal": "a number, without quotes",
    "object": "a table, as in { score_below = 0.9 }",
    "str": "a text in quotes",
}
_PARTS = ("terms", "limits", "acceptance")
_UNSAID = "What if."


class ChangeInvalid(ValueError):
    """A change that cannot be tried. The text is all problems, a line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.text() for problem in self.problems))


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which lines, as they are on the day of the book; of each pair, at least `from` and less than `below`.

    score: the share of bills that somebody is expected to meet in time, 0 to 1. utilization: of the limit, a share.
    """

    score_from: Decimal | None = None
    score_below: Decimal | None = None
    utilization_from: Decimal | None = None
    utilization_below: Decimal | None = None
    days_past_due_from: int | None = None
    days_past_due_below: int | None = None
    limit_minor_from: int | None = None
    limit_minor_below: int | None = None


class LimitChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Other limits of a program's lines from a day on: exactly one of a scale (0.5 halves them), an amount for all, the most
    that any keeps. Never above the terms' highest.
    """

    program: str
    from_on: date | None = None
    scale: Decimal | None = None
    amount_minor: int | None = None
    most_minor: int | None = None
    where: Where = Where()


class TermsChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a program's terms say otherwise from a day on, as it is written."""

    program: str
    from_on: date
    stated: dict[str, str]


class AcceptanceChange(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of an ecosystem from a day on."""

    ecosystem: str
    from_on: date
    rule: AcceptanceRule


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change as it was understood, and the world that it makes. limits: in the order in which they are set, each on what
    the one before left. programs: those that it changes, with their new versions.
    """

    title: str
    terms: tuple[TermsChange, ...]
    limits: tuple[LimitChange, ...]
    acceptance: tuple[AcceptanceChange, ...]
    programs: dict[str, Program]
    accepts: Any

    def program(self, program: Program) -> Program:
        """A program as it is in the world of the change."""
        return self.programs.get(program.name, program)


def read_change(text: str, book: LiveBook, *, source: str) -> Change:
    """The change that a TOML text describes, of a book. Raises ChangeInvalid, with every problem that it has."""
    try:
        table = tomllib.loads(text, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else 0
        raise ChangeInvalid([Problem(source=source, line=line, fix=f"this is no TOML: {error}")]) from error
    problems = list(_head(table, text, source))
    if problems:
        raise ChangeInvalid(problems)
    reader = _Reader(text, source, book)
    terms = [each for index, stated in enumerate(table.get("terms", ())) for each in reader.terms(index, stated)]
    limits = [each for index, stated in enumerate(table.get("limits", ())) for each in reader.limits(index, stated)]
    rules = [
        each for index, stated in enumerate(table.get("acceptance", ())) for each in reader.acceptance(index, stated)
    ]
    if reader.problems:
        raise ChangeInvalid(reader.problems)
    return Change(
        title=table.get("title", ""),
        terms=tuple(terms),
        limits=tuple(sorted(limits, key=lambda each: each.from_on or book.on)),
        acceptance=tuple(rules),
        programs=reader.programs,
        accepts=reader.accepts,
    )


def no_change(book: LiveBook) -> Change:
    """Nothing is changed."""
    return Change(title="", terms=(), limits=(), acceptance=(), programs={}, accepts=book.acceptance)


def _head(table: Mapping[str, Any], text: str, source: str) -> Iterator[Problem]:
    for field in table:
        if field not in ("title", *_PARTS):
            close = get_close_matches(field, _PARTS, n=1)
            fix = f"write [[terms]], [[limits]] or [[acceptance]]{f'; perhaps `{close[0]}`' if close else ''}"
            yield Problem(source=source, line=_line(text, "", 0, field), field=field, fix=fix)
    if not isinstance(table.get("title", ""), str):
        yield Problem(source=source, field="title", fix="write a text in quotes")
    for part in _PARTS:
        stated = table.get(part, [])
        if not isinstance(stated, list) or not all(isinstance(each, dict) for each in stated):
            yield Problem(source=source, line=_line(text, "", 0, part), field=part, fix=f"write it as [[{part}]]")
    if not any(table.get(part) for part in _PARTS):
        yield Problem(source=source, fix="it changes nothing: write [[terms]], [[limits]] or [[acceptance]]")


class _Reader:
    """Reads part after part, and keeps what is wrong and what the world is by then."""

    def __init__(self, text: str, source: str, book: LiveBook) -> None:
        self.text, self.source, self.book = text, source, book
        self.problems: list[Problem] = []
        self.programs: dict[str, Program] = {}
        self.accepts: Acceptance = book.acceptance
        self._places: set[tuple[date, str, str, str, str]] = set()
        self._known = {portfolio.program.name: portfolio.program for portfolio in book.portfolios}

    def terms(self, index: int, stated: dict[str, Any]) -> Iterator[TermsChange]:
        program, from_on = self._program("terms", index, stated), self._from_on("terms", index, stated)
        if program is None or from_on is None:
            return
        fields = {name: value for name, value in stated.items() if name not in ("program", "from_on")}
        if not fields:
            self._wrong("terms", index, "", None, "it changes no term: write one, as in the program's own file")
            return
        as_versions = re.sub(r"(?m)^(\s*\[+\s*)terms\b", r"\1versions", self.text)
        try:
            changed = with_version(
                program, {**fields, "from_on": from_on}, text=as_versions, source=self.source, index=index
            )
        except ProgramInvalid as error:
            self.problems += [replace(problem, version=0) for problem in error.problems]
            return
        if what := program_unfit(changed, self.book.on):
            self._wrong("terms", index, "", None, f"it cannot be computed for many people at once: {what}")
            return
        self.programs[program.name] = changed
        yield TermsChange(program=program.name, from_on=from_on, stated={name: _said(v) for name, v in fields.items()})

    def limits(self, index: int, stated: dict[str, Any]) -> Iterator[LimitChange]:
        program, from_on = self._program("limits", index, stated), self._from_on("limits", index, stated)
        if program is None or from_on is None:
            return
        try:
            change = msgspec.convert({**stated, "from_on": from_on}, LimitChange)
        except msgspec.ValidationError as error:
            self._mistyped("limits", index, error)
            return
        ways = [name for name in ("scale", "amount_minor", "most_minor") if getattr(change, name) is not None]
        if len(ways) != 1:
            fix = "write one of `scale`, `amount_minor` and `most_minor`"
            self._wrong("limits", index, ways[0] if ways else "scale", None, fix)
            return
        if list(self._endless(index, change)):
            return
        highest = program.terms_on(from_on).limit_minor_max
        most, value = {"scale": Decimal(SCALE_MAX)}.get(ways[0], highest), getattr(change, ways[0])
        if not 0 <= value <= most:
            self._wrong("limits", index, ways[0], value, f"write a number from 0 to {most}")
            return
        yield from () if list(self._where_wrong(index, change.where)) else (change,)

    def acceptance(self, index: int, stated: dict[str, Any]) -> Iterator[AcceptanceChange]:
        program, from_on = self._program("acceptance", index, stated), self._from_on("acceptance", index, stated)
        if program is None or from_on is None:
            return
        owner = self.accepts.owner_of(program.name)
        if owner is None:
            fix = "no ecosystem of this house owns it, so it is accepted everywhere: add one by `florin market add`"
            self._wrong("acceptance", index, "program", program.name, fix)
            return
        reasons = {name: stated.get(name) or _UNSAID for name in ("reason_en", "reason_zh")}
        if stated.get("answer") == "none":
            reasons = {}
        try:
            rule = msgspec.convert({**{n: v for n, v in stated.items() if n != "from_on"}, **reasons}, AcceptanceRule)
        except msgspec.ValidationError as error:
            self._mistyped("acceptance", index, error)
            return
        place = (from_on, rule.program, rule.market, rule.category, rule.channel)
        if place in self._places:
            self._wrong(
                "acceptance", index, "", None, "a part above says of this place what holds from this day: leave one"
            )
            return
        self._places.add(place)
        command = ChangeAcceptance(ecosystem=owner.name, from_on=from_on, rules=(rule,), reason=_UNSAID)
        changed = changed_by(command, self.accepts, _at(self.book.on))
        if isinstance(changed, Refusal):
            self._wrong("acceptance", index, "", None, changed.sentence().rstrip("."))
            return
        self.accepts = changed
        yield AcceptanceChange(ecosystem=owner.name, from_on=from_on, rule=rule)

    def _program(self, part: str, index: int, stated: dict[str, Any]) -> Program | None:
        name = stated.get("program")
        if isinstance(name, str) and name in self._known:
            return self.programs.get(name, self._known[name])
        left = next((each for each in self.book.left_out if each.program == name), None)
        known = ", ".join(sorted(self._known)) or "none"
        fix = f"programs of this book that can be lived on are {known}"
        if left is not None:
            fix = f"its {left.lines} lines cannot be lived on ({left.why}); {fix}"
        self._wrong(part, index, "program", name, fix)
        return None

    def _from_on(self, part: str, index: int, stated: dict[str, Any]) -> date | None:
        from_on = stated.get("from_on", self.book.on)
        if type(from_on) is date and from_on >= self.book.on:
            return from_on
        self._wrong(part, index, "from_on", from_on, f"write a day from {self.book.on} on, the day of the book")
        return None

    def _endless(self, index: int, change: LimitChange) -> Iterator[None]:
        shares = {"scale": change.scale, **msgspec.structs.asdict(change.where)}
        for name, value in shares.items():
            if isinstance(value, Decimal) and is_endless(value):
                self._wrong("limits", index, name, None, f"write a number of {PLACES_MAX} places or less")
                yield

    def _where_wrong(self, index: int, where: Where) -> Iterator[None]:
        for name in ("score", "utilization", "days_past_due", "limit_minor"):
            least, below = getattr(where, f"{name}_from"), getattr(where, f"{name}_below")
            if least is not None and least < 0:
                self._wrong("limits", index, f"{name}_from", least, "write zero or more")
                yield
            elif below is not None and below <= (least or 0):
                self._wrong(
                    "limits", index, f"{name}_below", below, f"write more than {least or 0}, or nobody is meant"
                )
                yield

    def _mistyped(self, part: str, index: int, error: msgspec.ValidationError) -> None:
        match = _WHERE.fullmatch(str(error))
        assert match is not None
        problem, path = match["problem"], (match["path"] or "").lstrip(".")
        if named := re.search(r"(unknown|missing required) field `(\w+)`", problem):
            fix = "there is no such field" if named[1] == "unknown" else "it is missing"
            self._wrong(part, index, named[2], None, fix)
            return
        if kinds := re.fullmatch(r"Expected `(\w+)[^`]*`, got .*", problem):
            problem = f"write {_KINDS.get(kinds[1], kinds[1])}"
        elif problem.startswith("Invalid enum value"):
            problem = f"write one of {', '.join(map(_said, get_args(get_type_hints(AcceptanceRule)[path])))}"
        self._wrong(part, index, path.rpartition(".")[2], None, f"{problem[:1].lower()}{problem[1:]}")

    def _wrong(self, part: str, index: int, field: str, value: Any, fix: str) -> None:
        line = _line(self.text, part, index, field)
        said = "" if value is None else _said(value)
        self.problems.append(Problem(source=self.source, line=line, field=field, value=said, fix=fix))


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(f"{text} is no number that a change could have")
    return number


def _at(on: date) -> At:
    return At(on=on, instant=datetime.combine(on, time(), UTC))


def _said(value: Any) -> str:
    """A value as a file would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value[:60]}"'
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_said(each)}' for name, each in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_said, value))}]"
    return (f"{value:f}" if isinstance(value, Decimal) else str(value))[:60]


def _line(text: str, part: str, index: int, field: str) -> int:
    """The line of a field below the heading [[part]] number `index`; of the heading where it has none; 0: nowhere."""
    heading, found = 0, -1
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r"\s*\[", line):
            found += re.match(rf"\s*\[\[\s*{part}\s*\]\]", line) is not None if part else 0
            if found == index and not heading and part:
                heading = number
        inside = found == index if part else True
        if inside and field and re.search(rf"(^|[\s{{,\[])\"?{re.escape(field)}\"?\s*[\]=.]", line.split("#", 1)[0]):
            return number
    return heading
