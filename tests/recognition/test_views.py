from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.classify import NOT_A_DIGIT, load_classifier
from recognition.params import ViewParams
from recognition.reader import Reader, load_reader
from recognition.views import by_views, closely_classified, closely_read, closely_spotted

PARAMS = ViewParams()
SEES_INK_IN_THE_MIDDLE = 4


def test_a_digit_in_doubt_is_what_it_is_from_most_sides(make_reading, certain):
    seven = make_reading(7, (0, 0, 20, 30), 0.6)
    [again] = closely_read([seven], certain(1, 0.9), PARAMS)
    assert again.digit == 1
    assert 0.8 < again.confidence < 0.9


def test_a_second_network_counts_as_much_as_the_first(make_reading, certain):
    seven = make_reading(7, (0, 0, 20, 30), 0.6)
    ones, nines = certain(1, 0.9), certain(9, 0.96)
    [again] = closely_read([seven], replace(ones, second=nines.classifier), PARAMS)
    assert again.digit == 9
    assert again.confidence < closely_read([seven], nines, PARAMS)[0].confidence
    [agreed] = closely_read([seven], replace(ones, second=ones.classifier), PARAMS)
    assert agreed.digit == 1
    assert agreed.confidence > closely_read([seven], ones, PARAMS)[0].confidence


def test_a_second_network_says_which_digit_it_is_and_not_whether_it_is_one(make_reading, certain):
    tick = make_reading(1, (0, 0, 20, 30), 0.4, rubbish=0.5)
    first, second = certain(1, 0.4, rubbish=0.5), certain(1, 0.99)
    [alone] = closely_read([tick], first, PARAMS)
    [again] = closely_read([tick], replace(first, second=second.classifier), PARAMS)
    assert again.rubbish == pytest.approx(alone.rubbish, abs=0.01)
    assert again.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_a_sure_digit_is_not_looked_at_again(make_reading, certain):
    sure, unsure = make_reading(7, (0, 0, 20, 30), 0.99), make_reading(7, (40, 0, 20, 30), 0.5)
    first, second = closely_read([sure, unsure], certain(1, 0.9), PARAMS)
    assert first is sure
    assert second.piece is unsure.piece


def test_a_network_of_ten_classes_is_taken_at_its_first_word(make_reading, write_model):
    tutorial = load_reader(write_model(np.where(np.arange(10) == 1, 3.0, 0.0).tolist()))
    unsure = make_reading(7, (0, 0, 20, 30), 0.5)
    assert closely_read([unsure], tutorial, PARAMS) == [unsure]
    images = np.zeros((2, 28, 28), np.uint8)
    once = tutorial.classifier.probabilities(images)
    np.testing.assert_array_equal(closely_classified(images, tutorial, PARAMS), once)


def test_no_digits_stay_none(certain):
    ones = certain(1, 0.9)
    assert closely_read([], ones, PARAMS) == []
    assert closely_classified(np.zeros((0, 28, 28), np.uint8), ones, PARAMS).shape == (0, 11)


def test_each_digit_is_seen_from_its_own_sides_and_stays_in_the_middle(write_model):
    weights = np.zeros((11, 28, 28), np.float32)
    weights[SEES_INK_IN_THE_MIDDLE, 11:17, 11:17] = 4
    classifier = load_classifier(write_model(weights=weights.reshape(11, 784)))
    images = np.zeros((3, 28, 28), np.uint8)
    images[0, 13:15, 13:15] = images[2, 2:4, 2:4] = 255
    rows = by_views(images, classifier).mean(axis=0)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)
    assert rows[0].argmax() == SEES_INK_IN_THE_MIDDLE
    assert rows[0, SEES_INK_IN_THE_MIDDLE] > 0.99
    np.testing.assert_allclose(rows[1:, :NOT_A_DIGIT], rows[1:, :1].repeat(NOT_A_DIGIT, axis=1), atol=1e-5)


def test_the_truth_is_likelier_where_a_hand_is_unlike_those_known(classifier, mnist):
    images, labels = mnist
    turn = cv2.getRotationMatrix2D((13.5, 13.5), 28, 1)
    turned = np.stack([cv2.warpAffine(image, turn, (28, 28)) for image in images])
    alone = Reader(classifier)
    once, closely = classifier.probabilities(turned), closely_classified(turned, alone, PARAMS)
    every = np.arange(len(labels))
    assert np.log(closely[every, labels] + 1e-4).mean() > np.log(once[every, labels] + 1e-4).mean()
    sure = once[:, :NOT_A_DIGIT].max(axis=1) >= PARAMS.sure
    assert sure.any()
    np.testing.assert_array_equal(closely[sure], once[sure])


@pytest.fixture
def written(sample_pages):
    """Draws ink of a number, slanted by so many columns a row."""

    def draw(text, seed, slant):
        hand = sample_pages.Hand(np.random.default_rng(seed), sample_pages.Digits.load(), (100, 500))
        hand.write(text, 60, 20, 60)
        lean = np.array([[1, slant, -50 * slant], [0, 1, 0]], np.float32)
        return cv2.warpAffine(np.rint(255 * hand.ink).astype(np.uint8), lean, (500, 100))

    return draw


def test_the_truth_is_likelier_of_numbers_that_lean_as_those_known_do_not(written, reader):
    rng = np.random.default_rng(0)
    texts = ["".join(map(str, rng.integers(0, 10, 4))) for _ in range(60)]
    inks = [written(text, seed, rng.choice([-0.6, 0.6])) for seed, text in enumerate(texts)]
    once, closely = reader.sequence.spot(inks), closely_spotted(inks, reader.sequence, PARAMS)

    def likelihood(found):
        pairs = [zip(spotted, map(int, text), strict=True) for spotted, text in found]
        return np.mean([np.log(one.probabilities[digit]) for pair in pairs for one, digit in pair])

    whole = [k for k, text in enumerate(texts) if len(once[k]) == len(text)]
    assert len(whole) > 40
    assert likelihood([(closely[k], texts[k]) for k in whole]) > likelihood([(once[k], texts[k]) for k in whole])


def test_numbers_in_doubt_have_their_digits_where_they_stand(written, reader):
    inks = [written("4730", seed, -0.5) for seed in range(8)]
    doubting = ViewParams(number_sure=1.0)
    for once, closely in zip(reader.sequence.spot(inks), closely_spotted(inks, reader.sequence, doubting), strict=True):
        assert [one.column for one in closely] == [one.column for one in once]
        for one in closely:
            assert one.probabilities.sum() == pytest.approx(1, abs=1e-5)
    surely = closely_spotted(inks, reader.sequence, ViewParams(number_sure=0.0))
    for once, sure in zip(reader.sequence.spot(inks), surely, strict=True):
        np.testing.assert_array_equal([one.probabilities for one in sure], [one.probabilities for one in once])


def test_what_cannot_be_spotted_stays_so(reader):
    blank, long = np.zeros((20, 30), np.uint8), np.full((8, 900), 255, np.uint8)
    assert closely_spotted([blank, long], reader.sequence, PARAMS) == [None, None]
    assert closely_spotted([], reader.sequence, PARAMS) == []
