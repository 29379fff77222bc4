"""The command `digitdrop`: parses the command line, starts what it asks for, and maps errors to exit codes."""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from daemon.configured import DEFAULT_CONFIG, Config, Overrides, load_configured, parsed
from daemon.ending import DONE, SOME_FAILED, exit_code, report


class _Commands(TyperGroup):
    """The one place where errors become exit codes."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (TyperException, typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:  # the reader of our output has gone, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(DONE) from None
        except (Exception, KeyboardInterrupt) as error:
            report(error)
            raise typer.Exit(exit_code(error)) from error


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=True, rich_markup_mode=None
)

Data = Annotated[
    Path | None, typer.Option(help="Folder with MNIST's IDX files, gzipped or not; else Keras fetches it.")
]


def _show_version(wanted: bool) -> None:
    if wanted:
        from daemon.result import software

        print(f"digitdrop {software()}")
        raise typer.Exit


@app.callback()
def _begin(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Log everything, and show where errors come from.")] = False,
) -> None:
    """Turns scans and photos dropped into a folder into tables of the handwritten numbers on them."""
    from daemon.logs import setup_logging

    setup_logging("debug" if debug else "warning")


@app.command()
def run(config: Config = DEFAULT_CONFIG, overrides: Overrides = None) -> None:
    """Watches the inbox and reads what arrives. Ctrl-C, SIGTERM and SIGHUP end it."""
    from daemon.service import run as serve

    raise typer.Exit(serve(load_configured(config, overrides)))


@app.command()
def once(config: Config = DEFAULT_CONFIG, overrides: Overrides = None) -> None:
    """Reads what is in the inbox now, then ends. Its exit code is 1 when documents failed."""
    from daemon.progress import once_progress, once_summary
    from daemon.service import run as serve

    settings = load_configured(config, overrides)
    ends: list[str] = []
    with once_progress() as progress:
        code = serve(settings, once=True, progress=progress, conclude=lambda *came: ends.append(once_summary(*came)))
    for text in ends:  # below the bar
        print(text)
    raise typer.Exit(code)


@app.command()
def status(
    config: Config = DEFAULT_CONFIG,
    overrides: Overrides = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as a JSON object.")] = False,
) -> None:
    """Shows the queue, what failed and why, and how the service is."""
    from daemon.status import report as report_status

    said = report_status(load_configured(config, overrides))
    for line in [said.to_json()] if as_json else said.lines():
        print(line)


@app.command()
def retry(
    names: Annotated[list[str] | None, typer.Argument(help="As `status` shows them; else all that failed.")] = None,
    gone: Annotated[
        bool, typer.Option("--gone", help="Put nothing back, only strike off the list what is no longer in failed/.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    overrides: Overrides = None,
) -> None:
    """Puts failed documents back into the inbox."""
    from daemon.names import shown
    from daemon.quarantine import retry as put_back
    from daemon.quarantine import strike_off

    if gone and names:
        raise typer.BadParameter(f"--gone goes without names. Received: {', '.join(map(shown, names))}")
    if gone:
        struck = strike_off(load_configured(config, overrides))
        for name in struck:
            print(f"{shown(name)} is struck off the list")
        print(f"{len(struck)} struck off" if struck else "every failed document is still in failed/")
        return
    back = put_back(load_configured(config, overrides), names or ())
    for name in back:
        print(f"{shown(name)} is in the inbox again")
    print("no document is to be put back" if not back else f"{len(back)} put back")


@app.command()
def export(
    table: Annotated[Path, typer.Argument(help="The table to write, a .csv or .xlsx file.")],
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from", metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="The first day; else the first there is."
        ),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="The last day; else the last there is."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write it also where a file of that name stands.")] = False,
    config: Config = DEFAULT_CONFIG,
    overrides: Overrides = None,
) -> None:
    """Writes the numbers of all documents of some days into one table."""
    from daemon.export import Span, export_days

    span = Span(first.date() if first else date.min, last.date() if last else date.max)
    print(export_days(load_configured(config, overrides), span, table, replace=replace))


@app.command()
def review(
    address: Annotated[str, typer.Option(help="Of this machine, on which the page is reached.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Likewise; 0 for any that is free.")] = 8470,
    token_file: Annotated[
        Path | None,
        typer.Option(help="Holds the secret of the page's address, made if missing; else it is new each time."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    overrides: Overrides = None,
) -> None:
    """Shows doubtful numbers in a browser, to correct them.

    A daemon may run meanwhile. The address that it shows lets into the page. Ctrl-C ends it.
    """
    from daemon.review.command import serve

    serve(load_configured(config, overrides), address=address, port=port, token_file=token_file)


@app.command()
def check(config: Config = DEFAULT_CONFIG, overrides: Overrides = None) -> None:
    """Tells whether configuration and machine are sound. Where they are not, it says what to do."""
    from daemon.check import check as check_all

    raise typer.Exit(check_all(config, parsed(overrides)))


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="Files; of a folder, the scans directly in it.")],
    out: Annotated[Path | None, typer.Option(help="Write the outbox files there instead of showing a table.")] = None,
    model: Annotated[Path | None, typer.Option(help="A .tflite, .keras or .h5 model; else the shipped one.")] = None,
    accept: Annotated[
        float | None, typer.Option(min=0, max=1, help="A number with a digit less sure than this needs review.")
    ] = None,
    digit: Annotated[float | None, typer.Option(min=0, max=1, help="Below it, a digit is reported as `?`.")] = None,
    dpi: Annotated[int | None, typer.Option(min=72, max=600, help="Resolution of PDF pages.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=256, help="Files read at once; else one a core.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each result's JSON on a line.")] = False,
) -> None:
    """Reads files, without a daemon or a configuration."""
    from daemon.read_command import ReadOptions, read_and_show

    options = ReadOptions(out=out, model=model, accept=accept, digit=digit, dpi=dpi, jobs=jobs, as_json=as_json)
    raise typer.Exit(SOME_FAILED if read_and_show(files, options) else DONE)


@app.command()
def train(
    architecture: Annotated[str | None, typer.Option(help="Which network; else the resumed model's, or cnn.")] = None,
    data: Data = None,
    out: Annotated[Path | None, typer.Option(help="The model's path without its suffix, or a folder for it.")] = None,
    resume: Annotated[Path | None, typer.Option(help="A .keras or .h5 model to go on from.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the data; else the recipe's own.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images a step; else the recipe's own.")] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Of the weights, the shuffling and the augmentation.")
    ] = 1,
    pieces: Annotated[Path | None, typer.Option(help="An .npz of pieces of drawn sheets; made if missing.")] = None,
    sheets: Annotated[int | None, typer.Option(min=1, help="How many sheets are drawn for it; else 1000.")] = None,
    teacher: Annotated[
        list[Path] | None, typer.Option(help="A .tflite network to learn from, too. May be repeated.")
    ] = None,
) -> None:
    """Fits a network to MNIST, or goes on with one. It is saved with its learning curve."""
    from recognition.training.options import TrainOptions
    from recognition.training.train import train as fit

    command = " ".join(["digitdrop", *sys.argv[1:]])
    teachers = tuple(teacher) if teacher else None
    fit(TrainOptions(architecture, data, out, resume, epochs, batch_size, seed, pieces, sheets, teachers, command))


@app.command()
def learn(
    out: Annotated[Path, typer.Argument(help="The new network's path, without a suffix.")],
    data: Data = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the digits; else 12.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of all that is drawn.")] = 1,
    config: Config = DEFAULT_CONFIG,
    overrides: Overrides = None,
) -> None:
    """Teaches the network what people have said of doubtful numbers.

    What it is not the better for is not kept. A daemon may run meanwhile.
    """
    from daemon.learn import LearnOptions, learn_and_show

    command = " ".join(["digitdrop", *sys.argv[1:]])
    options = LearnOptions(out=out, data=data, epochs=epochs, seed=seed, command=command)
    learn_and_show(load_configured(config, overrides), options)


@app.command()
def evaluate(
    model: Annotated[Path | None, typer.Argument(help="A .tflite, .keras or .h5 model; else the shipped one.")] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Digits: a folder with MNIST's IDX files, or an .npz of images and labels. May be repeated."),
    ] = None,
    pages: Annotated[Path | None, typer.Option(help="Folder of pages with a NAME.truth.json beside each.")] = None,
    by: Annotated[
        str | None, typer.Option(help="Key of the truth files to group pages by, or `page`; else style or group.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for a report to open in a browser, and a JSON.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Read pages as this configuration says.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=256, help="Pages read at once; else one a core.")] = None,
) -> None:
    """Measures a model on digits and pages.

    Without any, it takes MNIST's test split. It tells accuracy, calibration, and risk against coverage.
    """
    from daemon.evaluate_command import EvaluateWords, evaluate_and_show

    settings = None if config is None else load_configured(config, None)
    words = EvaluateWords(
        model=model, data=tuple(data or ()), pages=pages, by=by, out=out, settings=settings, jobs=jobs
    )
    raise typer.Exit(SOME_FAILED if evaluate_and_show(words) else DONE)


def main() -> None:
    """Runs the command line's command and exits."""
    app(prog_name="digitdrop")


if __name__ == "__main__":
    main()
