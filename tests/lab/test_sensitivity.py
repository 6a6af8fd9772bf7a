"""Indices of functions whose indices are known: Ishigami and Homma 1990, and a plain sum."""

import math
import subprocess
import sys

import pytest

from florin.lab.parameters import likeliest
from florin.lab.sensitivity import (
    Input,
    SensitivityInvalid,
    lab_inputs,
    of_parameters,
    screen,
    sensitivity,
    sobol,
)

ANGLES = [Input(name=name, low=-math.pi, high=math.pi) for name in ("x1", "x2", "x3")]


def ishigami(x):
    return {"y": math.sin(x["x1"]) + 7 * math.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * math.sin(x["x1"])}


# Of a = 7, b = 0.1, in closed form.
FIRST = {"x1": 0.3139, "x2": 0.4424, "x3": 0.0}
TOTAL = {"x1": 0.5576, "x2": 0.4424, "x3": 0.2437}


def test_sobol_indices_of_ishigamis_function_are_those_in_closed_form():
    found = sobol(ishigami, ANGLES, seed=1, samples=1024)["y"]

    assert [index.name for index in found] == ["x1", "x2", "x3"]
    for index in found:
        assert index.first == pytest.approx(FIRST[index.name], abs=0.06)
        assert index.total == pytest.approx(TOTAL[index.name], abs=0.06)
        assert abs(index.first - FIRST[index.name]) <= 1.5 * index.first_half_width
        assert 0 < index.total_half_width < 0.15


def test_screening_measures_the_slope_of_a_sum_exactly_and_finds_what_does_nothing():
    inputs = [Input(name=name, low=0, high=2) for name in ("much", "little", "nothing")]

    found = screen(lambda x: {"sum": 10 * x["much"] - x["little"]}, inputs, seed=1)["sum"]

    assert [each.name for each in found] == ["much", "little", "nothing"]
    # Effects are per whole range of the parameter.
    assert [each.mean for each in found] == pytest.approx([20, -2, 0])
    assert [each.strength for each in found] == pytest.approx([20, 2, 0])
    assert [each.spread for each in found] == pytest.approx([0, 0, 0], abs=1e-9)


def test_only_what_matters_goes_on_to_the_indices():
    inputs = [*ANGLES, Input(name="idle", low=0, high=1)]
    heard = []

    found = sensitivity(ishigami, inputs, seed=1, keep=3, samples=128, heard=lambda done, of: heard.append((done, of)))

    assert [each.name for each in found.screened["y"]][-1] == "idle"
    assert {each.name for each in found.indices["y"]} == {"x1", "x2", "x3"}
    assert found.runs == len(heard) == 20 * 5 + 128 * 5


def test_the_same_seed_gives_the_same_answer():
    assert sobol(ishigami, ANGLES, seed=3, samples=64) == sobol(ishigami, ANGLES, seed=3, samples=64)


def test_a_result_that_never_moves_depends_on_nothing():
    found = sobol(lambda x: {"y": 1.0}, ANGLES, seed=1, samples=8)["y"]

    assert all(index.total == 0 for index in found)


def test_the_labs_parameters_vary_over_their_distributions():
    measure = of_parameters(
        lambda parameters: {"price of cash": parameters.liquidity_weight * (1 - parameters.prudence)}
    )

    found = screen(measure, lab_inputs(["liquidity_weight", "prudence", "card_share"]), seed=1)["price of cash"]

    assert {each.name for each in found[:2]} == {"liquidity_weight", "prudence"}
    assert (found[0].mean > 0) == (found[0].name == "liquidity_weight")
    assert found[2].strength == 0
    assert of_parameters(lambda parameters: {"at": parameters.prudence})({})["at"] == likeliest().prudence


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda: lab_inputs(["patience"]), "there is no uncertain parameter 'patience'; there are account_month_minor"),
        (lambda: sobol(ishigami, ANGLES, seed=1, samples=100), "100 samples are no power of two"),
        (lambda: screen(ishigami, [], seed=1), "nothing is uncertain"),
        (lambda: screen(ishigami, [*ANGLES, ANGLES[0]], seed=1), "'x1' is given twice"),
        (lambda: Input(name="x", low=1, high=1), "x lies between 1 and 1"),
        (lambda: screen(lambda x: {"y": math.nan}, ANGLES, seed=1), "'y' is no finite number"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(ask, reason):
    with pytest.raises(SensitivityInvalid, match=reason):
        ask()


def test_the_heavy_library_is_not_loaded_until_it_is_asked():
    script = (
        "import sys, florin.lab.sensitivity; print(any(m in sys.modules for m in ('SALib', 'pandas', 'matplotlib')))"
    )

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "False"
