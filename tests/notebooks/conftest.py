"""What the tests of the lessons' claims share."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import ttest_1samp


@pytest.fixture
def interval() -> Callable[[np.ndarray], tuple[float, float]]:
    """Gives the 95 % interval (Student's t) of fractions, one a seed, in percent."""

    def of(values: np.ndarray) -> tuple[float, float]:
        low, high = ttest_1samp(100 * np.asarray(values), 0).confidence_interval(0.95)
        return float(low), float(high)

    return of
