"""The kinds of array that the lab computes with, by what they hold."""

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
