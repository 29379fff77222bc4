"""Draws sheets that mix handwritten digits with all that stands beside them, to train on what a segmenter finds."""
