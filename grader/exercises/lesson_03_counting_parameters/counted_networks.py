"""Networks to be counted: with all that ways of counting part on, one trait after the other."""

from collections import OrderedDict
from typing import Any

import numpy as np

from grader.exercises.kit.networks import network, network_spec
from grader.exercises.machine.random_numbers import random_numbers_from

# The first is the beginning of the second: `name.startswith(child)` finds both.
_ALIKE = [("mix", "mixer"), ("view", "viewer"), ("fold", "folder"), ("band", "banded")]
_OTHERS = ["weave1", "2nd", "relay34", "5", "prism6"]  # digits, in front and behind
_POOLS = ["shrink", "gather", "flatten_all"]
_HEADS = ["readout", "scorer", "outlet"]

TRAITS = {
    "tied": "whose layers share weights",
    "own": "with parameters or buffers of its own, outside of every child",
    "mixed": "with parts in float16 and in float64",
}


def counted_network_spec(rng: np.random.Generator, *traits: str, frozen: str = "some") -> dict[str, Any]:
    """A random network for ``counted_network``, as plain JSON.

    Args:
        traits: any of "tied", "own" and "mixed", as ``counted_network`` builds them.
        frozen: "none" of the parameters, "some" drawn one by one, or "all".
    """
    short, long = _ALIKE[int(rng.integers(len(_ALIKE)))]
    first, fifth = (
        (short, long) if "own" in traits else (long, short)
    )  # whichever comes first is taken wrongly
    others = [str(name) for name in rng.permutation(_OTHERS)[:2]]
    return {
        "seed": int(rng.integers(2**31)),
        "children": [first, *others, str(rng.choice(_POOLS)), fifth, str(rng.choice(_HEADS))],
        "width": int(rng.integers(5, 9)),
        "traits": list(traits),
        "dtypes": [str(name) for name in rng.permutation(["float16", "float64"])],
        "frozen": frozen,
        "training": bool(rng.random() < 0.5),
    }


def counted_network(spec: dict[str, Any]):
    """The network of a spec: six children, one without parameters, the last one the linear head.

    Its layers have biases and none, BatchNorm with weights and without, GroupNorm and PReLU. The
    third child holds a part of the first one's name. Traits:

    - "tied": two children share a convolution and a BatchNorm, two more a weight. No buffer alone is shared: a network
      that is moved to a device shares it no more;
    - "own": parameters and buffers of the model itself, one buffer not in its ``state_dict``;
    - "mixed": parts in float16 and in float64.

    A spec of the kit's ``network_spec`` gives that network, with its first child frozen and gradients on the others.
    """
    import torch
    from torch import nn

    if "traits" not in spec:
        model = network(spec)
        next(model.children()).requires_grad_(False)
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter) if parameter.requires_grad else None
        return model
    width, traits = spec["width"], spec["traits"]
    with random_numbers_from(spec["seed"]):
        shared = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        again = shared if "tied" in traits else (nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width))
        third = [(spec["children"][0], nn.Sequential(*again)), ("norm", nn.BatchNorm2d(width, affine=False))]
        third.append(("rectify", nn.PReLU(width)))
        parts = [
            nn.Sequential(nn.Conv2d(3, width, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU()),
            nn.Sequential(*shared, nn.ReLU(), nn.GroupNorm(1, width)),
            nn.Sequential(OrderedDict(third)),
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width)),
            nn.Linear(width, width),
        ]
        if "mixed" in traits:
            parts[0].to(getattr(torch, spec["dtypes"][0]))
            parts[4].to(getattr(torch, spec["dtypes"][1]))
            parts[5].to(getattr(torch, spec["dtypes"][1]))  # so that the last parameter is no float32 either
        if "tied" in traits and "own_head" not in traits:
            parts[5].weight = parts[4].get_submodule("0").weight
    model = nn.Sequential()
    for name, part in zip(spec["children"], parts, strict=True):
        model.add_module(name, part)
    if "own" in traits:
        model.register_parameter("scale", nn.Parameter(torch.ones(3, width)))
        model.register_parameter("shift", nn.Parameter(torch.zeros(7)))
        model.register_buffer("grid", torch.zeros(4, width))
        model.register_buffer("scratch_pad", torch.zeros(11), persistent=False)
    return _frozen(model, spec).train(spec["training"])


def _frozen(model: Any, spec: dict[str, Any]) -> Any:
    """One by one: a weight may be frozen and its bias not. In every network some train and some do not."""
    rng = np.random.default_rng(spec["seed"])
    parameters = list(model.parameters())
    for parameter in parameters:
        parameter.requires_grad_(
            spec["frozen"] == "none" or (spec["frozen"] == "some" and rng.random() < 0.5)
        )
    if spec["frozen"] == "some":  # in each: two layers whose bias alone trains, one whose weight alone does
        first, group = (
            model.get_submodule(spec["children"][1])[0],
            model.get_submodule(spec["children"][1])[3],
        )
        head = model.get_submodule(spec["children"][-1])
        for layer, weight_trains in ((head, False), (first, False), (group, True)):
            layer.weight.requires_grad_(weight_trains)
            layer.bias.requires_grad_(not weight_trains)
    return model


def counted_network_specs(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Six networks: plain ones, one for each trait, one with all of them."""
    return [
        network_spec(rng, nested=True, deep_head=True),
        counted_network_spec(rng, frozen="all"),
        counted_network_spec(rng, "tied"),
        counted_network_spec(rng, "own"),
        counted_network_spec(rng, "mixed"),
        counted_network_spec(rng, "tied", "own", "mixed"),
    ]


def traits_of(spec: dict[str, Any]) -> list[str]:
    """The traits that the network of a spec has."""
    return list(spec["traits"]) if "traits" in spec else ["tied", "own"]
