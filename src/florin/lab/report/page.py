"""One HTML page of results: words, numbers and tables here; the charts are drawn from the records it carries.

Everything is said in both languages, each in an element with its `lang`; the style sheet shows one of them. Nothing is fetched:
the page's own policy forbids it.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

import msgspec

from florin.lab.chart import Chart, Game
from florin.lab.experiments.experiment import Experiment, Part
from florin.lab.grid import Grid
from florin.lab.quantity import LANGUAGES, Cell, Interval, Unit, Words, number, written
from florin.lab.report.numbers import tables_of
from florin.lab.result import Finding, Holds, Result, Table, Verdict
from florin.money import MILLION

_HOLDS = {
    Holds.SUPPORTED: Words("Supported", "成立"),
    Holds.REJECTED: Words("Rejected", "不成立"),
    Holds.UNDECIDED: Words("Undecided", "尚无定论"),
}
_TITLE = Words("Who gains when an ecosystem lends", "生态放贷，谁受益")
_ARGUMENT = (
    Words(
        "With commerce of its own, an issuer kills several birds with one stone: shoppers buy before pay day, shops sell more, "
        "and banks and card companies stay out of the mall.",
        "有自己的商业，放贷就一石数鸟：顾客不等发薪就能买，商家卖得更多，银行和卡组织被挡在商城之外。",
    ),
    Words(
        "Without commerce, most of what credit creates goes to shoppers and shops; who lends there keeps a third party's fee, "
        "and has sewn somebody else's wedding dress.",
        "没有商业，信用带来的好处大半归了顾客和商家；放贷的只留下第三方的手续费，为他人作嫁衣裳。",
    ),
    Words(
        "That is said to be the main reason why Alibaba and JD lend at checkout, and why the largest messenger, with more than "
        "a billion users, long did not follow.",
        "据说，这正是阿里、京东在收银台放贷，而坐拥十多亿用户的最大社交平台迟迟没有跟进的主要原因。",
    ),
)
_EXPLAINED = "docs/explanation/lab.md"
_EQUATIONS = Words("The model in one page", "一页看懂模型")
_ROWS_AT_ONCE = 20
_WITH_ENDS = re.compile(r"([^()]+) \(([^()]+ … [^()]+)\)")
_PERCENT, _MINUS = re.compile(r"(?<=\d) %"), re.compile(r"−(?=¥)")


@dataclass(frozen=True, slots=True)
class Entry:
    """An experiment with what came out of it."""

    experiment: Experiment
    result: Result


@dataclass(frozen=True, slots=True)
class Opening:
    """What a page begins with: its title, and sentences. command: what makes the page again."""

    title: Words
    sentences: tuple[Words, ...]
    command: str


def page(entries: Sequence[Entry], opening: Opening | None = None) -> str:
    """The page. entries: in the order of the argument; what the answers stand on comes after the questions by itself.

    opening: None is the lab's argument, and the model's equations stand behind all experiments.
    """
    begins = opening or Opening(_TITLE, _ARGUMENT, "florin lab report")
    questions = [entry for entry in entries if entry.experiment.part is Part.QUESTION]
    grounds = [entry for entry in entries if entry.experiment.part is Part.GROUND]
    ordered = [*questions, *grounds]
    body = "".join(
        (
            _opening(questions, begins),
            _contents(ordered, equations=opening is None),
            "<main>",
            *(_section(entry, at + 1) for at, entry in enumerate(questions)),
            _grounds_heading() if grounds else "",
            *(_section(entry, at + 1 + len(questions)) for at, entry in enumerate(grounds)),
            _own("equations.html") if opening is None else "",
            "</main>",
            _foot(begins.command),
        )
    )
    title = f"{escape(begins.title.en)} · {escape(begins.title.zh)}"
    return _skeleton().replace("<!--title-->", title, 1).replace("<!--body-->", body, 1)


@cache
def _skeleton() -> str:
    """The page without what it says: policy, style, libraries, script."""
    scripts = (_unpacked("d3.min.js.gz"), _unpacked("plot.umd.min.js.gz"), _own("page.js"))
    return _own("page.html").replace("/*style*/", _own("page.css"), 1).replace(
        "<!--scripts-->", "".join(f"<script>{script}</script>\n" for script in scripts), 1
    )  # fmt: skip


def _own(name: str) -> str:
    return files("florin.lab.report").joinpath(name).read_text("utf-8")


def _unpacked(name: str) -> str:
    return gzip.decompress(files("florin.lab.report").joinpath("vendor", name).read_bytes()).decode()


def _said(words: Words, element: str = "span") -> str:
    """The same in both languages; the style sheet shows one. No line ends between a number and its sign."""
    en, zh = (_MINUS.sub("−\u2060", _PERCENT.sub("\u00a0%", escape(text))) for text in (words.en, words.zh))
    if en == zh:
        return f"<{element}>{en}</{element}>"
    return f'<{element} lang="en">{en}</{element}><{element} lang="zh">{zh}</{element}>'


def _two(en: str, zh: str, element: str = "span") -> str:
    return _said(Words(en, zh), element)


def _opening(questions: Sequence[Entry], opening: Opening) -> str:
    verdicts = "".join(
        _verdict(entry.result.verdict, entry.result.name) for entry in questions if entry.result.verdict is not None
    )
    argument = "".join(f"<p>{_said(sentence)}</p>" for sentence in opening.sentences)
    told = f'<div class="verdicts">{verdicts}</div>' if verdicts else ""
    return (
        '<header class="opening"><p class="kicker">'
        + _two("Florin · the lab", "Florin · 实验室")
        + "</p><h1>"
        + _said(opening.title)
        + f'</h1><div class="argument">{argument}</div>'
        + f'<p class="lede">{_two("What the numbers say:", "数字怎么说：")}</p>' * bool(verdicts)
        + f"{told}</header>"
    )


def _verdict(verdict: Verdict, leads_to: str = "") -> str:
    """A claim, whether it holds, and its interval beside the threshold on one scale. leads_to: where it was found."""
    found = verdict.found
    ends = (found.low, found.high, verdict.threshold)
    of_a_whole = verdict.unit in (Unit.SHARE, Unit.PPM) and min(ends) >= 0 and max(ends) <= MILLION
    low, high = (0, MILLION) if of_a_whole else (min(ends), max(ends))
    room = 0 if of_a_whole else (high - low) // 12

    def at(value: int) -> str:
        return f"{(value - low + room) * 100 / max(high - low + 2 * room, 1):.2f}%"

    width = f"{(found.high - found.low) * 100 / max(high - low + 2 * room, 1):.2f}%"
    threshold = _numbers(verdict.threshold, verdict.unit)
    measure = Words(f"{verdict.measure.en}: ", f"{verdict.measure.zh}：")
    asked = Words(f"; must lie above {threshold.en}", f"；须高于 {threshold.zh}")
    claim = _said(verdict.claim)
    if leads_to:
        claim = f'<a href="#{escape(leads_to)}">{claim}</a>'
    return (
        f'<section class="verdict {verdict.holds}"><p class="holds">{_said(_HOLDS[verdict.holds])}</p>'
        f"<p class=claim>{claim}</p>"
        f'<div class="gauge" aria-hidden="true"><i class="threshold" style="left:{at(verdict.threshold)}"></i>'
        f'<i class="band" style="left:{at(found.low)};width:{width}"></i>'
        f'<i class="mid" style="left:{at(found.mid)}"></i></div>'
        f"<p class=measure>{_said(measure)}{_value(found, verdict.unit)}{_said(asked)}</p></section>"
    )


def _contents(entries: Sequence[Entry], *, equations: bool) -> str:
    places = [(entry.result.name, entry.result.title) for entry in entries]
    places += [("equations", _EQUATIONS)] if equations else []
    items = "".join(f'<li><a href="#{escape(name)}">{_said(title)}</a></li>' for name, title in places)
    return f'<nav class="contents" aria-label="Contents 目录"><ol>{items}</ol></nav>'


def _grounds_heading() -> str:
    return (
        '<header class="grounds"><h2>'
        + _two("What the answers stand on", "结论的依据")
        + "</h2><p>"
        + _two(
            "What was assumed, what was aimed at and reached, and which assumption moves the answers most.",
            "假设了什么，以什么为目标、达到了多少，哪个假设最能左右结论。",
        )
        + "</p></header>"
    )


def _section(entry: Entry, place: int) -> str:
    result, experiment = entry.result, entry.experiment
    asks = Words(experiment.asks_en, experiment.asks_zh)
    name = escape(result.name)
    return "".join(
        (
            f'<section class="experiment" id="{name}" aria-labelledby="{name}-title">',
            f'<p class="kicker">{place:02d} · <code>{name}</code></p><h2 id="{name}-title">{_said(result.title)}</h2>',
            f'<p class="asks">{_said(asks)}</p>' if asks.en else "",
            _verdict(result.verdict) if result.verdict is not None else "",
            _findings(result.findings),
            *(f"<p>{_said(paragraph)}</p>" for paragraph in result.paragraphs),
            *(_figure(chart, f"{name}-{at}") for at, chart in enumerate(result.charts)),
            _what_if(result.grid, name) if result.grid is not None else "",
            *(_folded(table, opened=not result.charts or bool(result.command)) for table in result.tables),
            _caveats(result.caveats),
            _made_by(result),
            "</section>",
        )
    )


def _findings(findings: Iterable[Finding]) -> str:
    tiles = "".join(
        f"<div><dt>{_said(each.title)}</dt><dd>{_value(each.value, each.unit)}</dd></div>" for each in findings
    )
    return f'<dl class="findings">{tiles}</dl>' if tiles else ""


def _figure(chart: Chart, name: str) -> str:
    """A drawing for the eye, with its numbers below for everybody; a game is a table already."""
    title = f'<figcaption id="{name}-caption">{_said(chart.title)}</figcaption>'
    numbers = "".join(_table(table) for table in tables_of(chart))
    if isinstance(chart, Game):
        return f'<figure class="game">{title}{_game(chart)}</figure>'
    return (
        f'<figure class="chart" id="{name}">{title}<div class="drawing"></div>'
        f'<script type="application/json">{_embedded(chart)}</script>'
        f"<details><summary>{_two('The numbers', '数据')}</summary>{numbers}</details></figure>"
    )


def _game(chart: Game) -> str:
    """Each equilibrium a row: who does what and gets what, and a bar for its share of the draws with its interval."""
    heads = "".join(f'<th scope="col">{_said(player)}</th>' for player in chart.players)
    rows = []
    for each in chart.equilibria:
        cells = "".join(
            f"<td><b>{_said(does)}</b><br><small>{_value(payoff, chart.payoff.unit)}</small></td>"
            for does, payoff in zip(each.does, each.payoffs, strict=True)
        )
        share = each.probability
        left, width = share.low / 10_000, (share.high - share.low) / 10_000
        bar = (
            f'<div class="share" aria-hidden="true"><i style="width:{share.mid / 10_000:.2f}%"></i>'
            f'<b style="left:{left:.2f}%;width:{width:.2f}%"></b></div>'
        )
        rows.append(f"<tr><td>{bar}{_value(share, Unit.SHARE)}</td>{cells}</tr>")
    share_title = _two("share of the draws", "占抽样")
    return (
        f'<div class="scroll"><table><thead><tr><th scope="col">{share_title}</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div><p class=note>{_said(chart.payoff.title)}</p>"
    )


def _what_if(grid: Grid, name: str) -> str:
    """The sliders' place; the script fills it. Without one there is nothing to move, and it says so."""
    return (
        f'<section class="what-if" aria-labelledby="{name}-what-if"><h3 id="{name}-what-if">'
        + _two("What if you owned more of it?", "如果自有得更多呢？")
        + "</h3><p>"
        + _two("Of each ¥100 of ", "每 ¥100 ")
        + _said(grid.about)
        + _two(
            ", what would you keep? Choose a house to begin from, then move what you doubt.",
            "中，你能留下多少？先选一家作起点，再拨动你怀疑的数。",
        )
        + f'</p><div class="bench"></div><script type="application/json">{_embedded(grid)}</script><noscript><p>'
        + _two("The sliders need JavaScript.", "滑块需要 JavaScript。")
        + "</p></noscript></section>"
    )


def _folded(table: Table, *, opened: bool) -> str:
    """opened: where no figure stands for it, unless it is long; who decides by it reads it all."""
    shown = " open" if opened and len(table.rows) <= _ROWS_AT_ONCE else ""
    summary = f"<summary>{_said(table.title)}</summary>"
    return f'<details class="numbers"{shown}>{summary}{_table(table, captioned=False)}</details>'


def _table(table: Table, *, captioned: bool = True) -> str:
    number_or_text = ["text" if column.unit is Unit.TEXT else "number" for column in table.columns]
    heads = "".join(
        f'<th scope="col" class="{kind}">{_said(column.title)}</th>'
        for column, kind in zip(table.columns, number_or_text, strict=True)
    )
    rows = []
    for row in table.rows:
        first, *others = zip(row, table.columns, number_or_text, strict=True)
        cells = "".join(f'<td class="{kind}">{_value(cell, column.unit)}</td>' for cell, column, kind in others)
        rows.append(f'<tr><th scope="row" class="{first[2]}">{_value(first[0], first[1].unit)}</th>{cells}</tr>')
    caption = f"<caption>{_said(table.title)}</caption>" if captioned else ""
    return (
        f'<div class="scroll"><table>{caption}<thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _value(value: Cell, unit: Unit) -> str:
    """A number, its interval smaller beside it; so, too, where a column of text holds one."""
    if isinstance(value, Words):
        en, zh = _WITH_ENDS.fullmatch(value.en), _WITH_ENDS.fullmatch(value.zh)
        if en and zh:
            return _with_ends(Words(en[1], zh[1]), Words(en[2], zh[2]))
    if isinstance(value, Interval) and not value.is_sure:
        mid, low, high = (_numbers(each, unit) for each in (value.mid, value.low, value.high))
        return _with_ends(mid, Words(f"{low.en} … {high.en}", f"{low.zh} … {high.zh}"))
    return _written(value, unit)


def _with_ends(mid: Words, ends: Words) -> str:
    return f'<span class="mid">{_said(mid)}</span> <span class="ends">{_said(ends)}</span>'


def _numbers(value: int, unit: Unit) -> Words:
    return Words(*(number(value, unit, language) for language in LANGUAGES))


def _written(value: Cell, unit: Unit) -> str:
    return _two(written(value, unit, "en"), written(value, unit, "zh"))


def _caveats(caveats: Iterable[Words]) -> str:
    items = "".join(f"<li>{_said(caveat)}</li>" for caveat in caveats)
    return f'<aside class="caveats"><h3>{_two("Where the model fails", "模型的局限")}</h3><ul>{items}</ul></aside>'


def _made_by(result: Result) -> str:
    size = f"--people {result.people} --months {result.months} --draws {result.draws}"
    command = result.command or f"florin lab run {result.name} --seed {result.seed} {size}"
    digest_of = _two("parameters", "参数") if not result.command else _two("all that went in", "全部输入")
    otherwise = _two("else", "默认")
    changed = "".join(
        f"<li><code>{escape(each.name)}</code> = {escape(each.value)} ({otherwise} {escape(each.default)})</li>"
        for each in result.parameters.changed
    )
    digest = escape(result.parameters.digest[:16])
    return (
        f'<footer class="made-by"><code>{escape(command)}</code> · {digest_of} <code>{digest}</code>'
        + (f"<ul>{changed}</ul>" if changed else "")
        + "</footer>"
    )


def _foot(command: str) -> str:
    licenses = escape(files("florin.lab.report").joinpath("vendor", "LICENSES.txt").read_text("utf-8"))
    return (
        '<footer class="foot"><p>'
        + _two(
            "Every interval is what the draws of the parameters leave open; below each experiment stands how many there were.",
            "区间是参数抽样留下的不确定；每个实验下面写明抽了多少次。",
        )
        + "</p><p>"
        + _two("All of the model: ", "模型全文：")
        + f"<code>{_EXPLAINED}</code> · "
        + _two("The page again: ", "再次生成本页：")
        + f"<code>{escape(command)}</code></p><details><summary>"
        + _two("Licenses of the libraries in this page", "本页所含程序库的许可")
        + f"</summary><pre>{licenses}</pre></details></footer>"
    )


def _embedded(record: Chart | Grid) -> str:
    """JSON that cannot end the element it stands in."""
    return msgspec.json.encode(record).decode().replace("<", "\\u003c")
