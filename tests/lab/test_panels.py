"""Panels: the right numbers for every choice, and words where no front end draws them."""

import html
import itertools
import re
import xml.etree.ElementTree as ElementTree

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances

from grader.lab import charts, losses, panels
from grader.lab.backbone import load_backbone
from grader.lab.recorded import Recorded

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def shown(monkeypatch):
    """The bundles that were displayed and the alt texts of the figures."""
    bundles, figures = [], []
    monkeypatch.setattr(panels, "display", lambda bundle, raw: bundles.append(bundle))
    for drawing in (charts, losses):
        monkeypatch.setattr(drawing, "show", lambda figure, alt: figures.append(alt))
    return bundles, figures


def the_panel(bundle):
    """The widget that a bundle names."""
    return _instances[bundle[WIDGET]["model_id"]]


def all_of(panel, kind):
    children = [
        panel,
        *itertools.chain.from_iterable(all_of(c, kind) for c in getattr(panel, "children", ())),
    ]
    return [child for child in dict.fromkeys(children) if isinstance(child, kind)]


def words_of(panel):
    """The text of a panel's HTML, as a reader of the page meets it."""
    (element,) = all_of(panel, ipywidgets.HTML)
    return html.unescape(re.sub(r"<svg.*</svg>|<[^>]+>", "", element.value))


# Stages


@pytest.fixture(scope="module")
def model():
    return load_backbone(num_classes=2, pretrained=False)


@pytest.fixture(scope="module")
def counts(model):
    return panels.parameters_by_stage(model)


def test_each_parameter_belongs_to_one_part(model, counts):
    assert list(counts) == ["stem", *(f"stage {n}" for n in range(1, 8)), "last convolution", "head"]
    assert sum(counts.values()) == sum(parameter.numel() for parameter in model.parameters())
    assert counts["head"] == 1280 * 2 + 2
    assert counts["stem"] == 3 * 32 * 9 + 2 * 32


def test_every_combination_of_toggles_tells_the_right_numbers(counts):
    total = sum(counts.values())
    for chosen in itertools.product([False, True], repeat=len(counts)):
        trainable = dict(zip(counts, chosen, strict=True))
        told = panels.what_trains(counts, trainable)
        number = sum(count for name, count in counts.items() if trainable[name])
        megabytes = 3 * 4 * number / 1e6  # a gradient and two moments, float32
        assert told == (
            f"{number:,} of {total:,} parameters train ({number / total:.1%}); gradients and Adam's two "
            f"moments take {megabytes:,.2f} MB beside the {4 * total / 1e6:,.1f} MB of weights."
        )


def test_the_numbers_by_hand():
    told = panels.what_trains({"a": 1_000_000, "b": 3_000_000}, {"a": True, "b": False})
    assert told.startswith("1,000,000 of 4,000,000 parameters train (25.0%)")
    assert "take 12.00 MB beside the 16.0 MB of weights" in told


def test_the_stage_panel_comes_after_its_figure_and_follows_the_toggles(shown, counts):
    panels.stage_panel(counts)
    ((bundle,), (alt,)) = shown
    assert "stem 0.9; stage 1" in alt
    panel = the_panel(bundle)
    toggles = {toggle.description: toggle for toggle in all_of(panel, ipywidgets.ToggleButton)}
    assert list(toggles) == list(counts)
    assert words_of(panel) == panels.what_trains(counts, {name: name == "head" for name in counts})
    for name in ("stage 7", "head"):
        toggles[name].value = not toggles[name].value
    assert words_of(panel) == panels.what_trains(counts, {name: name == "stage 7" for name in counts})
    assert [name for name, toggle in toggles.items() if toggle.icon == "check"] == ["stage 7"]


def test_a_bundle_has_words_and_keeps_the_widget(shown, counts):
    panels.stage_panel(counts)
    ((bundle,), _) = shown
    assert set(bundle) == {WIDGET, "text/plain"}
    assert bundle["text/plain"].startswith("[An interactive panel stands here")
    assert bundle[WIDGET]["model_id"]


# The sweep


def run(rate, loss, seed=0, recipe="one rate"):
    return {
        "recipe": recipe, "rate": rate, "head_rate": rate, "seed": seed, "accuracy": 0.7 + rate,
        "balanced_accuracy": 0.6, "probe": 0.8, "moved": 0.05, "loss": loss,
    }  # fmt: skip


SWEEP = Recorded(
    [
        run(1e-3, [0.9] * 10 + [0.4] * 10),
        run(1e-2, [0.9] * 5 + [8.0] * 15),
        run(1e-1, [0.9, 5.0] + [None] * 18),
        run(0.0, [0.9] * 20, recipe="nothing trains"),
        run(0.0, [0.9] * 20),
        run(0.5, [0.9] * 20, seed=1),  # another seed alone has this rate
    ],
    {},
    {},
)


def picture_of(panel):
    (element,) = all_of(panel, ipywidgets.HTML)
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", element.value)[0])


def points_of(picture):
    lines = picture.iter("polyline")
    return [[tuple(map(float, p.split(","))) for p in line.get("points").split()] for line in lines]


def test_the_slider_moves_through_the_rates_of_one_seed(shown):
    panels.sweep_slider(SWEEP)
    ((bundle,), (alt,)) = shown
    panel = the_panel(bundle)
    (slider,) = all_of(panel, ipywidgets.SelectionSlider)
    assert [rate for _, rate in slider.options] == [1e-3, 1e-2, 1e-1]
    assert slider.value == 1e-2
    assert set(bundle) == {WIDGET, "text/plain"}
    assert (
        "rate 0.001 has a mean of 0.90 over the first 10 steps and of 0.40 over the last 10, held-out 70%"
        in alt
    )
    assert "rate 0.1 has a mean of 2.95 over the first 2 steps and is no number after step 2" in alt
    slider.value = 1e-3
    assert words_of(panel) == (
        "Rate 0.001: the loss has a mean of 0.90 over the first 10 steps and of 0.40 over the last 10; "
        "held-out accuracy 70.1%; a probe of the backbone afterwards 80.0%; its weights moved by 5.0%."
    )


def test_the_words_tell_a_loss_that_leaves_the_picture(shown):
    panels.sweep_slider(SWEEP)
    panel = the_panel(shown[0][0])
    assert "of 8.00 over the last 10 (15 of its 20 steps lie above 3, outside the drawing)" in words_of(panel)
    picture = picture_of(panel)
    assert "against 20 steps" in picture.get("aria-label")
    (points,) = points_of(picture)
    assert len(points) == 20
    (frame,) = [child for child in picture if child.tag == "svg"]
    assert frame.get("overflow") == "hidden"
    width, height = int(frame.get("width")), int(frame.get("height"))
    assert all(0 <= x <= width for x, _ in points)
    assert all(0 <= y <= height for _, y in points[:5])
    assert all(y < 0 for _, y in points[5:])  # not at the upper edge, where it would look like a plateau


def test_losses_that_are_no_numbers_are_left_out_of_the_line(shown):
    panels.sweep_slider(SWEEP)
    panel = the_panel(shown[0][0])
    (slider,) = all_of(panel, ipywidgets.SelectionSlider)
    slider.value = 1e-1
    assert "is no number after step 2" in words_of(panel)
    assert [len(points) for points in points_of(picture_of(panel))] == [2]


@pytest.mark.parametrize("loss", [[None] * 20, [0.7], [], [None, 0.7, None, 0.6]])
def test_odd_curves_are_drawn(shown, loss):
    panels.sweep_slider(Recorded([run(1e-3, loss)], {}, {}))
    picture_of(the_panel(shown[0][0]))


def test_the_picture_has_names_on_its_axes(shown):
    panels.sweep_slider(SWEEP)
    words = [child.text for child in picture_of(the_panel(shown[0][0])) if child.tag == "text"]
    assert words == ["3", "0", "loss (nats)", "1", "step", "20"]
