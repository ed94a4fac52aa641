"""Images side by side."""

import numpy as np

from grader.lab.pictures import image_grid


def test_a_grid_captions_each_image_and_leaves_the_rest_of_its_row_empty(shown):
    image_grid(np.zeros((3, 8, 8), np.uint8), ["a", "b", "c"], "three", alt="three dark cells", columns=2)
    ((figure, alt),) = shown
    assert [ax.get_title() for ax in figure.axes] == ["a", "b", "c", ""]
    assert [len(ax.images) for ax in figure.axes] == [1, 1, 1, 0]
    assert alt == "three dark cells"
