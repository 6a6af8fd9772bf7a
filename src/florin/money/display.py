"""Amounts as a person reads them, in her language and with the currency's sign.

Wires and files use `yuan_text`; this is for screens and messages only.
"""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

# The sign a house shows for its own money; elsewhere babel's, which tells yuan from yen by "CN¥".
HOUSE_SIGNS = {"CNY": "¥"}


def shown(amount_minor: int, currency: str = "CNY", locale: str = "en") -> str:
    """¥1,199.00: the amount with sign, separators and decimals of its currency. locale: "en", "zh", "de", ...

    amount_minor: minor units of that currency (the yen has none).
    """
    digits = get_currency_precision(currency)
    amount = Decimal(amount_minor).scaleb(-digits)
    text = format_currency(amount, currency, locale=locale)
    house_sign = HOUSE_SIGNS.get(currency)
    if house_sign is None:
        return text
    return text.replace(get_currency_symbol(currency, locale=locale), house_sign)
