"""Networks that no student has seen: small, with odd names, described by plain JSON. One kind for every lesson.

What separates a right answer from a wrong one stands in *every* network: another stage's name begins like a
stage's, a norm's like the head's; some module deep in the backbone has the head's last name; a parameter belongs
to the model itself; two layers share a weight; every stage holds three BatchNorm layers, one of a derived class and
one for vectors, two of them below another module; their statistics are no fresh layer's; neither the first nor the
last child is the head, unless the exercise says that the head comes last.
"""

from typing import Any

import numpy as np

from grader.exercises.machine.random_numbers import random_numbers_from

# The first is the beginning of the second: `name.startswith(stage)` finds both.
_ALIKE = [("low", "lower"), ("deep", "deepest"), ("wide", "widened"), ("fine", "finer"), ("mid", "midway")]
_STAGES = ["opening1", "coarse2", "textures3", "parts4"]  # digits: whoever strips them finds no such child
_CONTAINERS = ["trunk", "tower", "carrier"]
_STEMS = ["entry", "lens", "first_look", "patchify"]
_TIES = ["weave", "mixer", "loom"]
_TOPS = ["top", "finish", "upper_floor"]
_HEADS = ["outlet", "readout", "scorer"]
_DROPOUTS = ["thinning", "gaps"]

Spec = dict[str, Any]


def network_spec(
    rng: np.random.Generator,
    *,
    nested: bool,
    deep_head: bool = False,
    head_last: bool = False,
    stages: int = 3,
    dropout: float = 0.0,
    gain: float = 1.0,
) -> Spec:
    """A random network as plain JSON. What is random are names, widths, sizes and weights, never the structure.

    Args:
        nested: whether head and stages lie inside other modules, so that their names hold dots.
        deep_head: whether the head is two linear layers instead of one.
        head_last: whether the head is registered last, and is the last ``nn.Linear`` of ``named_modules()``.
        stages: how many, 2 to 5; the last one's name is the beginning of the first one's.
        dropout: probability in front of the head.
        gain: factor on the head's first weights; large ones make large gradients.
    """
    short, long = _ALIKE[int(rng.integers(len(_ALIKE)))]
    others = [str(name) for name in rng.permutation(_STAGES)[: stages - 2]]
    container = f"{rng.choice(_CONTAINERS)}." if nested else ""
    top = f"{rng.choice(_TOPS)}." if nested else ""
    return {
        "seed": int(rng.integers(2**31)),
        "size": int(rng.integers(7, 10)),
        "stem": str(rng.choice(_STEMS)),
        "stages": [f"{container}{name}" for name in [long, *others, short]],
        "ties": f"{top}{rng.choice(_TIES)}",
        "dropout_name": f"{top}{rng.choice(_DROPOUTS)}",
        "head": f"{top}{rng.choice(_HEADS)}",
        "widths": [int(width) for width in rng.integers(4, 7, size=stages + 1)],
        "dropout": dropout,
        "deep_head": deep_head,
        "head_last": head_last,
        "gain": gain,
        "num_classes": int(rng.integers(3, 6)),
    }


def network(spec: Spec):
    """The network of a spec, in training mode, all of it trainable.

    Takes float32 images ``(N, 3, size, size)``, gives logits ``(N, num_classes)``. Its weights depend on
    ``spec["seed"]`` alone; PyTorch's global random numbers are left as they were. It lies on the CPU, whatever the
    default device of the moment.
    """
    import torch
    from torch import nn

    from grader.exercises.kit.layers import Gate, Network, NormAct

    def convolution(inputs: int, outputs: int) -> nn.Module:
        return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)

    def stage(inputs: int, outputs: int) -> nn.Module:
        first = convolution(inputs, outputs), nn.BatchNorm2d(outputs), nn.SiLU()
        second = nn.Sequential(convolution(outputs, outputs), NormAct(outputs))
        return nn.Sequential(*first, second, Gate(outputs))

    # SiLU everywhere: a unit that is off would hide what moves. No bias in front of a norm, which takes it out.
    with random_numbers_from(spec["seed"]), torch.device("cpu"):
        widths = spec["widths"]
        stem = nn.Sequential(convolution(3, widths[0]), NormAct(widths[0]))
        stem.add_module(
            spec["head"].rpartition(".")[2], nn.Conv2d(widths[0], widths[0], 1)
        )  # namesake of the head
        last = widths[-1]
        ties = nn.Sequential(
            nn.Linear(last, last), nn.LayerNorm(last), nn.SiLU(), nn.Linear(last, last, bias=False)
        )
        ties[3].weight = ties[0].weight
        head: nn.Module = nn.Linear(last, spec["num_classes"])
        if spec["deep_head"]:
            head = nn.Sequential(
                nn.Linear(last, 6), nn.LayerNorm(6), nn.SiLU(), nn.Linear(6, spec["num_classes"])
            )
        with torch.no_grad():
            last_of_head: Any = head[-1] if isinstance(head, nn.Sequential) else head
            last_of_head.weight.mul_(spec["gain"])
        parts: dict[str, nn.Module] = {
            spec["stem"]: stem,
            **{
                name: stage(inputs, outputs)
                for name, inputs, outputs in zip(spec["stages"], widths, widths[1:], strict=False)
            },
            "pool": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            spec["ties"]: ties,
            head_norm(spec): nn.BatchNorm1d(last),
            spec["dropout_name"]: nn.Dropout(spec["dropout"]),
            spec["head"]: head,
        }
        for part in parts.values():
            _wear_in(part)
    order = list(dict.fromkeys(name.partition(".")[0] for name in parts))
    return Network(_registered(parts, spec), order)


def _wear_in(part: Any) -> None:
    """Statistics as a trained network has them: setting them back shows."""
    import torch

    for module in part.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.7, 1.4)  # type: ignore[union-attr]
            module.num_batches_tracked.fill_(int(torch.randint(3, 40, ())))  # type: ignore[union-attr]


def _registered(parts: dict[str, Any], spec: Spec) -> dict[str, Any]:
    """The children by name, in the order in which the network lists them (it calls them by another)."""
    from grader.exercises.kit.layers import Chain

    names = list(parts)
    if not spec["head_last"]:  # second: neither the first nor the last that the model lists
        names.insert(1, names.pop())
    registered: dict[str, Any] = {}
    for name in names:
        container, _, own = name.rpartition(".")
        if not container:
            registered[own] = parts[name]
            continue
        if container not in registered:
            registered[container] = Chain()
            registered[container].order = [
                part.rpartition(".")[2] for part in parts if part.rpartition(".")[0] == container
            ]
        registered[container].add_module(own, parts[name])
    return registered


def head_norm(spec: Spec) -> str:
    """Name of the BatchNorm in front of the dropout: it begins like the head's."""
    return f"{spec['head']}_norm"


def batch_norms(spec: Spec) -> list[str]:
    """Names of all BatchNorm layers: the stem's (derived), three of each stage (plain, derived, 1d), BatchNorm1d."""
    of_stages = [f"{stage}.{place}" for stage in spec["stages"] for place in ("1", "3.1", "4.norm")]
    return [f"{spec['stem']}.1", *of_stages, head_norm(spec)]


def derived_norms(spec: Spec) -> list[str]:
    """Names of those BatchNorm layers whose class is derived from ``nn.BatchNorm2d``."""
    return [f"{spec['stem']}.1", *[f"{stage}.3.1" for stage in spec["stages"]]]
