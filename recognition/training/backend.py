"""Imports Keras and TensorFlow without their start-up chatter; everything here takes `keras` from this module."""

from __future__ import annotations

import os

from recognition.chatter import without_chatter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

with without_chatter():
    import keras
    import tensorflow
    from absl import logging as absl_logging

    tensorflow.config.list_physical_devices("GPU")  # here, or it complains of a missing GPU at the first step
    absl_logging.set_verbosity(absl_logging.ERROR)

__all__ = ["keras", "tensorflow"]
