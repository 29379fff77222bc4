from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from recognition.training.callbacks import EpochLines, figures_text, show_progress

EPOCHS = [
    {"loss": 1.5, "accuracy": 0.25, "val_loss": 1.25, "val_accuracy": 0.5},
    {"loss": 0.75, "accuracy": 0.8125, "val_loss": 0.5, "val_accuracy": 0.875},
]


def run(callback: Any, first: int = 0) -> None:
    """Tells a callback what Keras tells it, for a training of two epochs of three steps."""
    callback.set_params({"epochs": first + len(EPOCHS), "steps": 3})
    callback.on_train_begin()
    for epoch, figures in enumerate(EPOCHS, start=first):
        callback.on_epoch_begin(epoch)
        for step in range(3):
            callback.on_train_batch_end(step, {"loss": figures["loss"], "accuracy": figures["accuracy"]})
        callback.on_epoch_end(epoch, figures)
    callback.on_train_end()


def test_a_log_gets_one_line_an_epoch() -> None:
    out = StringIO()
    times = iter([10.0, 12.5, 20.0, 21.0])
    run(EpochLines(Console(file=out, width=40), clock=lambda: next(times)), first=4)
    assert out.getvalue() == (
        "epoch 5/6  loss 1.5000  accuracy 0.2500  val_loss 1.2500  val_accuracy 0.5000  2.5 s\n"
        "epoch 6/6  loss 0.7500  accuracy 0.8125  val_loss 0.5000  val_accuracy 0.8750  1.0 s\n"
    )


def test_a_terminal_gets_bars_that_end_full_with_the_last_figures() -> None:
    out = StringIO()
    with show_progress(Console(file=out, width=160, force_terminal=True, color_system=None)) as callback:
        run(callback)
    last = [line for line in out.getvalue().splitlines() if "epoch 2/2" in line][-1]
    assert "3/3" in last
    assert figures_text(EPOCHS[1]) in last


def test_a_training_that_is_interrupted_gives_the_cursor_back() -> None:
    out = StringIO()
    terminal = Console(file=out, width=160, force_terminal=True, _environ={"TERM": "xterm"})
    with pytest.raises(KeyboardInterrupt), show_progress(terminal):
        raise KeyboardInterrupt
    assert out.getvalue().rindex("\x1b[?25h") > out.getvalue().rindex("\x1b[?25l")


def test_where_the_console_writes_chooses_the_form() -> None:
    with show_progress(Console(file=StringIO())) as callback:
        assert isinstance(callback, EpochLines)


def test_figures_that_keras_does_not_have_yet_are_left_out() -> None:
    assert figures_text({"accuracy": 0.5, "loss": 1, "learning_rate": 0.01}) == "loss 1.0000  accuracy 0.5000"
