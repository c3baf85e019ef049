"""Letterbox: aspect kept, and the way back lands where it came from."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.pixels.letterbox import Placement, letterbox, unletterbox

FILL = (124, 116, 104)

lengths = st.integers(1, 400)
sides = st.sampled_from([32, 64, 128, 352])


@settings(deadline=None)
@given(width=lengths, height=lengths, side=sides)
def test_the_picture_keeps_its_shape_and_lies_in_the_middle(width, height, side):
    """One side fills the square, the other is in proportion to half a pixel; bars are even."""
    place = Placement.of((width, height), side)
    assert max(place.width, place.height) == side
    assert abs(place.width - width * side / max(width, height)) <= 1
    assert abs(place.height - height * side / max(width, height)) <= 1
    assert place.left in {(side - place.width) // 2, -(-(side - place.width) // 2)}
    assert place.top in {(side - place.height) // 2, -(-(side - place.height) // 2)}


@settings(deadline=None, max_examples=50)
@given(width=lengths, height=lengths, side=sides)
def test_the_bars_have_the_fill_and_the_picture_none_of_it(width, height, side):
    """A picture of one colour stays of that colour, up to its very edge."""
    square, place = letterbox(np.full((height, width, 3), 250, dtype=np.uint8), side, FILL)
    rows, columns = np.indices((side, side))
    inside = (rows >= place.top) & (rows < place.top + place.height)
    inside &= (columns >= place.left) & (columns < place.left + place.width)
    assert square.dtype == np.uint8
    assert (square[inside] == 250).all()
    assert (square[~inside] == FILL).all()


@settings(deadline=None, max_examples=50)
@given(width=lengths, height=lengths, side=sides)
def test_bars_never_leak_into_the_maps(width, height, side):
    """Whatever a segmenter says about the bars, no pixel of the picture hears of it."""
    place = Placement.of((width, height), side)
    maps = np.full((2, side, side), np.nan, dtype=np.float32)
    maps[:, place.top : place.top + place.height, place.left : place.left + place.width] = 0.25
    back = unletterbox(maps, place, (width, height))
    assert back.shape == (2, height, width)
    assert back.dtype == np.float32
    assert np.allclose(back, 0.25)


@settings(deadline=None, max_examples=50)
@given(
    width=st.integers(64, 400),
    height=st.integers(64, 400),
    across=st.floats(0.1, 0.9),
    down=st.floats(0.1, 0.9),
)
def test_a_spot_comes_back_to_its_place(width, height, across, down):
    """There and back, the centre of a disc moves by less than two pixels of the square."""
    y, x = np.mgrid[:height, :width]
    centre = np.array([down * height, across * width])
    radius = min(width, height) / 12 + 3
    disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2
    square, place = letterbox(np.dstack([disc * np.uint8(255)] * 3), 128, (0, 0, 0))
    back = unletterbox(square[None, ..., 0].astype(np.float32), place, (width, height))[0]
    found = np.array([(y * back).sum(), (x * back).sum()]) / back.sum()
    truth = np.array([y[disc].mean(), x[disc].mean()])
    assert np.abs(found - truth).max() <= 2 * max(1, max(width, height) / 128)


def test_scaling_down_is_antialiased():
    """Stripes finer than a pixel of the square turn into their mean, not into a moiré."""
    stripes = np.zeros((512, 512, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    square, _ = letterbox(stripes, 64, FILL)
    assert np.abs(square.astype(int) - 127).max() <= 1


def test_maps_of_a_large_picture_stay_in_their_range():
    """Bilinear: no value beyond those of the map itself."""
    maps = np.random.default_rng(0).random((1, 32, 32), dtype=np.float32)
    back = unletterbox(maps, Placement.of((1600, 200), 32), (1600, 200))
    assert back.min() >= maps.min()
    assert back.max() <= maps.max()


@settings(deadline=None)
@given(width=lengths, height=lengths, side=sides)
def test_the_box_holds_the_picture_and_no_bar(width, height, side):
    """Of a letterboxed picture the box cuts out all of it, and nothing of the fill."""
    square, place = letterbox(np.full((height, width, 3), 250, dtype=np.uint8), side, FILL)
    assert (square[place.box] == 250).all()
    assert (square == 250).all(axis=2).sum() == place.width * place.height
