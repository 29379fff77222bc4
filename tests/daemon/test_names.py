from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.names import first_free, fitting, numbered, past_files, printable, shown


@pytest.mark.parametrize(
    ("path", "number", "name"),
    [
        ("scan.jpg", 1, "scan.jpg"),
        ("scan.jpg", 2, "scan~2.jpg"),
        ("a/b/scan.tar.gz", 3, "a/b/scan.tar~3.gz"),
        ("a.b/scan", 2, "a.b/scan~2"),
        (".hidden", 2, ".hidden~2"),
    ],
)
def test_a_number_stands_before_the_suffix(path: str, number: int, name: str) -> None:
    assert numbered(path, number) == name


@given(
    name=st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=255).filter(
        lambda name: name not in {".", ".."}
    ),
    number=st.integers(1, 10**6),
)
def test_a_numbered_name_always_fits_into_a_folder_with_its_reason(name: str, number: int) -> None:
    result = numbered(f"a/{name}", number)
    assert PurePosixPath(result).parent == PurePosixPath("a")
    assert len(os.fsencode(PurePosixPath(result).name + ".reason.json")) <= 255


@pytest.mark.parametrize(
    ("name", "start", "end", "size"),
    [
        pytest.param("x" * 243, "x" * 243, "x", 243, id="as long as a folder holds"),
        pytest.param("x" * 244, "x" * 230 + "~", "", 243, id="too long"),
        pytest.param("x" * 244 + ".jpg", "x" * 226 + "~", ".jpg", 243, id="with a suffix"),
        pytest.param("x" * 244 + "." + "s" * 15, "x" * 214 + "~", "." + "s" * 15, 243, id="with a long suffix"),
        pytest.param("x" * 244 + "." + "s" * 16, "x" * 230 + "~", "", 243, id="with what is no suffix any more"),
        pytest.param("ü" * 122, "ü" * 115 + "~", "", 243, id="two bytes a letter"),
        pytest.param("xü" + "ü" * 121, "x" + "ü" * 114 + "~", "", 242, id="cut at a whole letter"),
    ],
)
def test_a_name_is_shortened_where_no_folder_holds_it(name: str, start: str, end: str, size: int) -> None:
    result = numbered(name, 1)
    assert result.startswith(start)
    assert result.endswith(end)
    assert len(os.fsencode(result)) == size


def test_long_names_that_differ_stay_different() -> None:
    assert len({numbered("x" * 250 + end + ".jpg", number) for end in "ab" for number in (1, 2, 3)}) == 6


def test_the_first_free_name_is_the_lowest_number() -> None:
    assert first_free("scan.jpg", {"scan.jpg", "scan~2.jpg", "scan~4.jpg"}.__contains__) == "scan~3.jpg"


@given(st.sets(st.integers(1, 300), min_size=0), st.integers(0, 5000))
def test_a_free_name_is_free_and_the_lowest_where_those_before_it_are_taken(more: set[int], dense: int) -> None:
    taken = {numbered("a/scan.jpg", number) for number in {*range(1, dense + 1), *more}}
    name = first_free("a/scan.jpg", taken.__contains__)
    assert name not in taken
    if max(more, default=0) <= dense:
        assert name == numbered("a/scan.jpg", dense + 1)


def test_a_free_name_among_thousands_is_found_by_a_few_looks() -> None:
    taken = {numbered("scan0001.jpg", number) for number in range(1, 50_001)}
    looks: list[str] = []

    def look(name: str) -> bool:
        looks.append(name)
        return name in taken

    assert first_free("scan0001.jpg", look) == "scan0001~50001.jpg"
    assert len(looks) < 70


def test_a_folder_gets_a_number_only_where_something_else_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to("here")
    (tmp_path / "lost").symlink_to("nowhere")
    (tmp_path / "here" / "file").write_bytes(b"")
    (tmp_path / "here" / "file~2").write_bytes(b"")
    long = "x" * 255  # numbers shorten such names, nothing else does
    for path in ("scan.jpg", "new/scan.jpg", "here/new/scan.jpg", "link/scan.jpg", "here/file", f"{long}/scan.jpg"):
        assert past_files(tmp_path, path) == path
    assert past_files(tmp_path, "here/file/a/scan.jpg") == "here/file~3/a/scan.jpg"
    assert past_files(tmp_path, "lost/scan.jpg") == "lost~2/scan.jpg"


def test_a_name_stays_on_one_line_of_the_log() -> None:
    assert shown("a\nb\udcff\x1b[31mé.jpg") == "a\\nb\\xff\\x1b[31mé.jpg"


def test_a_name_with_foreign_bytes_is_printable_and_tells_which() -> None:
    assert printable("größe-\udcff.jpg") == r"größe-\xff.jpg"


def test_a_path_that_is_possible_everywhere_stays_as_it_is() -> None:
    longest = "/".join([*["x" * 255] * 11, "y" * 184])
    assert len(longest) == 3000
    for path in ("scan.jpg", f"a/{'x' * 255}/scan.jpg", f"{longest}/{'z' * 255}"):
        assert fitting(path) == path
    assert fitting(f"{longest}y/scan.jpg") != f"{longest}y/scan.jpg"


@given(
    st.lists(
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1).filter(
            lambda name: name not in {".", ".."}
        ),
        min_size=1,
    ),
    st.integers(1, 300),
)
def test_of_every_path_there_is_one_that_a_file_system_can_hold(names: list[str], times: int) -> None:
    folders = [name * times for name in names]
    path = PurePosixPath(fitting("/".join([*folders, "scan.jpg"])))
    assert path.name == "scan.jpg"
    assert len(os.fsencode(path.parent)) <= 3000
    assert all(len(os.fsencode(folder)) <= 255 for folder in path.parts)
    assert fitting(str(path)) == str(path)


def test_folders_that_are_too_deep_stay_apart_and_keep_their_documents_together() -> None:
    deep = "/".join(["x" * 255] * 12)
    assert fitting(f"{deep}/a/1.jpg").rpartition("/")[0] == fitting(f"{deep}/a/2.jpg").rpartition("/")[0]
    assert fitting(f"{deep}/a/1.jpg") != fitting(f"{deep}/b/1.jpg")
    assert fitting(f"{deep}/a/1.jpg").startswith("/".join(["x" * 255] * 11))
    assert fitting(f"{'x' * 256}/1.jpg") != fitting(f"{'x' * 257}/1.jpg")
