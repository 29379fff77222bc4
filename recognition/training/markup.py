"""The parts of an HTML page that needs nothing beside itself: tables, pictures, and sheets of small pictures.

Whatever is text is escaped here, and nowhere else: names of files may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from recognition.training.crops import data_uri

# What a browser would fetch or run is forbidden, should anything ever slip in.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

STYLE = """
:root { color-scheme: light; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1.25rem; background: #fff; color: #1a1a1a;
  font: 16px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.45rem; margin: 2.75rem 0 .75rem; padding-top: .6rem; border-top: 3px solid #1f5fa8;
  overflow-wrap: anywhere; }
h3 { font-size: 1.1rem; margin: 1.9rem 0 .4rem; }
p { max-width: 48rem; margin: .4rem 0 .8rem; }
.facts, .note, figcaption { color: #444; }
.facts { overflow-wrap: anywhere; }
a { color: #17497f; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem; text-align: right; font-weight: 400; border-bottom: 1px solid #ddd; }
thead th { vertical-align: bottom; font-weight: 600; border-bottom: 2px solid #888; }
th:first-child, td:first-child { text-align: left; padding-left: 0; min-width: 6rem;
  overflow-wrap: anywhere; }
tr.strong > * { font-weight: 700; border-top: 2px solid #888; }
.diagrams { display: flex; flex-wrap: wrap; gap: 1rem; }
.diagrams figure { margin: 0; flex: 1 1 26rem; max-width: 34rem; }
.diagrams img { width: 100%; height: auto; }
.sheet { display: flex; flex-wrap: wrap; gap: .6rem; margin: .5rem 0 1rem; }
.sheet figure { margin: 0; padding: .4rem; border: 1px solid #ccc; border-radius: 3px; max-width: 31rem; }
.sheet figure.grave { border: 2px solid #c8590a; padding: calc(.4rem - 1px); }
.sheet img { display: block; margin: 0 auto .25rem; max-width: 100%; max-height: 96px; }
.sheet.digits img { width: 84px; height: 84px; image-rendering: pixelated; }
.sheet figcaption { font-size: .85rem; line-height: 1.35; text-align: center; overflow-wrap: anywhere; }
.sheet b { color: #1a1a1a; font-size: 1rem; }
@media print {
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; }
  h2, h3, h3 + p { break-after: avoid; }
  h2 { margin-top: 1.5rem; }
  figure, tr, nav { break-inside: avoid; }
  .diagrams figure { flex: 1 1 44%; }
  .wide { overflow: visible; }
  th, td { padding: .15rem .5rem; }
}
"""


@dataclass(frozen=True, slots=True)
class Card:
    """A small picture with what is to be said of it.

    Attributes:
        picture: JPEG or PNG; empty where there is none.
        title: in bold.
        lines: below it.
        grave: it stands out.
    """

    picture: bytes
    title: str
    lines: Sequence[str]
    grave: bool = False


def page(title: str, facts: str, body: str) -> str:
    """A whole page.

    Args:
        title: text.
        facts: text below the title.
        body: HTML.
    """
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f'<p class="facts">{escape(facts)}</p>\n{body}</body>\n</html>\n'
    )


def heading(text: str, anchor: str) -> str:
    """The heading of a section that `contents` leads to."""
    return f'<h2 id="{escape(anchor)}">{escape(text)}</h2>\n'


def subheading(text: str) -> str:
    """A heading within a section."""
    return f"<h3>{escape(text)}</h3>\n"


def contents(sections: Iterable[tuple[str, str]]) -> str:
    """Links to the sections, each an anchor and its text."""
    links = "".join(f'<li><a href="#{escape(anchor)}">{escape(text)}</a></li>' for anchor, text in sections)
    return f"<nav><ul>{links}</ul></nav>\n"


def paragraph(text: str) -> str:
    """A paragraph that explains."""
    return f'<p class="note">{escape(text)}</p>\n'


def table(names: Sequence[str], rows: Iterable[Sequence[str]], *, strong: str | None = None) -> str:
    """A table of texts; the first column says what a row is of, the others are figures.

    Args:
        names: of the columns.
        rows: as long as the names.
        strong: the row that begins with this text stands out.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    lines = []
    for row in rows:
        mark = ' class="strong"' if row[0] == strong else ""
        cells = f'<th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        lines.append(f"<tr{mark}>{cells}</tr>\n")
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{"".join(lines)}</tbody></table></div>\n'
    )


def diagrams(pictures: Iterable[tuple[bytes, str]]) -> str:
    """Diagrams beside each other, each with its caption."""
    figures = "".join(
        f'<figure><img src="{data_uri(picture)}" alt="{escape(caption)}"><figcaption>{escape(caption)}</figcaption>'
        "</figure>\n"
        for picture, caption in pictures
    )
    return f'<div class="diagrams">\n{figures}</div>\n'


def sheet(cards: Iterable[Card], kind: str = "") -> str:
    """Small pictures in rows.

    Args:
        cards: at least one.
        kind: a class of the style, such as `digits`.
    """
    return f'<div class="sheet {escape(kind)}">\n{"".join(map(_card, cards))}</div>\n'


def _card(card: Card) -> str:
    mark = ' class="grave"' if card.grave else ""
    picture = f'<img src="{data_uri(card.picture)}" alt="{escape(card.title)}">' if card.picture else ""
    lines = "".join(f"<br>{escape(line)}" for line in card.lines)
    return f"<figure{mark}>{picture}<figcaption><b>{escape(card.title)}</b>{lines}</figcaption></figure>\n"
