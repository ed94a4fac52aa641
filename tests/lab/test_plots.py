"""Styles that differ in more than colour, and words for every picture."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from skimage.color import rgb2lab

import grader.quiz
from grader.lab.plots import CHART, PHOTOGRAPHS, SPARE, STYLES, FigureWithAlt, new_figure, styles_for


def test_arms_differ_in_colour_line_and_marker():
    for one, other in itertools.combinations(STYLES.values(), 2):
        assert one.color != other.color
        assert one.line != other.line
        assert one.marker != other.marker


def test_the_palette_can_be_told_apart_with_red_green_blindness():
    """Deuteranopia (Viénot, Brettel and Mollon 1999): arms stay at least 20 apart in CIELAB."""
    lms = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
    without_green = np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]])
    seen = np.linalg.inv(lms) @ without_green @ lms
    colours = {}
    for name in ("scratch", "fine-tuned", "linear probe"):
        code = STYLES[name].color
        srgb = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = (seen @ srgb**2.2).clip(0, 1)
        colours[name] = rgb2lab((linear ** (1 / 2.2))[None, None])[0, 0]
    for one, other in itertools.combinations(colours.values(), 2):
        assert np.linalg.norm(one - other) > 20


def simulated(colour: str) -> np.ndarray:
    """CIELAB of a colour as deuteranopes see it.

    Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision
    deficiency" (IEEE TVCG 15/6): the matrix for deuteranomaly of severity 1.0, applied to linear sRGB.
    """
    matrix = np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    )
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = (matrix @ linear).clip(0, 1)
    encoded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return rgb2lab(encoded[None, None])[0, 0]


def test_the_simulation_keeps_grey_and_merges_red_with_green():
    np.testing.assert_allclose(simulated("#808080"), rgb2lab(np.full((1, 1, 3), 128 / 255))[0, 0], atol=0.2)
    normal = rgb2lab(np.array([[[200, 80, 0]], [[120, 120, 0]]]) / 255)[:, 0]
    assert np.linalg.norm(normal[0] - normal[1]) > 50
    assert np.linalg.norm(simulated("#C85000") - simulated("#787800")) < 12


def test_every_pair_of_colours_stays_apart_for_deuteranopes():
    """At least 15 in CIELAB, where about 2.3 is just seen (Mahy et al. 1994)."""
    colours = {style.color for style in (*STYLES.values(), *SPARE)}
    for one, other in itertools.combinations(sorted(colours), 2):
        assert np.linalg.norm(simulated(one) - simulated(other)) > 15, (one, other)


@pytest.mark.parametrize(
    "names",
    [
        ["fine-tuned", "b"],
        ["a", "scratch", "b", "linear probe", "fine-tuned", "c", "d"],
        list("abcdefg"),
        ["other", "a", "b", "c"],
    ],
)
def test_up_to_seven_arms_differ_in_colour_line_and_marker(names):
    styles = styles_for(names)
    assert list(styles) == names
    assert all(styles[name] == STYLES[name] for name in names if name in STYLES)
    for attribute in ("color", "line", "marker"):
        assert len({getattr(style, attribute) for style in styles.values()}) == len(names)
    assert all(style.line for style in styles.values())  # the prediction's style draws no line


def test_more_names_than_styles_are_no_error():
    assert len(styles_for([f"stage {number}" for number in range(12)])) == 12


def test_a_figure_is_an_image_with_its_words_and_words_alone_where_no_image_can_be():
    figure, _ = new_figure()
    bundle = FigureWithAlt(figure, 'three dark\n    "cells" & more')._repr_mimebundle_()
    assert 'alt="three dark &quot;cells&quot; &amp; more"' in bundle["text/html"]
    assert bundle["text/plain"] == '[Figure: three dark "cells" & more]'


def test_a_page_can_tell_a_chart_from_photographs():
    figure, (left, right) = new_figure(columns=2)
    left.plot([0, 1], [0, 1])
    assert f'class="{CHART}"' in FigureWithAlt(figure, "a chart")._repr_mimebundle_()["text/html"]
    right.imshow(np.zeros((2, 2)))
    assert f'class="{PHOTOGRAPHS}"' in FigureWithAlt(figure, "a cell")._repr_mimebundle_()["text/html"]


def test_every_colour_of_a_chart_can_be_seen_in_a_dark_theme():
    """At least 3:1 beside the paper (WCAG 2.2, 1.4.11), after the filter of the extension's stylesheet."""
    sheet = Path(grader.quiz.__file__).parent / "labextension" / "static" / "figures.css"
    css = sheet.read_text(encoding="utf-8")
    selector, share = re.search(r"(\S+) {\s+filter: invert\((\d+)%\) hue-rotate\(180deg\);", css).groups()
    assert selector == f".{CHART}"
    half_turn = np.array([[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]])

    def luminance(colour):
        srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        shown = (half_turn @ (srgb + int(share) / 100 * (1 - 2 * srgb))).clip(0, 1)
        linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    paper = luminance("#ffffff")
    assert paper < 0.01
    for style in (*STYLES.values(), *SPARE):
        assert (luminance(style.color) + 0.05) / (paper + 0.05) >= 3, style
