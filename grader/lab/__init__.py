"""What the lessons import: data, the backbone, training, features, figures.

Small on purpose: ``lab.train??`` in a cell shows a page that can be read.
"""

from grader.lab.backbone import imagenet_names, load_backbone, preprocess
from grader.lab.features import CachedFeatures, compute_features, split_backbone
from grader.lab.flowers import Flowers, load_flowers
from grader.lab.plots import (
    LivePlot,
    accuracy_against_labels,
    accuracy_against_steps,
    image_grid,
    photo_row,
    show,
)
from grader.lab.recorded import Recorded, load_recorded
from grader.lab.sample_photos import sample_photos
from grader.lab.solar_cells import SolarCells, load_solar_cells
from grader.lab.training import (
    Batches,
    History,
    Score,
    device,
    evaluate,
    predict,
    seed_everything,
    train,
)

__all__ = [
    "Batches",
    "CachedFeatures",
    "Flowers",
    "History",
    "LivePlot",
    "Recorded",
    "Score",
    "SolarCells",
    "accuracy_against_labels",
    "accuracy_against_steps",
    "compute_features",
    "device",
    "evaluate",
    "image_grid",
    "imagenet_names",
    "load_backbone",
    "load_flowers",
    "load_recorded",
    "load_solar_cells",
    "photo_row",
    "predict",
    "preprocess",
    "sample_photos",
    "seed_everything",
    "show",
    "split_backbone",
    "train",
]
