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
import dataclasses

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as images_of

from grader import lab
from grader.exercises import check
from grader.quiz import quiz

# %% tags=["recorded"]
cells = lab.load_solar_cells(size=300)
train, test = cells.split("stratified")
baseline = cells.majority_baseline(test)


# %% tags=["recorded"]
def training_step(model, images, labels, optimizer):
    """One update: the step of lesson 1."""
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% tags=["recorded"]
def shrink(photographs, size):
    """Photographs of 300 pixels a side, uint8 (N, 300, 300), as uint8 (N, size, size)."""
    pixels = torch.as_tensor(np.array(photographs))
    return images_of.resize(pixels[:, None], [size, size], antialias=True)[:, 0]


# %% tags=["recorded"]
def prepare(recipe, indices):
    """The network to train, and the data that its trained part sees."""
    model = lab.load_backbone(num_classes=2, pretrained=True)
    model.classifier = nn.Sequential(nn.Dropout(recipe["dropout"]), model.classifier)
    small = shrink(cells.images, recipe["size"]).numpy()
    data = dataclasses.replace(cells, images=small, soft_labels=recipe["soft_labels"])
    prefix, top = lab.split_backbone(model, recipe["frozen_stages"])
    cached = lab.CachedFeatures(prefix, data, indices, flips=True, dtype=torch.float16)
    return model, top, cached


def train_inspector(recipe, seed=0, indices=train, plot=None):
    """Train what comes after the frozen stages; give the whole network and its history."""
    lab.seed_everything(seed)
    model, top, cached = prepare(recipe, indices)
    steps = recipe["epochs"] * len(indices) // 32
    optimizer = torch.optim.AdamW(top.parameters(), lr=recipe["rate"], weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe["rate"], total_steps=steps, pct_start=0.2)
    batches = lab.Batches(cached, indices, steps, seed=seed)
    return model, lab.train(top, optimizer, batches, training_step, schedule, name="inspector", plot=plot)


# %% tags=["recorded"]
@torch.inference_mode()
def scores(model, photographs, size, flips=True):
    """Probabilities of good and defective, (N, 2), for uint8 photographs of 300 pixels a side."""
    model.eval()
    images = lab.network_input(shrink(photographs, size)).to(lab.device())
    ways = [images]
    if flips:
        ways += [images.flip(-1), images.flip(-2), images.flip(-1, -2)]
    return torch.stack([model(way).softmax(dim=1) for way in ways]).mean(dim=0).cpu()
