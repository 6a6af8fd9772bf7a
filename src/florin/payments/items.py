"""Items: the lines of an order, and what giving back some of them comes to.

A line is so many of one thing for an amount. What is given back of a line, however often, is its share of that amount by
number, rounded half up, less what was given back before: so all of it together is the line's amount, and nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import msgspec

from florin.events import ItemCount
from florin.events.refusals import Refusal
from florin.money import round_half_up

LINES_MAX = 100


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """quantity: above zero. amount: of all of them, after the seller's own discounts, so at most quantity × unit. Shipping
    is a line like another.
    """

    sku: str
    title: str
    quantity: int
    unit_minor: int
    amount_minor: int


class LinesDoNotAddUp(Refusal, frozen=True, kw_only=True):
    en = "The order's lines add up to {lines_minor}, the order asks for {amount_minor}. Send lines that make up its amount."
    zh = "商品明细合计{lines_minor}，与订单金额{amount_minor}不符，请核对。"

    lines_minor: int
    amount_minor: int


class OrderLineImpossible(Refusal, frozen=True, kw_only=True):
    en = (
        "Line {line} of the order cannot be: {quantity} at {unit_minor} is not {line_minor}. Send a quantity above zero and an "
        "amount from ¥0.00 to quantity × unit, in at most {most} lines."
    )
    zh = (
        "第{line}行商品明细有误：数量{quantity}、单价{unit_minor}、金额{line_minor}。"
        "数量须大于零，金额不得超过数量×单价，最多{most}行。"
    )

    line: int
    quantity: int
    unit_minor: int
    line_minor: int
    most: int = LINES_MAX


class ItemsNotLeft(Refusal, frozen=True, kw_only=True):
    en = "Of line {line} of this order {left} are left to be given back; {requested} were asked. Ask for at most that."
    zh = "订单第{line}行可退数量为{left}，申请{requested}，请减少数量。"

    line: int
    requested: int
    left: int


class RefundOfOtherItems(Refusal, frozen=True, kw_only=True):
    en = "These items come to {items_minor}, less a fee of {fee_minor}; {requested_minor} was asked. Send that amount."
    zh = "所选商品应退{items_minor}，扣除费用{fee_minor}，与申请金额{requested_minor}不符，请核对。"

    items_minor: int
    fee_minor: int
    requested_minor: int


def refuse_lines(lines: Sequence[OrderLine], amount_minor: int) -> Refusal | None:
    """An order without lines is as good as before; lines make up its amount."""
    for number, line in enumerate(lines, start=1):
        if line.quantity <= 0 or not 0 <= line.amount_minor <= line.quantity * line.unit_minor or number > LINES_MAX:
            return OrderLineImpossible(
                line=number, quantity=line.quantity, unit_minor=line.unit_minor, line_minor=line.amount_minor
            )
    total = sum(line.amount_minor for line in lines)
    return LinesDoNotAddUp(lines_minor=total, amount_minor=amount_minor) if lines and total != amount_minor else None


def refuse_items(
    lines: Sequence[OrderLine], given_back: Sequence[ItemCount], items: Sequence[ItemCount]
) -> Refusal | None:
    """given_back: of the order so far. A line that the order does not have has nothing left."""
    back, asked = counted(given_back), Counter[int]()
    for item in items:
        left = lines[item.line - 1].quantity - back[item.line] if 0 < item.line <= len(lines) else 0
        asked[item.line] += item.quantity
        if item.quantity <= 0 or asked[item.line] > left:
            return ItemsNotLeft(line=item.line, requested=asked[item.line], left=left)
    return None


def items_minor(lines: Sequence[OrderLine], given_back: Sequence[ItemCount], items: Sequence[ItemCount]) -> int:
    """What these items come to beside what was given back before. items: not refused."""
    before = counted(given_back)
    return sum(
        _through_minor(lines[line - 1], before[line] + quantity) - _through_minor(lines[line - 1], before[line])
        for line, quantity in counted(items).items()
    )


def still_left(
    lines: Sequence[OrderLine], given_back: Sequence[ItemCount], items: Sequence[ItemCount]
) -> tuple[ItemCount, ...]:
    """Of these items, those that were not given back meanwhile."""
    back = counted(given_back)
    clipped = (
        (line, min(quantity, lines[line - 1].quantity - back[line])) for line, quantity in counted(items).items()
    )
    return tuple(ItemCount(line=line, quantity=quantity) for line, quantity in sorted(clipped) if quantity > 0)


def added(given_back: Sequence[ItemCount], items: Sequence[ItemCount], *, sign: int = 1) -> tuple[ItemCount, ...]:
    """What was given back after these items too; sign -1: after they were taken back."""
    total = counted(given_back)
    for line, quantity in counted(items).items():
        total[line] += sign * quantity
    return tuple(ItemCount(line=line, quantity=quantity) for line, quantity in sorted(total.items()) if quantity)


def counted(items: Sequence[ItemCount]) -> Counter[int]:
    total: Counter[int] = Counter()
    for item in items:
        total[item.line] += item.quantity
    return total


def _through_minor(line: OrderLine, quantity: int) -> int:
    """What the first so many of a line come to, rounded half up."""
    return round_half_up(Fraction(line.amount_minor * quantity, line.quantity))
