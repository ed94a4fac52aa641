"""Interactive panels. Each comes after a static figure that carries the same message, and adds to it.

Where ipywidgets' front end is absent (nbconvert, a plain console) the figure stands alone.
"""

import html
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import ipywidgets
from IPython.display import display
from torch import nn

from grader.lab.charts import bars
from grader.lab.losses import loss_curves, start_and_end
from grader.lab.plots import CHART
from grader.lab.recorded import Recorded

if TYPE_CHECKING:
    from timm.models.efficientnet import EfficientNet

_ADAM_COPIES = 3  # of each trainable parameter: its gradient and Adam's two moments
_BYTES = 4  # of a float32
_TOP = 3.0  # nats, upper end of the slider's loss axis


def parameters_by_stage(model: "EfficientNet") -> dict[str, int]:
    """Parameters of EfficientNet-Lite0 by part: stem, stages 1 to 7, the last convolution, head."""
    parts: dict[str, list[nn.Module]] = {"stem": [model.conv_stem, model.bn1]}
    parts |= {f"stage {number}": [stage] for number, stage in enumerate(model.blocks, start=1)}
    parts |= {"last convolution": [model.conv_head, model.bn2], "head": [model.classifier]}
    return {
        name: sum(parameter.numel() for module in modules for parameter in module.parameters())
        for name, modules in parts.items()
    }


def what_trains(counts: Mapping[str, int], trainable: Mapping[str, bool]) -> str:
    """One sentence on the chosen parts: how many parameters, which share, what Adam needs for them.

    Gradients and Adam's two moments take three further float32 numbers for each trainable parameter.
    """
    chosen = sum(count for name, count in counts.items() if trainable[name])
    total = sum(counts.values())
    extra = chosen * _ADAM_COPIES * _BYTES / 1e6
    return (
        f"{chosen:,} of {total:,} parameters train ({chosen / total:.1%}); gradients and Adam's two moments "
        f"take {extra:,.2f} MB beside the {total * _BYTES / 1e6:,.1f} MB of weights."
    )


def stage_panel(counts: Mapping[str, int]) -> None:
    """Show the parameters of each part, and a panel in which to choose which of them train."""
    bars(
        {name: count / 1e3 for name, count in counts.items()},
        "Parameters by stage",
        "thousands of parameters",
        "{:,.1f}",
    )
    toggles = {
        name: ipywidgets.ToggleButton(value=name == "head", description=name, tooltip=f"{count:,} parameters")
        for name, count in counts.items()
    }
    sentence = ipywidgets.HTML()

    def redraw(_: object = None) -> None:
        told = what_trains(counts, {name: toggle.value for name, toggle in toggles.items()})
        sentence.value = f'<p role="status">{html.escape(told)}</p>'
        for toggle in toggles.values():
            toggle.icon = "check" if toggle.value else ""  # so that colour is not the only sign

    for toggle in toggles.values():
        toggle.observe(redraw, "value")
    redraw()
    buttons = ipywidgets.HBox(list(toggles.values()), layout=ipywidgets.Layout(flex_flow="row wrap"))
    _display(ipywidgets.VBox([ipywidgets.Label("Choose what trains:"), buttons, sentence]))


def sweep_slider(recorded: Recorded, recipe: str = "one rate", seed: int = 0) -> None:
    """Show the losses of a few learning rates of a recorded sweep, and a slider through all of them."""
    rates = [rate for rate in recorded.settings_of("rate", recipe=recipe, seed=seed) if rate > 0]
    middle = rates[len(rates) // 2]
    chosen = list(dict.fromkeys([rates[0], middle, rates[-1]]))

    def run(rate: float) -> dict:
        return next(
            row for row in recorded.runs if (row["recipe"], row["rate"], row["seed"]) == (recipe, rate, seed)
        )

    loss_curves(
        {f"rate {rate:g}": run(rate)["loss"] for rate in chosen},
        "Training loss of three rates of the sweep",
        {f"rate {rate:g}": run(rate)["accuracy"] for rate in chosen},
    )
    slider = ipywidgets.SelectionSlider(
        options=[(f"{rate:g}", rate) for rate in rates],
        value=middle,
        description="rate",
        continuous_update=False,
    )
    picture = ipywidgets.HTML()

    def redraw(_: object = None) -> None:
        picture.value = _sweep_picture(run(slider.value))

    slider.observe(redraw, "value")
    redraw()
    _display(ipywidgets.VBox([slider, picture]))


def _sweep_picture(run: dict) -> str:
    """A line of text and the loss as a drawing: SVG, so that nothing is loaded and any size is sharp."""
    steps = len(run["loss"])
    words = start_and_end(run["loss"]) + _above(run["loss"])
    told = (
        f"Rate {run['rate']:g}: the loss {words}; held-out accuracy {run['accuracy']:.1%}; a probe of the "
        f"backbone afterwards {run['probe']:.1%}; its weights moved by {run['moved']:.1%}."
    )
    lines = "".join(
        f'<polyline points="{points}" fill="none" stroke="#0072B2" stroke-width="2"/>'
        for points in _polylines(run["loss"])
    )
    label = f"Training loss from 0 to {_TOP:g} nats against {steps} steps: it {words}"
    return (
        f'<p role="status">{html.escape(told)}</p><svg class="{CHART}" width="340" height="150" role="img" '
        f'aria-label="{html.escape(label)}" font-size="11" font-family="sans-serif" fill="#333333">'
        f'<rect width="340" height="150" fill="#ffffff" stroke="#767676"/>'
        f'<path d="M25 5 V125 H335" fill="none" stroke="#767676"/>'
        f'<text x="12" y="14">{_TOP:g}</text><text x="12" y="128">0</text>'
        f'<text x="30" y="16">loss (nats)</text>'
        f'<text x="25" y="143">1</text><text x="170" y="143">step</text>'
        f'<text x="335" y="143" text-anchor="end">{steps}</text>'
        f'<svg x="25" y="5" width="310" height="120" overflow="hidden">{lines}</svg></svg>'
    )


def _above(losses: list[float | None]) -> str:
    """In words, how many losses lie outside the drawing; "" if none does."""
    count = sum(loss is not None and math.isfinite(loss) and loss > _TOP for loss in losses)
    return f" ({count} of its {len(losses)} steps lie above {_TOP:g}, outside the drawing)" if count else ""


def _polylines(losses: list[float | None]) -> list[str]:
    """The curve's points, one text a stretch of numbers; towards a loss above the axis it leaves the drawing.

    Were such a loss drawn at the upper edge, several of them would look like a plateau.
    """
    stretches: list[list[str]] = [[]]
    for place, loss in enumerate(losses):
        if loss is None or not math.isfinite(loss):
            stretches.append([])
        else:
            x = 310 * place / max(1, len(losses) - 1)
            stretches[-1].append(f"{x:.1f},{120 - 120 / _TOP * min(loss, 1e4):.1f}")
    return [" ".join(points) for points in stretches if points]


def _display(panel: ipywidgets.Widget) -> None:
    """The panel where a front end draws it; where none does, a line of text."""
    bundle = panel._repr_mimebundle_()
    display(
        {
            **bundle,
            "text/plain": "[An interactive panel stands here in JupyterLab; the figure above says the same.]",
        },
        raw=True,
    )
