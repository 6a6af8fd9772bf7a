"""The kinds of array that the lab computes with, by what they hold; and exact sums of their places."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Minor = npt.NDArray[np.int64]  # amounts in fen
Whole = npt.NDArray[np.int64]  # counts, days, numbers of a list
Index = npt.NDArray[np.intp]  # places in another array
Small = npt.NDArray[np.int8]
Bits = npt.NDArray[np.uint64]
Real = npt.NDArray[np.float64]  # utilities, probabilities, draws
Flags = npt.NDArray[np.bool_]

_EXACT = 2.0**53


def sums_at(place: Whole | Index | Small, amounts: Minor, count: int) -> Minor:
    """The sum of the amounts at each place, 0 to count: exact."""
    if np.abs(amounts).sum(dtype=np.float64) < _EXACT / 2:
        # Floats hold whole numbers of this size, and every sum of some of them, exactly; they are added twice as fast.
        return np.bincount(place, weights=amounts, minlength=count).astype(np.int64)
    found = np.zeros(count, dtype=np.int64)
    np.add.at(found, place.astype(np.intp), amounts)
    return found
