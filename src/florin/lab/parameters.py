"""Parameters: what the lab assumes, each a distribution with its grade, from one file.

A run takes a `Parameters`: the likeliest values, or the values of one numbered draw. Nothing in the code of the lab is a
number of the economy; whoever doubts one finds it in `presets/lab/parameters.toml`, changes it, and runs again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from florin.lab.draws import Purpose, bits, key, uniform
from florin.lab.units import OfBalance, OfVolume, RateInvalid, read_rate
from florin.presets import lab_text


class ParametersInvalid(ValueError):
    """Parameters that cannot be: which, why, and what would be possible."""


class Need(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of goods. needs: a month and person. price_minor: the median. weights: by market, 0 where it is not sold."""

    category: str
    needs: float
    price_minor: int
    price_sigma: float
    wait_days: int
    margin: float
    weights: dict[str, float]


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One possible world's numbers; `presets/lab/parameters.toml` says what each is, and how well it is known."""

    buffer_months: float
    cash_cap_months: float
    prudence: float
    present_bias: float
    liquidity_weight: float
    value_mean: float
    value_spread: float
    outlet_noise: float
    taste_spread: float
    tender_noise: float
    wait_cost: float
    card_share: float
    card_friction: float
    home_ease: float
    shock_month: float
    shock_months: float
    walk_away: float
    exposure_slope: float
    score_slope: float
    enforcement_mall: float
    enforcement_wallet: float
    revolving: float
    distress_cost: float
    limit_months: float
    approved_share: float
    noise_mall: float
    noise_wallet: float
    noise_bank: float
    funding_tech: OfBalance
    funding_bank: OfBalance
    purchase_cost_minor: float
    account_month_minor: float
    acquire_home_minor: float
    acquire_away_minor: float
    wallet_processing: OfVolume
    card_processing: OfVolume
    ads_taobao: OfVolume
    ads_tmall: OfVolume
    ads_jd: OfVolume
    own_retail: float
    mall_cost: OfVolume
    passed_through: float
    launch_cost_minor: float
    discount: float
    revolving_card: float
    entry: float
    needs: tuple[Need, ...]
    reach: dict[str, float]

    def with_(self, **changes: Any) -> Parameters:
        """The same with other values. Raises ParametersInvalid for a name that there is not, or a value that cannot be."""
        unknown = sorted(set(changes) - set(self.__struct_fields__))
        if unknown:
            raise ParametersInvalid(
                f"There is no parameter {unknown[0]!r}. There are {', '.join(self.__struct_fields__)}."
            )
        changed = msgspec.structs.replace(self, **changes)
        _check(changed)
        return changed


class Uncertain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One parameter's triangular distribution: least, likeliest, greatest; numbers, or rates with their unit."""

    name: str
    values: tuple[float | str, float | str, float | str]
    grade: str

    def number(self, place: int) -> float:
        """A value as a number: of a rate, its millionths."""
        value = self.values[place]
        return value if isinstance(value, float) else float(read_rate(value, self.name).ppm)

    def at(self, quantile: float) -> float:
        """The value below which a share `quantile` of the distribution lies."""
        low, mode, high = (self.number(place) for place in range(3))
        if high == low:
            return low
        split = (mode - low) / (high - low)
        if quantile < split:
            return low + sqrt(quantile * (high - low) * (mode - low))
        return high - sqrt((1 - quantile) * (high - low) * (high - mode))

    def typed(self, number: float) -> Any:
        """A number as what the parameter holds: a rate with its unit where the file has one."""
        text = self.values[1]
        if isinstance(text, float):
            return number
        rate = read_rate(text, self.name)
        return rate._replace(ppm=round(number))


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    parameters: tuple[Uncertain, ...]
    needs: tuple[Need, ...]
    reach: dict[str, float]


@cache
def uncertain() -> tuple[Uncertain, ...]:
    """Every uncertain parameter, in the file's order."""
    return _file().parameters


@cache
def likeliest() -> Parameters:
    """The parameters at their likeliest values."""
    return parameters_at({})


def parameters_at(quantiles: Mapping[str, float]) -> Parameters:
    """Parameters at these quantiles of their distributions; what is not named is at its likeliest value."""
    file = _file()
    known = {each.name for each in file.parameters}
    unknown = sorted(set(quantiles) - known)
    if unknown:
        raise ParametersInvalid(f"There is no parameter {unknown[0]!r}. There are {', '.join(sorted(known))}.")
    values = {
        each.name: each.typed(each.at(quantiles[each.name]) if each.name in quantiles else each.number(1))
        for each in file.parameters
    }
    found = Parameters(**values, needs=file.needs, reach=file.reach)
    _check(found)
    return found


def drawn(seed: int, number: int) -> Parameters:
    """The parameters of draw `number`: each by itself from its distribution. The same for the same seed and number."""
    names = [each.name for each in uncertain()]
    people = np.arange(len(names), dtype=np.uint64)
    quantiles = uniform(bits(key(seed, Purpose.PARAMETER), people, number))
    return parameters_at(dict(zip(names, quantiles.tolist(), strict=True)))


@cache
def _file() -> _File:
    return read_parameters(lab_text("parameters"), source="parameters.toml")


def load_parameters(path: Path) -> Parameters:
    """The likeliest values of an own file. Raises ParametersInvalid."""
    file = read_parameters(path.read_text(encoding="utf-8"), source=path.name)
    values = {each.name: each.typed(each.number(1)) for each in file.parameters}
    missing = sorted(set(Parameters.__struct_fields__) - set(values) - {"needs", "reach"})
    if missing:
        raise ParametersInvalid(f"{path.name} says nothing of {', '.join(missing)}.")
    found = Parameters(**values, needs=file.needs, reach=file.reach)
    _check(found)
    return found


def read_parameters(text: str, *, source: str) -> _File:
    """A file of parameters. Raises ParametersInvalid: what is missing, unknown, without a unit, or out of order."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise ParametersInvalid(f"{source}: {error}") from error
    for each in file.parameters:
        try:
            low, mode, high = (each.number(place) for place in range(3))
        except RateInvalid as error:
            raise ParametersInvalid(f"{source}: {error}") from error
        if not low <= mode <= high:
            raise ParametersInvalid(
                f"{source}: {each.name} is out of order: write its least, likeliest, greatest value."
            )
    return file


_SHARES = (
    "prudence", "present_bias", "card_share", "shock_month", "walk_away", "enforcement_mall", "enforcement_wallet",
    "revolving", "approved_share", "own_retail", "passed_through", "discount", "revolving_card",
)  # fmt: skip
_NOT_BELOW_ZERO = (
    "buffer_months", "cash_cap_months", "liquidity_weight", "value_spread", "outlet_noise", "taste_spread", "tender_noise",
    "wait_cost", "card_friction", "home_ease", "shock_months", "exposure_slope", "score_slope", "distress_cost",
    "limit_months", "noise_mall", "noise_wallet", "noise_bank", "purchase_cost_minor", "account_month_minor",
    "acquire_home_minor", "acquire_away_minor", "launch_cost_minor", "entry",
)  # fmt: skip


def _check(parameters: Parameters) -> None:
    for name in _SHARES:
        value = getattr(parameters, name)
        if not 0 <= value <= 1:
            raise ParametersInvalid(f"{name} = {value:g} is a share: it lies between 0 and 1.")
    for name in _NOT_BELOW_ZERO:
        value = getattr(parameters, name)
        if value < 0:
            raise ParametersInvalid(f"{name} = {value:g} is below zero, which cannot be.")
    for name, kind in Parameters.__annotations__.items():
        wanted = {"OfBalance": OfBalance, "OfVolume": OfVolume}.get(str(kind))
        value = getattr(parameters, name)
        if wanted is not None and not isinstance(value, wanted):
            raise ParametersInvalid(f"{name} = {value!r} has not the unit it needs: {wanted.__doc__}")
    for market, share in parameters.reach.items():
        if not 0 <= share <= 1:
            raise ParametersInvalid(f"reach of {market} = {share:g} is a share: it lies between 0 and 1.")
    for need in parameters.needs:
        if not 0 <= need.margin < 1 or need.needs < 0 or need.price_minor <= 0 or need.wait_days < 0:
            raise ParametersInvalid(f"needs of {need.category}: a margin of 0 to 1, a price above 0, nothing below 0.")
        unknown = sorted(set(need.weights) - set(parameters.reach))
        if unknown:
            raise ParametersInvalid(
                f"needs of {need.category} name the market {unknown[0]!r}. There are {', '.join(parameters.reach)}."
            )
