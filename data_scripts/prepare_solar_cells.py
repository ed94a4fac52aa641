"""Prepare the solar cells: 2,624 photographs from the package ``elpv-dataset`` into one memory-mapped array.

    python data_scripts/prepare_solar_cells.py --size 96

The lessons do this by themselves on first use; run it to prepare a classroom's machines beforehand.
"""

import time

import typer
from reporting import one_sentence

from grader.lab.elpv_files import prepare_solar_cells
from grader.lab.solar_cells import load_solar_cells


@one_sentence
def main(size: int = typer.Option(128, help="Pixels a side, 16 to 300.")) -> None:
    """Prepare and say what there is."""
    started = time.perf_counter()
    path = prepare_solar_cells(size)
    seconds = time.perf_counter() - started
    cells = load_solar_cells(size)
    print(f"{path}: {path.stat().st_size / 1e6:.0f} MB, in {seconds:.1f} s")
    for kind in ("stratified", "blocks"):
        train, test = cells.split(kind)
        share = cells.defective[test].mean()
        print(
            f"split {kind}: {len(train):,} to train on, {len(test)} held out, {share:.1%} of these defective"
        )


if __name__ == "__main__":
    typer.run(main)
