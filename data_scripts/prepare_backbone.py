"""Prepare the backbone: the packaged ImageNet checkpoint under timm's names, as safetensors.

    python data_scripts/prepare_backbone.py

The checkpoint is checked by its SHA-256 first. The lessons do this by themselves on first use.
"""

import time

import typer
from reporting import one_sentence

from grader.lab.backbone import load_backbone, prepare_backbone


@one_sentence
def main() -> None:
    """Prepare and say what there is."""
    started = time.perf_counter()
    path = prepare_backbone()
    seconds = time.perf_counter() - started
    model = load_backbone()
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, in {seconds:.1f} s")
    print(f"{len(model.state_dict())} tensors, {count:,} parameters")


if __name__ == "__main__":
    typer.run(main)
