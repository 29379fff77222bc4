"""The networks of the tutorial the project grew from: each step adds one idea to the one before it.

They take a digit of 28x28 (`dense`: its 784 pixels in a row), 0 to 1 with the ink bright, and give the probabilities of
the ten digits.
"""

from __future__ import annotations

from collections.abc import Callable

from recognition.training.backend import keras

layers = keras.layers


def dense() -> keras.Model:
    """One hidden layer that sees all pixels at once."""
    return keras.Sequential(
        [keras.Input((784,)), layers.Dense(512, activation="relu"), layers.Dense(10, activation="softmax")],
        name="dense",
    )


def conv() -> keras.Model:
    """A convolution looks at neighborhoods first."""
    return keras.Sequential(
        [
            *_image(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(784, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="conv",
    )


def conv_pool() -> keras.Model:
    """Pooling keeps the strongest of each 2x2: a quarter of the numbers, and small shifts no longer matter."""
    return keras.Sequential(
        [
            *_image(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(784, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="conv-pool",
    )


def conv_pool_dropout() -> keras.Model:
    """Dropout makes the network rely on no single feature."""
    return keras.Sequential(
        [
            *_image(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(784, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ],
        name="conv-pool-dropout",
    )


def cnn() -> keras.Model:
    """Three convolutions see larger and larger parts of the digit."""
    return keras.Sequential(
        [
            *_image(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.5),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(784, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ],
        name="cnn",
    )


def _image() -> list[keras.Layer]:
    return [keras.Input((28, 28)), layers.Reshape((28, 28, 1))]


ARCHITECTURES: dict[str, Callable[[], keras.Model]] = {
    "dense": dense,
    "conv": conv,
    "conv-pool": conv_pool,
    "conv-pool-dropout": conv_pool_dropout,
    "cnn": cnn,
}
