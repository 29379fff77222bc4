"""Trains, evaluates and converts the networks with Keras; the only place that imports it."""
