"""Prepare Flowers102 where this machine is online: 2,040 photographs through torchvision.

    python data_scripts/prepare_flowers.py --size 96

Offline it says so in one line and ends well: the lessons go on without.
"""

import typer
from reporting import one_sentence

from grader.lab.flowers import load_flowers


@one_sentence
def main(size: int = typer.Option(96, help="Pixels a side.")) -> None:
    """Prepare and say what there is."""
    flowers = load_flowers(size)
    if flowers is not None:
        print(f"{len(flowers.train)} flowers to train on, {len(flowers.test)} held out, of 102 kinds")


if __name__ == "__main__":
    typer.run(main)
