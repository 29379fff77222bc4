"""Reads the configuration file: the command line overrides it, and it overrides the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from config.errors import ConfigError
from config.folders import PATHS, folder_mistakes
from config.messages import known_keys, mistakes_of, shown
from config.plain_yaml import parse
from config.schema import Settings
from config.shipped import DEFAULT_FILE


def load_settings(path: Path, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read and check the configuration; every path in it comes out absolute.

    Args:
        path: the YAML file; relative paths in it are relative to its folder, `~` is the home folder.
        overrides: values that go before the file's, by dotted key ("engine.workers"); relative paths among them are
            relative to the current folder, as on any command line.

    Raises:
        ConfigError: with every mistake that was found.
    """
    source = str(path)
    values = _absolute(_read(path), Path(path).absolute().parent)
    _override(values, _absolute(overrides or {}, Path.cwd()))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        mistakes = mistakes_of(error, Settings) + _mistakes_of_sound_paths(values, error)
        raise ConfigError(mistakes, source=source) from None
    if mistakes := folder_mistakes(settings):
        raise ConfigError(mistakes, source=source)
    return settings


def _mistakes_of_sound_paths(values: Mapping[str, Any], error: ValidationError) -> list[str]:
    """What is wrong with the folders in a configuration that has other mistakes."""
    wrong = {part for detail in error.errors() for part in detail["loc"][:1]}
    sound = [name for name in PATHS if name not in wrong]
    settings = Settings.model_validate({name: values[name] for name in sound if name in values})
    return folder_mistakes(settings, sound)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        rule = f"there is no such file; name another one, or start from a copy of {DEFAULT_FILE}"
        raise ConfigError(rule, source=str(path)) from None
    except IsADirectoryError:
        raise ConfigError("is a folder; name the YAML file in it", source=str(path)) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", source=str(path)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"line {line}: must be UTF-8; save it as such", source=str(path)) from error
    return _parse(text, str(path))


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        values = parse(text)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_syntax(error), source=source) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"is no YAML: {error}", source=source) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"cannot be read as YAML: {error}", source=source) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"must be lines of the form `key: value`. Received: {shown(values)}", source=source)
    return {str(key): value for key, value in values.items()}


def _syntax(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    parts = [part for part in (error.context, error.problem) if part]
    return f"{where}{', '.join(parts)}{_syntax_remedy(error.context or '', error.problem or '')}"


def _syntax_remedy(context: str, problem: str) -> str:
    """What can be done about the mistakes that people make most."""
    if "\\t" in problem:
        return "; indent with spaces, tabs are not allowed"
    signs = ("an alias", "an anchor", "undefined alias", "cannot start any token", "expected the node content")
    if any(sign in f"{context}, {problem}" for sign in signs):
        return '; put a value that begins with such a character in quotes, such as "*.jpg" or ","'
    return ""


def _absolute(values: Mapping[str, Any], base: Path) -> dict[str, Any]:
    return {key: _path(value, base) if key in PATHS else value for key, value in values.items()}


def _path(value: Any, base: Path) -> Any:
    if not isinstance(value, str | Path) or not str(value):
        return value
    try:
        return base / Path(value).expanduser()
    except RuntimeError:  # ~name of a user who does not exist: a relative path, as a shell takes it
        return base / value


def _override(values: dict[str, Any], overrides: Mapping[str, Any]) -> None:
    for key, value in overrides.items():
        *sections, name = key.split(".")
        target = values
        for section in sections:
            if target.get(section) is None:
                target[section] = {}
            target = target[section]
            if not isinstance(target, dict):
                if tuple(key.split(".")) not in known_keys(Settings):
                    raise ConfigError(f"{key}: unknown key", source="--set")
                break  # the file's own mistake, which is reported
        else:
            target[name] = value
