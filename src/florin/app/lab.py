"""`florin lab`: the lab's experiments, in a terminal, as JSON, and as a page that opens without a server.

Nothing here touches a house: no data folder, no database, no clock. The same seed and size give the same answer.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from florin.app.house import JsonOption, group, say_table
from florin.app.lab_chart import drawn
from florin.lab import experiments
from florin.lab.calibration import NothingAllowed, kept_text
from florin.lab.calibration import calibrate as calibrate_draws
from florin.lab.experiments import Experiment, Progress, Size
from florin.lab.experiments.drawing import used
from florin.lab.experiments.published import STUDIES
from florin.lab.quantity import LANGUAGES, Interval, Language, Unit, written
from florin.lab.report import Entry, page
from florin.lab.result import Holds, Result, Verdict, from_json, to_json
from florin.lab.result import Table as Figures
from florin.lab.sensitivity import ExtraMissing as LibraryMissing
from florin.lab.world import MONTHS_MAX
from florin.store import StoreRefusal

if TYPE_CHECKING:
    from florin.lab.study import Study

_WITH_ENDS = re.compile(r"^([^()]+) (\([^()]+ … [^()]+\))$")  # an interval, or text that tells one
_WIDTH_MAX, _WIDTH_WITHOUT_TERMINAL = 120, 100
_SEED = 11

app = group("The lab: who gains when an ecosystem lends. Experiments on simulated people, by the engine's own rules.")

# What JSON's readers keep exactly; fewer people tell nothing, more of them or of draws is a week's work.
_SEED_MAX = 2**53 - 1
_PEOPLE_MIN, _PEOPLE_MAX, _DRAWS_MAX = 100, 100_000, 1_000

SeedOption = Annotated[int, typer.Option("--seed", min=0, max=_SEED_MAX, help="Equal seeds give equal answers.")]
PeopleOption = Annotated[
    int | None,
    typer.Option("--people", min=_PEOPLE_MIN, max=_PEOPLE_MAX, help="How many people; else as many as it asks for."),
]
MonthsOption = Annotated[
    int | None, typer.Option("--months", min=1, max=MONTHS_MAX, help="How many months they live; else its own.")
]
DrawsOption = Annotated[
    int | None,
    typer.Option("--draws", min=1, max=_DRAWS_MAX, help="How often the parameters are drawn; else its own."),
]


class LanguageOption(StrEnum):
    EN = "en"
    ZH = "zh"


class ExperimentUnknown(StoreRefusal):
    def __init__(self, *, name: str) -> None:
        known = ", ".join(experiments.EXPERIMENTS) or "none yet"
        super().__init__(
            f"There is no experiment {name[:80]}.", f"There are {known}; `florin lab list` says what each asks."
        )


class ExtraMissing(StoreRefusal):
    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"{name} needs SALib and scipy, which are not installed.", "Install Florin with its extra: florin[lab]."
        )


class ResultUnreadable(StoreRefusal):
    def __init__(self, *, file: Path, why: str) -> None:
        super().__init__(
            f"{file} is no result of the lab: {why}.", "Make one with `florin lab run NAME --json > FILE`."
        )


class CalibrationFailed(StoreRefusal):
    def __init__(self, *, why: str) -> None:
        super().__init__(why, "Try more draws with --tries; or widen what presets/lab/calibration.toml allows.")


class PageNotWritten(StoreRefusal):
    def __init__(self, *, file: Path, why: str) -> None:
        super().__init__(f"{file} could not be written: {why}.", "Name a file in a folder that you may write to.")


class DrawsTooFew(StoreRefusal):
    def __init__(self, *, name: str, draws: int, least: int) -> None:
        super().__init__(
            f"{name} cannot say how sure its numbers are by --draws {draws}: an interval needs {least}.",
            f"Ask for {least} draws or more, better 10; or leave --draws out.",
        )


class ResultTwice(StoreRefusal):
    def __init__(self, *, name: str, files: list[Path]) -> None:
        super().__init__(
            f"{name} stands in {' and in '.join(str(file) for file in files)}.", "Name one result of each experiment."
        )


@app.command("list")
def list_experiments(as_json: JsonOption = False) -> None:
    """The experiments, in the order of the argument, and what each asks."""
    known = experiments.EXPERIMENTS.values()
    say_table(
        as_json,
        [{"name": each.name, "title_en": each.title_en, "title_zh": each.title_zh,
          "asks_en": each.asks_en, "asks_zh": each.asks_zh, "part": each.part} for each in known],
        ("experiment", "title", "", "asks"),
        [(each.name, each.title_en, each.title_zh, each.asks_en) for each in known],
    )  # fmt: skip


@app.command()
def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of `florin lab list`.")],
    seed: SeedOption = _SEED,
    people: PeopleOption = None,
    months: MonthsOption = None,
    draws: DrawsOption = None,
    language: Annotated[LanguageOption, typer.Option("--language", help="Of what is printed.")] = LanguageOption.EN,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as a page, too.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Run one experiment: a table, a chart and a paragraph; where the model fails stands below them."""
    experiment = _known(name)
    size = _sized(people, months, draws, [experiment])
    if html is not None:
        check_writable(html)
    began = time.monotonic()
    try:
        with _watched() as progress:
            result = experiment.run(seed=seed, size=size, progress=progress(experiment))
    except LibraryMissing:
        raise ExtraMissing(name=name) from None
    if html is not None:
        _write(html, [Entry(experiment, result)])
    if as_json:
        typer.echo(to_json(result))
        return
    console = Console(highlight=False, width=_width())
    console.print(told(result, width=console.width, language=LANGUAGES[language is LanguageOption.ZH]))
    typer.echo(f"{time.monotonic() - began:.1f} s", err=True)


@app.command()
def calibrate(
    seed: SeedOption = 1,
    people: Annotated[
        int, typer.Option("--people", min=_PEOPLE_MIN, max=_PEOPLE_MAX, help="How many people each draw is tried on.")
    ] = 6_000,
    months: Annotated[
        int, typer.Option("--months", min=7, max=MONTHS_MAX, help="How long they live; late debts take half a year.")
    ] = 13,
    tries: Annotated[int, typer.Option("--tries", min=1, help="How many draws of the parameters are tried.")] = 140,
    out: Annotated[Path, typer.Option("--out", help="The file of kept draws to write.")] = Path("kept.toml"),
) -> None:
    """Draw the parameters and keep what the facts allow; the lab's own draws are a file that this made."""
    check_writable(out)
    with _watched() as progress:
        heard = progress(experiments.EXPERIMENTS["calibration"])
        try:
            found = calibrate_draws(seed=seed, people=people, months=months, tries=tries, progress=heard)
        except NothingAllowed as refused:
            raise CalibrationFailed(why=str(refused)) from refused
    write_whole(out, kept_text(found).encode())
    typer.echo(f"{len(found.draws)} of {tries} draws are allowed by the facts; they are in {out}.")


@app.command()
def report(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Results of `florin lab run --json`; else all experiments are run."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The page to write.")] = Path("florin-lab.html"),
    seed: SeedOption = _SEED,
    people: PeopleOption = None,
    months: MonthsOption = None,
    draws: DrawsOption = None,
) -> None:
    """Write every experiment on one page, in Chinese and English, that opens without a server or a network."""
    check_writable(out)
    began = time.monotonic()
    if files:
        entries = _read_all(files)
    else:
        size = _sized(people, months, draws, experiments.EXPERIMENTS.values())
        with _watched() as progress:
            entries = list(_run_all(seed, size, progress))
    _write(out, entries)
    typer.echo(f"{time.monotonic() - began:.1f} s", err=True)


def _sized(people: int | None, months: int | None, draws: int | None, asked: Iterable[Experiment]) -> Size:
    """The size that was asked for. Raises DrawsTooFew: before the work, not after the first hour of it."""
    for each in asked:
        if draws is not None and draws < each.draws_min:
            raise DrawsTooFew(name=each.name, draws=draws, least=each.draws_min)
    return Size(people=people, months=months, draws=draws)


def _run_all(seed: int, size: Size, progress: _Watcher) -> Iterator[Entry]:
    """Every experiment; one whose libraries are not installed is left out, and it is said."""
    for each in experiments.EXPERIMENTS.values():
        began = time.monotonic()
        try:
            yield Entry(each, each.run(seed=seed, size=size, progress=progress(each)))
        except LibraryMissing:
            refusal = ExtraMissing(name=each.name)
            typer.echo(f"{each.name} is left out: {refusal.problem} {refusal.remedy}", err=True)
        else:
            typer.echo(f"{each.name}: {time.monotonic() - began:.1f} s", err=True)


def _known(name: str) -> Experiment:
    experiment = experiments.EXPERIMENTS.get(name)
    if experiment is None:
        raise ExperimentUnknown(name=name)
    return experiment


def _read_all(files: list[Path]) -> list[Entry]:
    """Kept results in the order of the argument. Raises ResultTwice, and as `_read`."""
    found: dict[str, tuple[Path, Entry]] = {}
    for file in files:
        entry = _read(file)
        name = entry.experiment.name
        if name in found:
            raise ResultTwice(name=name, files=[found[name][0], file])
        found[name] = file, entry
        if entry.experiment is not STUDIES and entry.result.parameters.digest != used().digest:
            typer.echo(f"{file} was made with other parameters than this version draws; run it again.", err=True)
    return [found[name][1] for name in experiments.EXPERIMENTS if name in found]


def _read(file: Path) -> Entry:
    """A result that was kept as JSON. Raises ResultUnreadable, ExperimentUnknown."""
    try:
        result = from_json(file.read_bytes())
    except OSError as error:
        raise ResultUnreadable(file=file, why=error.strerror or "it cannot be opened") from None
    except msgspec.DecodeError as error:
        raise ResultUnreadable(file=file, why=str(error)) from None
    return Entry(_known(result.name), result)


def _write(file: Path, entries: list[Entry]) -> None:
    """Write the page and say where. Raises PageNotWritten."""
    text = page(entries).encode()
    write_whole(file, text)
    count = len(entries)
    many = "1 experiment" if count == 1 else f"{count} experiments"
    typer.echo(f"{file}: {many}, {len(text) / 1e6:.1f} MB. Open it in a browser; it needs no server.", err=True)


def check_writable(file: Path) -> None:
    """Before minutes of work, not after them. Raises PageNotWritten."""
    folder = file.parent
    if not folder.is_dir():
        raise PageNotWritten(file=file, why=f"there is no folder {folder}")
    if file.is_dir():
        raise PageNotWritten(file=file, why="it is a folder")
    if not os.access(folder, os.W_OK):
        raise PageNotWritten(file=file, why=f"the folder {folder} is not open to you")


def write_whole(file: Path, text: bytes) -> None:
    """All of it or nothing: an older file stands until the new one is whole. Raises PageNotWritten."""
    half = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        half.write_bytes(text)
        half.replace(file)
    except OSError as error:
        raise PageNotWritten(file=file, why=error.strerror or "the system refused") from None
    finally:
        half.unlink(missing_ok=True)


class StudyUnusable(StoreRefusal):
    def __init__(self, problems: tuple[str, ...]) -> None:
        many = "this problem" if len(problems) == 1 else f"these {len(problems)} problems"
        super().__init__(
            "\n".join(problems), f"Mend {many} and run it again; docs/reference/lab-studies.md explains each field."
        )


class StudyNotEstimable(StoreRefusal):
    def __init__(self, *, name: str, why: str) -> None:
        super().__init__(
            f"{name} cannot be answered by these people: {why}.", "Ask for more people or months, or filter fewer out."
        )


@app.command()
def study(
    spec: Annotated[str, typer.Argument(metavar="SPEC.toml", help="A study's file, or the name of a preset.")],
    people: Annotated[int | None, typer.Option("--people", min=100, help="How many people; else its own.")] = None,
    draws: Annotated[int | None, typer.Option("--draws", min=0, help="Draws of the parameters; else its own.")] = None,
    drivers: Annotated[bool, typer.Option(help="Say which parameters drive the answer, which takes longest.")] = True,
    language: Annotated[LanguageOption, typer.Option("--language", help="Of what is printed.")] = LanguageOption.EN,
    as_json: JsonOption = False,
) -> None:
    """Ask the lab's people what a published study asked, by its own method, and compare with what it found."""
    try:
        from florin.lab.estimators import NotEstimable
        from florin.lab.study import StudyInvalid, load_study, run_study, sized
    except ModuleNotFoundError as error:
        raise ExtraMissing(name=spec) from error
    began = time.monotonic()
    try:
        asked = sized(load_study(spec), people=people, draws=draws, drivers=drivers)
        with _watched() as progress:
            result = run_study(asked, processes=os.cpu_count() or 1, progress=progress(asked))
    except StudyInvalid as error:
        raise StudyUnusable(error.problems) from None
    except NotEstimable as error:
        raise StudyNotEstimable(name=spec, why=str(error)) from None
    if as_json:
        typer.echo(to_json(result))
        return
    console = Console(highlight=False, width=_width())
    console.print(told(result, width=console.width, language=LANGUAGES[language is LanguageOption.ZH]))
    typer.echo(f"{time.monotonic() - began:.1f} s", err=True)


def told(result: Result, *, width: int, language: Language) -> RenderableType:
    """All of a result for a terminal: findings, tables, charts, paragraphs, caveats, and what makes it again."""
    parts: list[RenderableType] = [Text(result.title.of(language), style="bold underline"), ""]
    if result.verdict is not None:
        parts += [_verdict(result.verdict, language), ""]
    for finding in result.findings:
        text = Text(f"{finding.title.of(language)}: ")
        parts.append(text.append(written(finding.value, finding.unit, language), style="bold"))
    if result.findings:
        parts.append("")
    for table in result.tables:
        parts += [_table(table, width, language), ""]
    for chart in result.charts:
        parts += [drawn(chart, width=width, language=language), ""]
    for paragraph in result.paragraphs:
        parts += [Text(paragraph.of(language)), ""]
    parts.append(Text({"en": "Where the model fails", "zh": "模型的局限"}[language], style="bold"))
    caveats = Table.grid(padding=(0, 1))
    for caveat in result.caveats:
        caveats.add_row("–", Text(caveat.of(language)))
    parts.append(caveats)
    return Group(*parts, "", Text(_made_by(result), style="dim"))


def _made_by(result: Result) -> str:
    if result.command:
        return f"{result.command}, digest of all that went in {result.parameters.digest}"
    changed = "".join(f", {each.name} = {each.value} (else {each.default})" for each in result.parameters.changed)
    return (
        f"seed {result.seed}, {result.people:,} people × {result.months} months × {result.draws:,} draws, "
        f"parameters {result.parameters.digest[:12]}{changed}"
    )


def _verdict(verdict: Verdict, language: Language) -> Text:
    words = {
        "en": {Holds.SUPPORTED: "supported", Holds.REJECTED: "rejected", Holds.UNDECIDED: "undecided"},
        "zh": {Holds.SUPPORTED: "成立", Holds.REJECTED: "不成立", Holds.UNDECIDED: "尚无定论"},
    }[language]
    styles = {Holds.SUPPORTED: "bold green", Holds.REJECTED: "bold red", Holds.UNDECIDED: "bold yellow"}
    found = written(verdict.found, verdict.unit, language)
    bar = written(Interval.sure(verdict.threshold), verdict.unit, language)
    text = Text(f"{verdict.claim.of(language)} ")
    text.append(words[verdict.holds], style=styles[verdict.holds])
    measure = verdict.measure.of(language)
    seen = {"en": f"  {measure}: {found}; asked: above {bar}.", "zh": f"  {measure}：{found}；判据：高于 {bar}。"}[
        language
    ]
    return text.append(seen, style="dim")


def _table(table: Figures, width: int, language: Language) -> RenderableType:
    """In one line a row where that fits; else an interval's ends stand below its middle."""
    wide = _filled(table, language, folded=False)
    measured = Measurement.get(Console(width=1_000), Console(width=1_000).options, wide).maximum
    return wide if measured <= width else _filled(table, language, folded=True)


def _filled(table: Figures, language: Language, *, folded: bool) -> Table:
    filled = Table(
        title=Text(table.title.of(language)), title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    for column in table.columns:
        left = column.unit is Unit.TEXT
        filled.add_column(column.title.of(language), justify="left" if left else "right", overflow="fold")
    for row in table.rows:
        cells = [written(cell, column.unit, language) for cell, column in zip(row, table.columns, strict=True)]
        filled.add_row(*(Text(_WITH_ENDS.sub(r"\1\n\2", cell) if folded else cell) for cell in cells))
    return filled


@contextmanager
def _watched() -> Iterator[_Watcher]:
    """A bar on the standard error for each experiment; nothing where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = ProgressBar(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with bar:
        yield _Watcher(bar)


class _Watcher:
    """Gives each experiment a bar of its own."""

    def __init__(self, bar: ProgressBar) -> None:
        self._bar = bar

    def __call__(self, experiment: Experiment | Study) -> Progress:
        task = self._bar.add_task(experiment.name, total=None)

        def heard(done: int, of: int, step: str = "") -> None:
            description = f"{experiment.name}  {step}" if step else experiment.name
            self._bar.update(task, completed=done, total=of, description=description)

        return heard


def _width() -> int | None:
    if not sys.stdout.isatty():
        return _WIDTH_WITHOUT_TERMINAL
    return min(Console().width, _WIDTH_MAX)
