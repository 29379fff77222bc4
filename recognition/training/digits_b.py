"""A second network for single digits, of another form and trained on other digits: for those that `digits` doubts.

Two networks that were trained alike make the same mistakes. This one sees larger parts of a digit at once, and is
trained on digits nearer to MNIST's, where `digits` is trained on digits as far from them as other hands may be; so it
errs elsewhere, and what both say together is right more often (Hansen and Salamon, "Neural Network Ensembles", IEEE
Transactions on Pattern Analysis and Machine Intelligence 12, 1990).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from recognition.training.backend import keras
from recognition.training.digits import DIGITS, convolution, fit_synthesized, network_of
from recognition.training.synthesis import Mix

MIX = Mix(plain=0.3, slight=0.5, rubbish=0.1)


def build_digits_b() -> keras.Model:
    """Eight convolutions as in `digits`, the first of them with filters of 5x5."""
    return network_of(
        "digits-b",
        [
            *convolution(24, 5, padding="valid"),
            *convolution(48, strides=2),
            *convolution(48),
            *convolution(48),
            *convolution(80, strides=2),
            *convolution(80),
            *convolution(80),
            *convolution(112, padding="valid"),
        ],
    )


DIGITS_B = replace(
    DIGITS, build=build_digits_b, fit=partial(fit_synthesized, mix=MIX), batch_size=128, takes_pieces=False
)
