"""What came out of a what-if, told: findings, tables, charts, a paragraph and where the model fails, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from florin.events.market import AcceptanceRule
from florin.lab.chart import Axis, Curve, Curves, Point
from florin.lab.experiments.experiment import Experiment
from florin.lab.quantity import LANGUAGES, Interval, Unit, Words, written
from florin.lab.report import Entry, Opening
from florin.lab.report import page as report_page
from florin.lab.result import Column, Finding, ParametersUsed, Result, Table
from florin.lab.whatif.change import LimitChange, Where
from florin.lab.whatif.outcome import Compared, Group, Outcome

MEASURES = {
    "sales": Words("Sales on credit", "信用成交额"),
    "income": Words("Income", "收入"),
    "interest": Words("– interest", "– 利息"),
    "late_fees": Words("– penalties and late charges", "– 罚息与违约金"),
    "plan_fees": Words("– installment fees", "– 分期手续费"),
    "credit_fees": Words("– credit fees of merchants", "– 商户信用服务费"),
    "funding": Words("Funding", "资金成本"),
    "lost": Words("Charged off", "核销"),
    "recovered": Words("Recovered", "收回"),
    "lost_yet": Words("More that is 90 days late at the end", "期末逾期九十天以上的增加额"),
    "net": Words("Income less funding and loss", "扣除资金与损失后的收入"),
    "principal": Words("Owed at the end", "期末余额"),
    "past_due_30": Words("More than 30 days late, of balance, at the end", "期末逾期三十天以上占余额"),
    "past_due_90": Words("More than 90 days late, of balance, at the end", "期末逾期九十天以上占余额"),
    "limit_use": Words("Use of limits at the end", "期末额度使用率"),
}
HURTS = {
    "pays_more": Words("pay more for no more purchases", "买得不多，付得更多"),
    "declined": Words("are declined where they were served", "原可成交，如今被拒"),
    "newly_late": Words("fall past due who would not have", "本不逾期，如今逾期"),
    "newly_lost": Words("are charged off who would not have been", "本不核销，如今核销"),
    "any_hurt": Words("are hurt in one of these ways or more", "至少受一种损害"),
    "pays_less": Words("pay less for no fewer purchases", "买得不少，付得更少"),
    "newly_served": Words("are served where they were declined", "原被拒绝，如今可成交"),
}
_BY = {"score": Words("bills met in time", "按时还款比例"), "utilization": Words("use of the limit", "额度使用率")}

# Why lines are left out, as the lab's book says it; what is not here has a number in it and is said in English.
LEFT_OUT_ZH = {
    'billing = "order" gives each order days of its own': "逐单计息，每笔订单各有账期",
    "a repayment's limit waits for `repayment_hold_days`": "还款到账前额度不恢复（repayment_hold_days）",
    "`sub_limits` ask where a purchase is made": "设有分场景额度（sub_limits）",
    "`exposure_group` counts other programs' debts": "额度与其他产品共用（exposure_group）",
    'charge_off_interest = "memo" lets claims bear interest': "核销后债权继续计息",
    'installments by method "declining" are not flat': "分期按剩余本金计费",
    "a hardship plan runs": "正在执行纾困方案",
    "its claims were sold": "债权已转让",
    "its claims bear interest": "债权仍在计息",
    "costs of collection are owed": "欠有催收费用",
    "its limit is lifted for a time": "正在临时提额",
    "a repayment has not cleared": "有还款尚未到账",
    "collection is paused": "催收已暂停",
    "the next statement tells of a correction": "下期账单含更正",
    "a re-age has left a part of a minimum to later statements": "重整账龄后部分最低还款延后",
    "a plan bears interest, or a campaign bears a part of its fee": "分期另计利息或由活动补贴",
    "a correction has made it late": "因更正而成为逾期",
}

_IDLE = Words(
    " But each of these lines is charged off, or nothing was bought with it in a year, so nothing is expected to be: the zeros "
    "say nothing.",
    "但这些额度均已核销或一年内未使用，因此预计无人购买：以上的零不说明任何问题。",
)

CAVEATS = (
    Words(
        "Nobody is seen to buy where credit is refused today, so a wider acceptance and a higher limit bring more than is "
        "shown here, and more that is late.",
        "今天拒绝之处看不到需求，因此放宽受理或提高额度的实际成交与逾期都会高于此处所示。",
    ),
    Words(
        "What somebody does not pay with credit is not seen: the share is drawn, one fifth to four fifths.",
        "用户不用信用支付的部分不可见：其比例为抽取，介于五分之一至五分之四。",
    ),
    Words(
        "No new lines are opened, nothing is refunded, no line is helped by relief, and whoever was charged off pays no more.",
        "不计新开额度、退款与纾困；已核销者不再还款。",
    ),
    Words(
        "What waits in escrow on the first day stays there: it uses its limit, and is never owed.",
        "首日仍在担保中的款项停留不动：占用额度，但不转为欠款。",
    ),
    Words(
        "How much dearer credit turns people away is the lab's, calibrated on published facts, not on this house's people: "
        "before a large change try a small one on a few, held out by lot.",
        "信用变贵会劝退多少人，取自实验室按公开事实校准的参数，而非本店用户：重大调整之前，先随机选少数人小步试行。",
    ),
    Words(
        "Who has lines under several programs is lived line by line: one line's arrears do not touch the other's.",
        "多个产品的额度各自推演：一处逾期不影响另一处。",
    ),
)


def told(outcome: Outcome) -> Result:
    """As the lab's results are, for the terminal and the page."""
    title = outcome.change.title
    en, zh = _paragraph(outcome)
    return Result(
        name="what-if",
        title_en=f"What if: {title}" if title else "What if",
        title_zh=f"如果：{title}" if title else "如果这样改",
        seed=outcome.seed,
        people=outcome.book.lines,
        months=outcome.months_count,
        draws=outcome.draws,
        parameters=ParametersUsed(digest=outcome.digest),
        command=f"florin whatif FILE --seed {outcome.seed} --months {outcome.months_count} --draws {outcome.draws}",
        tables=(
            _change(outcome),
            _book(outcome),
            _totals(outcome),
            _hurt(outcome),
            _months(outcome),
            _groups(outcome.groups),
        ),
        charts=_charts(outcome) if outcome.months_count > 1 else (),
        paragraphs_en=(en,),
        paragraphs_zh=(zh,),
        caveats=CAVEATS,
        findings=(
            *(_finding(outcome, name) for name in ("net", "sales")),
            Finding(
                Words("People hurt", "受损人数"),
                Unit.COUNT,
                next(each.people for each in outcome.hurt if each.name == "any_hurt"),
            ),
        ),
    )


def _finding(outcome: Outcome, name: str) -> Finding:
    found = _measure(outcome.totals, name)
    said = MEASURES[name]
    return Finding(Words(f"{said.en}, change", f"{said.zh}变化"), found.unit, found.difference)


def _measure(measures: Sequence[Compared], name: str) -> Compared:
    return next(each for each in measures if each.name == name)


def _paragraph(outcome: Outcome) -> tuple[str, str]:
    net, sales = (_measure(outcome.totals, name) for name in ("net", "sales"))
    hurt = next(each.people for each in outcome.hurt if each.name == "any_hurt")

    def said(value: Interval, unit: Unit, language: int) -> str:
        return written(value, unit, LANGUAGES[language])

    months = "1 month" if outcome.months_count == 1 else f"{outcome.months_count} months"
    hurt_people = "1 person is hurt" if hurt.high == hurt.low == 1 else f"{said(hurt, Unit.COUNT, 0)} people are hurt"
    idle = outcome.book.idle + outcome.book.charged_off == outcome.book.lines
    return (
        f"Over {months} from {outcome.book.on} the change moves what is left of income after funding and "
        f"loss by {said(net.difference, net.unit, 0)}, against {said(net.today, net.unit, 0)} under today's terms, and sales "
        f"on credit by {said(sales.difference, sales.unit, 0)}. {hurt_people}."
        f"{_IDLE.en if idle else ''}",
        f"自 {outcome.book.on} 起 {outcome.months_count} 个月内，扣除资金与损失后的收入变化 "
        f"{said(net.difference, net.unit, 1)}（现行条款下为 {said(net.today, net.unit, 1)}），"
        f"信用成交额变化 {said(sales.difference, sales.unit, 1)}；{said(hurt, Unit.COUNT, 1)} 人因此受损。"
        f"{_IDLE.zh if idle else ''}",
    )


def page(outcome: Outcome) -> str:
    """A page of it that opens without a server."""
    result = told(outcome)
    experiment = Experiment(name=result.name, title_en=result.title_en, title_zh=result.title_zh, run=_not_again)
    sentences = (
        Words(
            f"The book of {outcome.book.on}, lived on for {outcome.months_count} months twice: under today's terms, and "
            "under the change. The people and their luck are the same in both. Nothing was written.",
            f"{outcome.book.on} 的账本，以现行条款与变更后条款各推演 {outcome.months_count} 个月；"
            "两边的人与运气相同。未写入任何数据。",
        ),
    )
    opening = Opening(result.title, sentences, "florin whatif FILE --html PAGE")
    return report_page([Entry(experiment, result)], opening)


def _not_again(**_: object) -> Result:
    raise NotImplementedError("A what-if is run with its book.")


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _column(en: str, zh: str, unit: Unit = Unit.TEXT) -> Column:
    return Column(Words(en, zh), unit)


def _change(outcome: Outcome) -> Table:
    change = outcome.change
    rows: list[tuple[Words, str, str, str, int | None]] = [
        (
            Words("terms", "条款"),
            each.program,
            str(each.from_on),
            ", ".join(f"{n} = {v}" for n, v in each.stated.items()),
            outcome.book.programs[each.program],
        )
        for each in change.terms
    ]
    rows += [
        (Words("limits", "额度"), each.program, str(each.from_on), _limits(each), lines)
        for each, lines in zip(change.limits, change.limit_lines, strict=True)
    ]
    rows += [
        (
            Words("acceptance", "受理"),
            each.rule.program,
            str(each.from_on),
            _rule(each.rule),
            None,
        )
        for each in change.acceptance
    ]
    return Table(
        title=Words("The change, as it was understood", "所理解的变更"),
        columns=(
            _column("what", "内容"),
            _column("program", "产品"),
            _column("from", "生效日"),
            _column("says", "内容为"),
            _column("for lines", "涉及户数", Unit.COUNT),
        ),
        rows=tuple(rows),
    )


def _limits(change: LimitChange) -> str:
    ways = {"scale": change.scale, "amount_minor": change.amount_minor, "most_minor": change.most_minor}
    said = ", ".join(f"{name} = {value}" for name, value in ways.items() if value is not None)
    where = msgspec.to_builtins(change.where, str_keys=True)
    if change.where == Where():
        return said
    return f"{said} where {', '.join(f'{name} = {value}' for name, value in where.items())}"


def _rule(rule: AcceptanceRule) -> str:
    where = [f"{name} = {getattr(rule, name)}" for name in ("market", "category", "channel") if getattr(rule, name)]
    caps = [f"{name} = {getattr(rule, name)}" for name in ("cap_minor", "cap_month_minor") if getattr(rule, name)]
    return ", ".join([f"answer = {rule.answer}", *caps, *where])


def _book(outcome: Outcome) -> Table:
    book = outcome.book
    rows: list[tuple[Words | str, int, int | None]] = [
        (Words(f"lived on from {book.on}", f"自 {book.on} 推演"), book.lines, book.owed_minor)
    ]
    rows += [(name, lines, None) for name, lines in book.programs.items()]
    if book.idle:
        rows.append((Words("of these, bought nothing in a year", "其中一年内未使用"), book.idle, None))
    if book.charged_off:
        gone = Words("of these, charged off: nothing more comes", "其中已核销，不再有进项")
        rows.append((gone, book.charged_off, book.charged_off_minor))
    rows += [
        (
            Words(
                f"left out, {each.program}: {each.why}",
                f"未纳入，{each.program}：{LEFT_OUT_ZH.get(each.why, each.why)}",
            ),
            each.lines,
            each.owed_minor,
        )
        for each in book.left_out
    ]
    return Table(
        title=Words("The book", "账本"),
        columns=(_column("", ""), _column("lines", "户数", Unit.COUNT), _column("owed", "余额", Unit.FEN)),
        rows=tuple(rows),
    )


def _totals(outcome: Outcome) -> Table:
    """Each measure is shown in its own unit, so its cells are words."""
    return Table(
        title=Words(f"{outcome.book.on} to {outcome.until_on}", f"{outcome.book.on} 至 {outcome.until_on}"),
        columns=(
            _column("", ""),
            _column("today's terms", "现行条款"),
            _column("the change", "变更后"),
            _column("difference", "差额"),
        ),
        rows=tuple(
            (
                MEASURES[each.name],
                *(_written(value, each.unit) for value in (each.today, each.changed, each.difference)),
            )
            for each in outcome.totals
        ),
    )


def _written(value: Interval, unit: Unit) -> Words:
    return Words(*(written(value, unit, language) for language in LANGUAGES))


def _hurt(outcome: Outcome) -> Table:
    return Table(
        title=Words("People, each kind counted apart", "人数，各类分别计"),
        columns=(_column("who", "谁"), _column("people", "人数", Unit.COUNT)),
        rows=tuple((HURTS[each.name], each.people) for each in outcome.hurt),
    )


def _months(outcome: Outcome) -> Table:
    def cells(measures: Sequence[Compared]) -> tuple[Interval, ...]:
        late = _measure(measures, "past_due_30")
        return (
            _measure(measures, "sales").difference,
            _measure(measures, "income").difference,
            _measure(measures, "net").difference,
            late.today,
            late.changed,
        )

    return Table(
        title=Words("Month by month", "逐月"),
        columns=(
            _column("until", "至"),
            _column("sales, change", "成交额变化", Unit.FEN),
            _column("income, change", "收入变化", Unit.FEN),
            _column("net, change", "净收入变化", Unit.FEN),
            _column("30 days late, today's", "逾期三十天，现行", Unit.SHARE),
            _column("the change's", "变更后", Unit.SHARE),
        ),
        rows=tuple((str(each.until_on), *cells(each.measures)) for each in outcome.months),
    )


def _groups(groups: Sequence[Group]) -> Table:
    def people(group: Group, name: str) -> Interval:
        return next(each.people for each in group.hurt if each.name == name)

    return Table(
        title=Words("By group, as on the first day", "分组，按首日情况"),
        columns=(
            _column("group", "组"),
            _column("lines", "户数", Unit.COUNT),
            _column("sales, change", "成交额变化", Unit.FEN),
            _column("net, change", "净收入变化", Unit.FEN),
            _column("people hurt", "受损人数", Unit.COUNT),
            _column("newly past due", "新增逾期", Unit.COUNT),
        ),
        rows=tuple(
            (
                _band(group),
                group.lines,
                _measure(group.measures, "sales").difference,
                _measure(group.measures, "net").difference,
                people(group, "any_hurt"),
                people(group, "newly_late"),
            )
            for group in groups
        ),
    )


def _band(group: Group) -> Words:
    by = _BY[group.by]
    least = f"{group.least_ppm // 10_000}%"
    below = "" if group.below_ppm is None else f"{group.below_ppm // 10_000}%"
    if not group.least_ppm:
        return Words(f"{by.en} below {below}", f"{by.zh} 低于 {below}")
    if not below:
        return Words(f"{by.en} from {least}", f"{by.zh} {least} 及以上")
    return Words(f"{by.en} {least} to {below}", f"{by.zh} {least} 至 {below}")


# ── charts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _charts(outcome: Outcome) -> tuple[Curves, ...]:
    return (
        _curves(
            outcome,
            "net",
            Words("Income less funding and loss, month by month", "逐月扣除资金与损失后的收入"),
            Words("yuan a month", "每月，元"),
        ),
        _curves(
            outcome,
            "past_due_30",
            Words("More than 30 days late, at each month's end", "每月末逾期三十天以上"),
            Words("of balance", "占余额"),
        ),
    )


def _curves(outcome: Outcome, name: str, title: Words, measured: Words) -> Curves:
    found = [_measure(month.measures, name) for month in outcome.months]
    worlds = ((Words("today's terms", "现行条款"), "today"), (Words("the change", "变更后"), "changed"))
    return Curves(
        title=title,
        x=Axis(Words("month", "月"), Unit.MONTHS),
        y=Axis(measured, found[0].unit),
        curves=tuple(
            Curve(said, tuple(Point(at + 1, getattr(each, world)) for at, each in enumerate(found)))
            for said, world in worlds
        ),
    )
