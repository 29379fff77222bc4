"""`digitdrop review`: serves the page until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
from pathlib import Path

import typer
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from config.schema import Settings
from daemon.ledger import Ledger
from daemon.ledger.schema import transaction
from daemon.names import shown
from daemon.review.server import application
from daemon.review.session import Review
from daemon.words import said

_MAX_FORM_BYTES = 1 << 20
_MIN_TOKEN = 16
"""Characters of a token: a shorter one may be guessed."""


def serve(settings: Settings, *, address: str, port: int, token_file: Path | None) -> None:
    """Serves the page, and prints where it is, until SIGINT or SIGTERM comes; a daemon may run meanwhile.

    Args:
        settings: whose ledger and outbox.
        address: of this machine on which it listens.
        port: likewise; 0 for any that is free.
        token_file: holds the token that lets people in, and is made where it is missing; None for a new one each time.

    Raises:
        LedgerError: there is no ledger, or it cannot be written to.
        typer.BadParameter: it cannot listen there, or the token cannot be used.
    """
    token = secrets.token_urlsafe() if token_file is None else _token(token_file)
    with Ledger(settings.state, create=False) as ledger:
        with transaction(ledger.connection):
            pass  # a ledger that refuses is to do so before anybody has looked at numbers
        sockets = _listening(address, port)
        logging.getLogger("tornado.access").setLevel(logging.ERROR)
        try:
            asyncio.run(_run(Review(settings, ledger), token, sockets))
        finally:
            for each in sockets:
                each.close()


async def _run(review: Review, token: str, sockets: list[socket.socket]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    server = HTTPServer(application(review, token), max_buffer_size=_MAX_FORM_BYTES)
    server.add_sockets(sockets)
    print(f"open in a browser: {_url(sockets[0], token)}", flush=True)
    await stopped.wait()
    server.stop()
    await server.close_all_connections()


def _listening(address: str, port: int) -> list[socket.socket]:
    try:
        return bind_sockets(port, address)
    except OSError as error:
        rule = "the page must be able to listen on --address and --port; give others"
        raise typer.BadParameter(f"{rule}. Received: {shown(address)}, {port}: {said(error)}") from error


def _url(listening: socket.socket, token: str) -> str:
    address, port = listening.getsockname()[:2]
    if address in ("0.0.0.0", "::"):  # all of this machine's, of which its name is one
        address = socket.gethostname()
    host = f"[{address}]" if ":" in address else address
    return f"http://{host}:{port}/?token={token}"


def _token(path: Path) -> str:
    rule = f"--token-file must be a file with at least {_MIN_TOKEN} letters and digits, or one that can be made"
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            token = path.read_text("ascii").strip()
        else:
            token = secrets.token_urlsafe()
            with os.fdopen(descriptor, "w") as file:
                file.write(token + "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{rule}. Received: {shown(str(path))}: {said(error)}") from error
    if len(token) < _MIN_TOKEN or not token.replace("-", "").replace("_", "").isalnum():
        raise typer.BadParameter(f"{rule}. Received: {shown(str(path))} with {len(token)} characters")
    return token
