"""Finds and reads handwritten numbers on pages: encoded bytes and parameters in, results and pictures out."""
