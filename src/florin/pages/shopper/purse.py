"""Which of her lines a shopper looks at: the one she chose last, on every page until she chooses another."""

from __future__ import annotations

from django.http import HttpRequest

from florin.pages.cashier.page import program_title
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.language import language_of
from florin.pages.models import Shopper
from florin.pages.show import money
from florin.pages.texts import text
from florin.queries.shopper import Purse, read_purse

_CHOSEN = "line"


def purse_of(request: HttpRequest, shopper: Shopper) -> Purse:
    """Her purse, with the line that she looks at before the others.

    `?line=` chooses one for this and the next pages. A form names its line, so what she sends is about what she saw, whatever
    she has chosen in another tab since; templates have that number as `request.line_id`.
    """
    purse = read_purse(reading(), shopper.person_id)
    assert purse is not None, "a shopper's login names a person"
    numbers = {str(held.line.id) for held in purse.lines}
    if len(numbers) > 1:
        chosen = request.GET.get("line", "")
        if chosen in numbers and request.session.get(_CHOSEN) != chosen:
            request.session[_CHOSEN] = chosen
        named = request.POST.get("line") or request.session.get(_CHOSEN, "")
        purse = purse.of_line(int(named)) if named in numbers else purse
    request.line_id = 0 if purse.line is None else purse.line.id
    return purse


def choices_of(request: HttpRequest, purse: Purse, *, least: int = 2) -> tuple[tuple[int, str, str], ...]:
    """Her lines by number and title, the oldest first, with what is due on each; nothing where there are too few to choose."""
    if len(purse.lines) < least:
        return ()
    language, reference = language_of(request), get_engine().reference
    held = sorted(purse.lines, key=lambda each: each.line.id)
    return tuple(
        (
            each.line.id,
            program_title(reference.program(each.line.program), language),
            text(language, "lines.due", amount=money(each.line.due_minor, language)) if each.line.due_minor else "",
        )
        for each in held
    )
