"""Makes the confidence of a number's digits tell right numbers from wrong ones, from what else each of them may be.

What speaks against a digit is either another digit or no digit at all, and the two are not worth the same once a page
was read to its end. That what stands among digits is none, the networks suspect far more often than it happens; another
digit that they find possible after all that was asked is often the right one. Each is weighed by a factor, as a bias
for each class does it: Alexandari, Kundaje and Shrikumar, "Maximum Likelihood with Bias-Corrected Calibration is
Hard-To-Beat at Label Shift Adaptation", ICML 2020. The factors are chosen by how many numbers are accepted and how many
of these are wrong, which `tests/benchmarks/trust.py` measures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recognition.calibrate import Probabilities
from recognition.classify import NOT_A_DIGIT
from recognition.params import TrustParams
from recognition.reading import Reading

_NO_MORE = 0.99
"""The likeliest other digit may come so near to the one that is read, as a share of its probability."""
_LEAST = np.float32(1e-6)
"""What is divided by is no less."""


def trusted(readings: Sequence[Reading], params: TrustParams) -> Probabilities:
    """Returns what the probabilities of a number's digits are worth against a threshold.

    Args:
        readings: as all that was asked left them, at least one.
        params: see there.

    Returns:
        float32 (n, 11), rows sum to 1, of the same digits; none is surer than its reading's `most`.
    """
    rows = np.stack([reading.probabilities for reading in readings])
    digits = (np.arange(len(rows)), [reading.digit for reading in readings])
    sure = rows[digits]
    rows[digits] = 0
    # Of two digits that are about as likely, the likelier one stays so.
    nearest = _NO_MORE * sure / np.maximum(rows[:, :NOT_A_DIGIT].max(axis=1), _LEAST)
    rows[:, :NOT_A_DIGIT] *= np.minimum(np.float32(params.others), nearest)[:, None]
    rows[:, NOT_A_DIGIT] *= np.float32(params.none)
    against = rows.sum(axis=1)
    sure = np.minimum(sure / np.maximum(sure + against, _LEAST), [reading.most for reading in readings])
    rows *= ((1 - sure) / np.maximum(against, _LEAST))[:, None]
    rows[digits] = sure
    rows[:, NOT_A_DIGIT] += 1 - rows.sum(axis=1)
    return rows
