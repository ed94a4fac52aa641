# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["recorded"]
import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from grader import lab
from grader.exercises import check
from grader.quiz import quiz

# %% tags=["recorded"]
cells = lab.load_solar_cells(size=96)
train, test = cells.split("stratified")
poly, mono = (np.flatnonzero(cells.module_type == kind) for kind in ("poly", "mono"))
TASKS = {"same modules": (train, test), "poly to mono": (poly, mono), "mono to poly": (mono, poly)}


# %% tags=["recorded"]
def training_step(model, images, labels, optimizer):
    """One update: the step of lesson 1."""
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% tags=["recorded"]
prefix, _ = lab.split_backbone(lab.load_backbone(pretrained=True), stages=5)
cached = lab.CachedFeatures(prefix, cells, np.arange(len(cells.images)))


def new_top():
    """The last two stages and a new head: what comes after the frozen prefix."""
    _, top = lab.split_backbone(lab.load_backbone(num_classes=2, pretrained=True), stages=5)
    return top


# %% tags=["recorded"]
def step_for(parts, statistics):
    """A training step; BatchNorm's statistics move only in trained parts, and only if they shall."""

    def step(model, images, labels, optimizer):
        model.eval()
        for part in parts if statistics == "moving" else []:
            part.train()
        return training_step(model, images, labels, optimizer)

    return step


# %% tags=["recorded"]
HEAD_RATE, STAGE_RATE = 3e-3, 1e-3


def phase(top, steps, indices, held_out, stages=True, statistics="frozen", seed=0, name="", plot=None):
    """Train the head, or the stages as well, for some steps on cached activations."""
    *backbone, head = top
    for module in backbone:
        module.requires_grad_(stages)
    groups = [{"params": head.parameters(), "lr": HEAD_RATE}]
    if stages:
        rest = [parameter for module in backbone for parameter in module.parameters()]
        groups.append({"params": rest, "lr": STAGE_RATE})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    batches = lab.Batches(cached, indices, steps, seed=seed, flip=False)
    step = step_for(top if stages else [head], statistics)
    measure = lambda model: lab.evaluate(model, cached, held_out)
    return lab.train(top, optimizer, batches, step, None, measure, 30, name, plot)
