"""Engines run recognition somewhere else than in the daemon's own process."""
