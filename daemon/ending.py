"""How a command ends: the exit code of each error, and the line that says what it was."""

from __future__ import annotations

import logging
import sys

from config.errors import ConfigError
from daemon.errors import DaemonError
from daemon.words import said
from recognition.errors import ModelLoadError, RecognitionError, UnreadableImageError

DONE, SOME_FAILED, USAGE, SOFTWARE, CONFIGURATION, INTERRUPTED = 0, 1, 2, 70, 78, 130


def exit_code(error: BaseException) -> int:
    """The exit code that tells a script or systemd what went wrong."""
    match error:
        case ConfigError() | DaemonError():
            return error.exit_code
        case UnreadableImageError():
            return SOME_FAILED
        case ModelLoadError():  # the model is named in the configuration, or by an option in its place
            return CONFIGURATION
        case RecognitionError():  # of training: a data set, an architecture or a folder that is not there
            return USAGE
        case KeyboardInterrupt():
            return INTERRUPTED
        case _:
            return SOFTWARE


def report(error: BaseException) -> None:
    """Writes an error as one clear line to stderr, with its traceback when debugging."""
    debugging = logging.getLogger().isEnabledFor(logging.DEBUG)
    if debugging:
        logging.getLogger(__name__).debug("the command ends with:", exc_info=error)
    if isinstance(error, KeyboardInterrupt):
        text = "interrupted"
    elif isinstance(error, ConfigError | DaemonError | RecognitionError):
        text = str(error)
    elif isinstance(error, OSError):
        text = said(error)
    else:
        hint = "" if debugging else "; run it again as `digitdrop --debug ...` to see where"
        text = f"internal error: {type(error).__name__}: {error}{hint}"
    print(f"digitdrop: {text}", file=sys.stderr)
