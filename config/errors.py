"""What is wrong with a configuration, every mistake at once."""

from __future__ import annotations

from collections.abc import Sequence


class ConfigError(Exception):
    """The configuration cannot be used; a person has to change it, trying again does not help.

    Attributes:
        mistakes: one sentence each, "dotted.key: rule. Received: value".
        source: the file they are in, as text; empty when they come from elsewhere.
    """

    exit_code = 78

    def __init__(self, mistakes: str | Sequence[str], *, source: str = "") -> None:
        self.mistakes = (mistakes,) if isinstance(mistakes, str) else tuple(mistakes)
        self.source = source
        super().__init__(self._text())

    def _text(self) -> str:
        if len(self.mistakes) == 1:
            return f"{self.source}: {self.mistakes[0]}" if self.source else self.mistakes[0]
        title = f"{self.source}: {len(self.mistakes)} mistakes" if self.source else f"{len(self.mistakes)} mistakes"
        return "\n  ".join([title, *self.mistakes])
