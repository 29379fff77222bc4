"""YAML without the surprises of its version 1.1, which PyYAML reads.

There 0100 is 64, 1:30 is 90, 1e2 is a text and 2026-11-23 is a date; here a number is what people take for one, and
everything else that is not true, false or null is a text.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

_INT, _FLOAT, _TIMESTAMP = (f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp"))
_WHOLE = r"[-+]?(?:0|[1-9][0-9]*)"
_NUMBERS = (
    (_INT, re.compile(rf"{_WHOLE}\Z")),
    (_FLOAT, re.compile(rf"(?:{_WHOLE}(?:\.[0-9]*)?|[-+]?\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")),
    (_FLOAT, re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")),
)


def parse(text: str) -> Any:
    """What a text in YAML says.

    Raises:
        yaml.YAMLError: it is none, or has a key twice in a mapping.
        ValueError: a number has more digits than Python reads.
        RecursionError: it is nested too deeply.
    """
    return yaml.load(text, Loader=_PlainLoader)


class _PlainLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping, where YAML libraries let the last one win without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                problem = "a key must be a word; put a value that begins with a bracket in quotes"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            if key.value in lines:
                problem = f"the key {key.value} stands here again, it was given in line {lines[key.value]} already"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            lines[key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep=deep)


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in (_INT, _FLOAT, _TIMESTAMP)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern in _NUMBERS:
    _PlainLoader.add_implicit_resolver(_tag, _pattern, list("-+.0123456789"))
