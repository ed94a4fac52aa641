"""What the lessons import: data, the backbone, training, features, figures.

Small on purpose: ``lab.train??`` in a cell shows a page that can be read.

May import: nothing of the other rooms.
"""

from grader.lab import memory
from grader.lab.allocator import keep_freed_memory
from grader.lab.attention import where_it_looks
from grader.lab.backbone import imagenet_names, load_backbone, preprocess
from grader.lab.charts import accuracy_by_arm, against_rate, bars, loss_curves, range_test_curve
from grader.lab.checkpoints import checkpoint
from grader.lab.features import CachedFeatures, compute_features, split_backbone
from grader.lab.flowers import Flowers, load_flowers
from grader.lab.network_input import network_input
from grader.lab.own_photos import OwnPhotos, load_own_photos, upload_panel
from grader.lab.panels import parameters_by_stage, stage_panel, sweep_slider
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

keep_freed_memory()  # before any network runs: halves the time of a forward pass on a CPU

__all__ = [
    "Batches",
    "CachedFeatures",
    "Flowers",
    "History",
    "LivePlot",
    "OwnPhotos",
    "Recorded",
    "Score",
    "SolarCells",
    "accuracy_against_labels",
    "accuracy_against_steps",
    "accuracy_by_arm",
    "against_rate",
    "bars",
    "checkpoint",
    "compute_features",
    "device",
    "evaluate",
    "image_grid",
    "imagenet_names",
    "load_backbone",
    "load_flowers",
    "load_own_photos",
    "load_recorded",
    "load_solar_cells",
    "loss_curves",
    "memory",
    "network_input",
    "parameters_by_stage",
    "photo_row",
    "predict",
    "preprocess",
    "range_test_curve",
    "sample_photos",
    "seed_everything",
    "show",
    "split_backbone",
    "stage_panel",
    "sweep_slider",
    "train",
    "upload_panel",
    "where_it_looks",
]
