"""The page on which people look numbers over, served by Tornado."""

from __future__ import annotations

import hmac
import logging
import re
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tornado.web import Application, HTTPError, RequestHandler, StaticFileHandler

from daemon.names import printable
from daemon.review.answers import Answer
from daemon.review.doubts import PER_SCREEN, Doubt
from daemon.review.session import Review

log = logging.getLogger(__name__)

_PAGES = Path(__file__).parent / "pages"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Server": "digitdrop",
}


class _Page(RequestHandler):
    """Lets in who has the token, and nobody else."""

    def initialize(self, review: Review, token: str) -> None:
        self.review = review
        self._token = token

    def set_default_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        cookie = "digitdrop-" + re.sub(r"\W", "-", self.request.host)  # one for each port: cookies know none
        given = self.get_query_argument("token", "")
        if given and hmac.compare_digest(given.encode(), self._token.encode()):
            self.set_cookie(cookie, given, httponly=True, samesite="Strict")
            self.redirect(self.request.path)
        elif not hmac.compare_digest(self.get_cookie(cookie, "").encode(), self._token.encode()):
            raise HTTPError(HTTPStatus.FORBIDDEN, reason="Open the address that digitdrop review has shown")

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        if told := self.review.told(error):
            log.error("%s", told)
        else:
            super().log_exception(kind, error, trace)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        told = self.review.told(kwargs.get("exc_info", (None, None, None))[1])
        if told:
            self.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
        self.render("error.html", text=told or self._reason)


class _First(_Page):
    def get(self) -> None:
        days = self.review.book.days()
        if not days:
            self.render("empty.html")
        else:
            self.redirect(f"/day/{next((day for day, count in days.items() if count), next(iter(days)))}")


class _Screen(_Page):
    """The numbers of a day, a screen at a time."""

    def get(self, day: str) -> None:
        review = self.review
        found = review.day(day)
        digit = self._whole("digit", 9)
        doubts = [doubt for doubt in found.all() if digit is None or digit in doubt.digits]
        start = min(self._whole("from", 10**9) or 0, len(doubts))
        name, total = self.get_query_argument("saved", ""), sum(1 for _ in found.all())
        self.render(
            "screen.html",
            day=day,
            days=sorted((review.book.days() | {day: total}).items(), reverse=True),
            digit=digit,
            counts=found.counts(),
            total=total,
            chosen=len(doubts),
            start=start,
            doubts=doubts[start : start + PER_SCREEN],
            name=name,
            batch=review.batch(name),
            address=partial(_address, day, digit),
            shown=printable,
            reasons=_reasons,
        )

    def post(self, day: str) -> None:
        answers = {}
        for field in self.request.body_arguments:
            kind, _, place = field.partition(".")
            document, _, index = place.partition(".")
            if kind == "seen" and document.isdecimal() and index.isdecimal():
                answers[int(document), int(index)] = Answer(
                    seen=self.get_body_argument(field),
                    text=self.get_body_argument(f"text.{place}", ""),
                    none=self.get_body_argument(f"none.{place}", "") != "",
                    later=self.get_body_argument(f"later.{place}", "") != "",
                )
        name, batch = self.review.save(day, answers)
        skipped = (self._whole("from", 10**9) or 0) + batch.outcome.left + len(batch.outcome.refused)
        digit = self._whole("digit", 9)
        self.redirect(_address(day, digit, skipped, name), status=HTTPStatus.SEE_OTHER)

    def _whole(self, name: str, most: int) -> int | None:
        """A whole number of the address; None where there is none."""
        text = self.get_query_argument(name, "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= most else None


class _Undo(_Page):
    def post(self, name: str) -> None:
        batch = self.review.undo(name)
        self.redirect(f"/day/{batch.day}?saved={name}" if batch else "/", status=HTTPStatus.SEE_OTHER)


class _Crop(_Page):
    def get(self, document: str, index: str) -> None:
        png = self.review.book.crop(int(document), int(index))
        if png is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, reason="The picture of this number is no longer kept")
        self.set_header("Content-Type", "image/png")
        self.finish(png)


class _Look(_Page):
    """A number in its place."""

    def get(self, day: str, document: str, index: str) -> None:
        doubt = self.review.day(day).find(int(document), int(index))
        if doubt is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, reason="This number has been looked over by now")
        self.render("look.html", doubt=doubt, shown=printable)


class _Picture(_Page):
    """The annotated picture of a page, as it stands in the outbox."""

    def get(self, document: str, page: str) -> None:
        try:
            content = self.review.picture(int(document), int(page))
        except (LookupError, OSError, ValueError) as error:
            reason = "The picture of this page is not in the outbox, or cannot be read"
            raise HTTPError(HTTPStatus.NOT_FOUND, reason=reason) from error
        self.set_header("Content-Type", "image/jpeg")
        self.set_header("Cache-Control", "private, max-age=3600")
        self.finish(content)


class _Static(StaticFileHandler):
    def set_extra_headers(self, path: str) -> None:
        for name, value in _HEADERS.items():
            self.set_header(name, value)


def application(review: Review, token: str) -> Application:
    """The page as an application of Tornado.

    Args:
        review: what it shows.
        token: who has it is let in.
    """
    shared = {"review": review, "token": token}
    number = r"(\d{1,18})"
    day = r"(\d{4}-\d\d-\d\d)"
    return Application(
        [
            (r"/", _First, shared),
            (rf"/day/{day}", _Screen, shared),
            (rf"/undo/{number}", _Undo, shared),
            (rf"/crop/{number}/{number}\.png", _Crop, shared),
            (rf"/look/{day}/{number}/{number}", _Look, shared),
            (rf"/picture/{number}/{number}\.jpg", _Picture, shared),
            (r"/static/(review\.(?:css|js|svg))", _Static, {"path": str(_PAGES)}),
        ],
        default_handler_class=_Missing,
        default_handler_args=shared,
        template_path=str(_PAGES),
        xsrf_cookies=True,
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Strict"},
        compress_response=True,
    )


class _Missing(_Page):
    def get(self) -> None:
        raise HTTPError(HTTPStatus.NOT_FOUND, reason="There is nothing at this address")


def _address(day: str, digit: int | None = None, start: int = 0, saved: str = "") -> str:
    """Of a screen: which digit is doubtful on it, with which number it begins, and what was saved before."""
    words = {"digit": "" if digit is None else str(digit), "from": str(start or ""), "saved": saved}
    asked = urlencode({name: value for name, value in words.items() if value})
    return f"/day/{day}?{asked}" if asked else f"/day/{day}"


_WORDS = {
    "low-confidence": "not sure",
    "not-a-digit": "may be no digit",
    "touching": "digits touch",
    "cut-off": "cut off",
    "rule-failed": "fails a check",
}


def _reasons(doubt: Doubt) -> str:
    reasons = ", ".join(_WORDS.get(reason, reason) for reason in doubt.number["reasons"])
    likely = ", ".join(choice for choice in doubt.choices if " or " in choice)
    return f"{reasons}: {likely}" if likely else reasons
