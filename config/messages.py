"""Mistakes that pydantic found, as sentences for the person who wrote the file."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from annotated_types import Ge, Le
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.schema import RELATION
from config.values import RULE

MAX_SHOWN = 80
"""Characters of a received value that a message shows."""

_TYPES = {
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be a text, in quotes where it looks like something else",
    "string_too_short": "must not be empty",
    "tuple_type": 'must be a list, such as ["*.jpg", "*.png"]',
    "finite_number": "must be a finite number",
    "string_pattern_mismatch": "must be an address such as tcp://scheduler:8786",
    "model_type": "must be a section: a line `{name}:`, and its keys indented below it",
}


def mistakes_of(error: ValidationError, schema: type[BaseModel]) -> list[str]:
    """One sentence a mistake: the dotted key, the rule, what was received."""
    return [_sentence(detail, schema) for detail in error.errors(include_url=False)]


def _sentence(detail: ErrorDetails, schema: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    kind = detail["type"]
    if kind == "extra_forbidden":
        return f"{key}: unknown key{_suggestion(detail['loc'], schema)}"
    if kind == "invalid_key":
        return f"{key}: unknown key; a comma between braces ends a value, decimals have a point, such as 0.9"
    if kind == RELATION:
        return f"{key}: {detail['msg']}"
    return f"{key}: {_rule(detail, schema)}. Received: {shown(detail['input'])}"


def _rule(detail: ErrorDetails, schema: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == RULE:
        return detail["msg"]
    if kind == "literal_error":
        return f"must be one of {context['expected']}"
    if kind in ("greater_than_equal", "less_than_equal"):
        limits = limits_of(detail["loc"], schema)
        return "must be from {:g} to {:g}".format(*limits) if limits else detail["msg"]
    text = _TYPES.get(kind, detail["msg"])
    return text.format(name=detail["loc"][-1]) if kind == "model_type" else text


def limits_of(loc: Sequence[int | str], schema: type[BaseModel]) -> tuple[float, float] | None:
    """The least and the greatest value of a key, both allowed; None where it has no such range."""
    *sections, name = loc
    for section in sections:
        annotation = schema.model_fields[str(section)].annotation
        assert isinstance(annotation, type)
        schema = annotation
    metadata = schema.model_fields[str(name)].metadata
    low = next((limit.ge for limit in metadata if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in metadata if isinstance(limit, Le)), None)
    return None if low is None or high is None else (cast(float, low), cast(float, high))


def _suggestion(loc: tuple[int | str, ...], schema: type[BaseModel]) -> str:
    *sections, name = (str(part) for part in loc)
    known = {".".join(path) for path in known_keys(schema)}
    beside = {key.rsplit(".", 1)[-1]: key for key in known if key.split(".")[:-1] == sections}
    elsewhere = {key.rsplit(".", 1)[-1]: key for key in sorted(known)}
    if name in elsewhere:
        return f"; did you mean {elsewhere[name]}?"
    for names in (beside, elsewhere):
        if near := difflib.get_close_matches(name, names, n=1):
            return f"; did you mean {names[near[0]]}?"
    return f"; known here are: {', '.join(sorted(beside))}"


def known_keys(schema: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """Every key of the schema, sections and their keys, as paths."""
    for name, field in schema.model_fields.items():
        yield (name,)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from ((name, *rest) for rest in known_keys(field.annotation))


def shown(value: object) -> str:
    """A value as the configuration has it, or how it begins; of a section, its keys."""
    text = json.dumps(value, ensure_ascii=False, default=str) if not isinstance(value, Mapping) else _keys(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _keys(value: Mapping[Any, Any]) -> str:
    return f"a section with the keys {', '.join(map(str, value))}" if value else "an empty section"
