"""Links between the project's files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATTERNS = ("*.md", "[!.]*/*.md", "[!.]*/*/*.md")
PAGES = sorted(str(path.relative_to(ROOT)) for pattern in PATTERNS for path in ROOT.glob(pattern))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_links_to_files_that_are_there(page):
    found = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text())
    assert [link for link in found if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_the_readme_is_among_these_pages():
    assert "README.md" in PAGES
