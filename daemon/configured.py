"""The configuration as a command line names it and overrides its keys."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from config.schema import Settings

DEFAULT_CONFIG = Path("/etc/digitdrop/digitdrop.yaml")

Config = Annotated[Path, typer.Option("--config", "-c", envvar="DIGITDROP_CONFIG", help="The configuration.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Overrides a key, such as engine.workers=1.")
]

_QUOTES = "a text with signs needs quotes within those of the shell: --set 'inbox=\"#1: scans\"'"


def load_configured(config: Path, overrides: list[str] | None) -> Settings:
    """Returns the configuration, with logging set up as it says.

    Raises:
        ConfigError: it cannot be read, or a value of it cannot be used.
        typer.BadParameter: an override is no key with a value.
    """
    from config.loader import load_settings
    from daemon.logs import setup_logging

    debugging = logging.getLogger().isEnabledFor(logging.DEBUG)
    settings = load_settings(config, parsed(overrides))
    setup_logging("debug" if debugging else settings.log.level)
    return settings


def parsed(overrides: list[str] | None) -> Mapping[str, Any]:
    """Returns the values of overrides by their keys.

    Raises:
        typer.BadParameter: one is no key with a value.
    """
    import yaml

    from config.plain_yaml import parse

    values = {}
    for text in overrides or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"--set must be KEY=VALUE, such as engine.workers=1. Received: {text}")
        try:
            values[key] = parse(value)
        except (yaml.YAMLError, ValueError, RecursionError):
            rule = f"the value of --set must be as in YAML: {_QUOTES}"
            raise typer.BadParameter(f"{rule}. Received: {text}") from None
        if values[key] is None and value.strip().lower() not in ("null", "~"):  # nothing, or a remark of YAML
            rule = f"--set must give a value; null stands for none, and {_QUOTES}"
            raise typer.BadParameter(f"{rule}. Received: {text}")
    return values
