"""Describes a .tflite file that came without its JSON; run in a process of its own, as a damaged one may crash it.

    python -m daemon.sidecar MODEL NAME

writes the JSON beside it. It exits with 4 if the file cannot be loaded, and with 3 if it is no classifier of digits;
one line on stderr says why.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from recognition.classify import load_classifier
from recognition.errors import EXIT_MISMATCH, EXIT_UNREADABLE, ModelLoadError, ModelMismatchError


def describe(model: Path, name: str) -> None:
    """Write the JSON: the number of classes is the one the network loads with, its probabilities are taken as they are.

    Raises:
        ModelLoadError: it cannot be loaded.
        ModelMismatchError: it loads with no possible number of classes.
    """
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    for classes in (11, 10):
        facts = {"name": name, "sha256": sha256, "input": [28, 28, 1], "classes": classes, "temperature": 1.0}
        model.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        try:
            load_classifier(model)
        except ModelMismatchError:
            if classes == 10:
                raise
        else:
            return


def main(arguments: list[str]) -> int:
    """Describe MODEL under the name NAME; the exit code comes back."""
    try:
        describe(Path(arguments[0]), arguments[1])
    except ModelLoadError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return EXIT_MISMATCH if isinstance(error, ModelMismatchError) else EXIT_UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
