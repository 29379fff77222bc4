from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recognition.training.sheets.words import printed_number, sentence, word

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_a_word_is_never_empty_and_has_no_digits(seed: int) -> None:
    text = word(np.random.default_rng(seed))
    assert text[0].isalpha()
    assert not any(character.isspace() or character.isdigit() for character in text)


@given(seeds)
def test_a_sentence_is_of_several_words(seed: int) -> None:
    text = sentence(np.random.default_rng(seed))
    assert 3 <= len(text.split(" ")) <= 11
    assert not any(character.isdigit() for character in text)


@given(seeds)
def test_a_sentence_of_numbers_has_a_digit_in_each(seed: int) -> None:
    parts = sentence(np.random.default_rng(seed), digits=1.0).split(" ")
    assert all(any(character.isdigit() for character in part) for part in parts)


@given(seeds)
def test_a_printed_number_is_made_of_digits_points_and_brackets(seed: int) -> None:
    text = printed_number(np.random.default_rng(seed))
    assert any(character.isdigit() for character in text)
    assert set(text) <= set("0123456789.()")


@given(seeds)
def test_the_same_seed_gives_the_same_words(seed: int) -> None:
    one, again = (sentence(np.random.default_rng(seed), 0.3) for _ in range(2))
    assert one == again


def test_words_differ() -> None:
    rng = np.random.default_rng(0)
    assert len({word(rng) for _ in range(200)}) > 150
