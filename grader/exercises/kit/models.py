"""Networks that no student has seen: small, with odd layer names, described by plain JSON."""

from typing import Any

import numpy as np

_STEMS = ["patchify", "entry", "gate_in", "first_look", "lens"]
_BODIES = ["mixer", "middle", "trunk", "carrier", "weave"]
_NECKS = ["squeeze", "funnel", "neck", "bridge"]
_HEADS = ["readout", "scorer", "verdict_layer", "outlet", "judge"]


def random_cnn_spec(rng: np.random.Generator) -> dict[str, Any]:
    """A random architecture for ``random_cnn``, as plain JSON."""
    return {
        "seed": int(rng.integers(2**31)),
        "size": int(rng.integers(12, 21)),
        "widths": [int(width) for width in rng.integers(4, 11, size=int(rng.integers(2, 4)))],
        "neck": int(rng.integers(6, 12)),
        "dropout": float(rng.choice([0.0, 0.2])),
        "nested_head": bool(rng.random() < 0.5),
        "num_classes": int(rng.integers(3, 7)),
        "names": {
            "stem": str(rng.choice(_STEMS)),
            "body": str(rng.choice(_BODIES)),
            "neck": str(rng.choice(_NECKS)),
            "head": str(rng.choice(_HEADS)),
        },
    }


def random_cnn(spec: dict[str, Any]):
    """The network of a spec: convolutions with BatchNorm and SiLU, a linear neck, a linear head.

    Takes float32 images ``(N, 3, size, size)`` and gives logits ``(N, num_classes)``. Its weights depend
    on ``spec["seed"]`` alone; PyTorch's global random numbers are left as they were.
    """
    import torch
    from torch import nn

    names = spec["names"]
    # SiLU everywhere: a neck whose ReLUs are all off, about one in 300, gives a right answer no gradient.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec["seed"])
        blocks, channels = [], 3
        for width in spec["widths"]:
            blocks.append(
                nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.SiLU())
            )
            channels = width
        head: nn.Module = nn.Linear(spec["neck"], spec["num_classes"])
        if spec["nested_head"]:
            head = nn.Sequential(nn.Dropout(spec["dropout"]), head)
        model = nn.Sequential()
        model.add_module(names["stem"], blocks[0])
        model.add_module(names["body"], nn.Sequential(*blocks[1:]))
        model.add_module("pool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        model.add_module(names["neck"], nn.Sequential(nn.Linear(channels, spec["neck"]), nn.SiLU()))
        model.add_module(names["head"], head)
    return model


def head_name(spec: dict) -> str:
    """Name of the head of ``random_cnn(spec)``: its last ``nn.Linear``."""
    from torch import nn

    return [name for name, module in random_cnn(spec).named_modules() if isinstance(module, nn.Linear)][-1]


def random_batch(spec: dict[str, Any], seed: int, size: int):
    """Images and labels for ``random_cnn(spec)``: float32 ``(size, 3, H, W)`` and int64 ``(size,)``."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(size, 3, spec["size"], spec["size"], generator=generator)
    return images, torch.randint(spec["num_classes"], (size,), generator=generator)


def snapshot(model) -> dict[str, np.ndarray]:
    """A copy of the whole ``state_dict``, buffers too, as NumPy arrays."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in model.state_dict().items()}
