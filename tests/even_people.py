"""People made without any random number, the same in every version of every library: `even` spreads them by a golden step."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

CUT = 520.0
PEOPLE = 1200


def even(people: int, step: float) -> NDArray[np.float64]:
    return np.mod(0.5 + step * np.arange(1, people + 1), 1.0)


SCORE = np.round(300 + 600 * even(PEOPLE, 0.6180339887498949) ** 1.3, 2)
TAKEN = (even(PEOPLE, 0.5698402909980532) < np.where(SCORE >= CUT, 0.8, 0.15)).astype(float)
HOUSEHOLD = np.floor(even(PEOPLE, 0.8191725133961645) * 150).astype(int)
_AWAY = (SCORE - CUT) / 300
SALES = 0.4 + 0.8 * _AWAY - 1.1 * _AWAY**2 + 0.25 * (SCORE >= CUT) + 0.3 * ndtri(even(PEOPLE, 0.7548776662466927))
