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

# %% [markdown]
# # 2 · Freezing
#
# In lesson 1 training everything was not shown to be ahead of a new head on a backbone that never moved. To keep weights as they are is called *freezing*. It takes two lines of PyTorch, and there are many ways to get it wrong without an error message. This lesson shows what is frozen, what moves all the same, what freezing saves, and when it helps.
#
# | | |
# | --- | --- |
# | **After&nbsp;this&nbsp;lesson&nbsp;you&nbsp;can** | freeze any part of a network, and prove that it is frozen; say what freezing does to gradients, to the optimizer and to BatchNorm; measure what it saves in time and memory; decide what to train from measurements |
# | **You need** | lesson 1: backbone, head, linear probe, training step; words are in the [glossary](../glossary.md) |
# | **Time** | about 60 minutes, of which the computer works about half a minute on two CPU cores |
#
# The photographs are those of lesson 1, from the [ELPV data set](https://github.com/zae-bayern/elpv-dataset) (Buerhop-Lutz et al. 2018, CC BY-NC-SA 4.0: not for commercial use).

# %% tags=["recorded"]
from grader import lab  # first: it tells PyTorch's threads how to wait for each other

import time
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR

from grader.exercises import check
from grader.lab.plots import new_figure
from grader.quiz import quiz

# %% [markdown]
# ## Recall
#
# Two questions from lesson 1, to warm up. They give no points.

# %% recall="freezing.recall"

# %% [markdown]
# ## Predict
#
# Task and photographs are those of lesson 1: is this solar cell defective? We will train the pretrained network on 200 labelled cells for 60 steps, in four ways:
#
# - *everything*: nothing is frozen. That is the fine-tuned network of lesson 1, which reached about 82 %;
# - *last two stages*: they train together with all that follows them, the last convolution and the head;
# - *linear probe*: only the new head trains;
# - *head, statistics moving*: only the head trains, too, but some layers of the frozen backbone, its BatchNorm layers, go on updating the running averages that they keep of what passes through them.
#
# **Before you read on:** which accuracy will each reach on held-out cells? The majority baseline is printed below. Write fractions in place of `None`. Nothing is graded. One more guess, for yourself: if only the head trains, which share of the time of a full training step is left?

# %% tags=["recorded"]
cells = lab.load_solar_cells(size=96)
train, test = cells.split("stratified")
baseline = cells.majority_baseline(test)

# %%
print(f"{len(train):,} cells to train on, {len(test)} held out; majority baseline {baseline:.1%}")
predicted = {
    "everything": None,
    "last two stages": None,
    "linear probe": None,
    "head, statistics moving": None,
}

# %% [markdown]
# ## The idea
#
# A training step goes forward, then backward, then updates. Every parameter carries a flag, `requires_grad`. Where the flag is `False`, backward computes no gradient, `.grad` stays `None`, and the optimizer passes the parameter over. That is all that freezing is. Three things follow from it.
#
# 1. **Backward runs from the loss towards the image, and only as far as something trains.** Frozen layers that lie before all trainable ones need no backward pass, and what they computed need not be kept. Frozen layers that lie *after* a trainable one must still pass the gradient on.
# 2. **Forward runs through everything.** Only if the frozen part comes first, and sees the same images each time, can its output be computed once and cached.
# 3. **The flag speaks of parameters only.** BatchNorm also keeps *buffers*: a running mean and a running variance of each channel. In training mode the forward pass moves them, with or without gradients: we speak of **moving statistics**. In eval mode they stay: **frozen statistics**.
#
# Freezing serves two ends. It saves time and memory, and it protects features that a few labels would spoil. The price: what is frozen cannot adapt to the new task. Which weighs more, only a measurement can tell.

# %%
columns = ["stem", *(f"stage {number}" for number in range(1, 8)), "last conv", "head"]
words = ["not run", "forward", "forward,\nbackward"]
work = {"everything": [2] * 10, "last two stages": [1] * 6 + [2] * 4, "head": [1] * 9 + [2]}
work["head, cached\nfeatures"] = [0] * 9 + [2]
figure, (ax,) = new_figure(width=9.0, height=3.0)
ax.grid(visible=False)
ax.imshow(list(work.values()), cmap="Blues", vmax=5, aspect="auto")
for (row, column), amount in np.ndenumerate(np.array(list(work.values()))):
    ax.text(column, row, words[amount], ha="center", va="center", fontsize=8)
ax.set(title="What one training step computes, by what trains", xlabel="from the image to the loss")
ax.set_xticks(range(10), columns, fontsize=8)
ax.set_yticks(range(4), list(work))
parts = {arm: (10 - row.count(0), row.count(2)) for arm, row in work.items()}
told = [f"{arm}: forward in {there}, backward in {back}" for arm, (there, back) in parts.items()]
lab.show(figure, f"What a step computes in ten parts, counted from the head: {'; '.join(told)}.")

# %% [markdown]
# ## The mechanism, bare
#
# Two linear layers, 16 rows of four random numbers, two classes. The training step is that of lesson 1. The function below takes three steps and tells by how much the weights of each layer moved at most.


# %% tags=["recorded"]
def training_step(model, images, labels, optimizer):
    """One update: the step of lesson 1."""
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


# %%
def two_layers():
    torch.manual_seed(0)
    return nn.Sequential(OrderedDict(backbone=nn.Linear(4, 3), head=nn.Linear(3, 2)))


def moved(model, optimizer, step=training_step):
    before = {name: part.weight.detach().clone() for name, part in model.named_children()}
    for _ in range(3):
        step(model, numbers, classes, optimizer)
    far = {name: (part.weight - before[name]).abs().max() for name, part in model.named_children()}
    return ", ".join(f"{name} {distance:.3f}" for name, distance in far.items())


numbers = torch.randn(16, 4, generator=torch.Generator().manual_seed(1))
classes = (numbers[:, 0] > 0).long()

# %% [markdown]
# First with nothing frozen, then with the flag of each backbone parameter set to `False`. This loop is the right way.

# %%
model = two_layers()
print("nothing frozen:  ", moved(model, torch.optim.SGD(model.parameters(), lr=0.1)))
model = two_layers()
for parameter in model.backbone.parameters():
    parameter.requires_grad = False
print("backbone frozen: ", moved(model, torch.optim.SGD(model.parameters(), lr=0.1)))
for name, parameter in model.named_parameters():
    gradient = "None" if parameter.grad is None else f"tensor of {parameter.grad.numel()}"
    print(f"  {name:15}  requires_grad {parameter.requires_grad!s:5}  grad {gradient}")
print("flags that are True:", sum(parameter.requires_grad for parameter in model.parameters()))

# %% [markdown]
# The backbone moved by 0.000 and has no gradients. The last line counts *flags*, one for each tensor, since `True` counts as 1: the head has two tensors, weight and bias, with eight numbers in all. `model.backbone.requires_grad_(False)`, with an underscore at the end, is a short form of the loop.
#
# ## Exercise 1: freeze a backbone
#
# {price} Write it for any model: freeze every parameter but those of the submodule that is called `head_name`. Some of them may be frozen already when your function is called, in the head, too. `model.get_submodule(name)` finds a submodule, also one that lies deeper. Other modules may have a name that begins or ends like the head's.
#
# Set flags only, on the model itself. Everything else stays as it was, the mode too: whether a layer is in training or in eval mode is another matter, and a section of its own further down. Whatever else your function changes costs points.


# %% exercise="freezing.freeze_backbone"
def freeze_backbone(model, head_name):
    """Freeze every parameter of `model` but those of its submodule `head_name`, which are to train.

    `head_name` may hold dots, as in `"top.outlet"`. Whatever was frozen before does not matter.
    Nothing else of the model changes: no mode, no weight. Nothing is returned.
    """
    ### BEGIN SOLUTION
    for parameter in model.parameters():
        parameter.requires_grad = False
    for parameter in model.get_submodule(head_name).parameters():
        parameter.requires_grad = True
    ### END SOLUTION


# %% check="freezing.freeze_backbone"
check("freezing.freeze_backbone", freeze_backbone)

# %% [markdown]
# ## What only looks like freezing
#
# Three attempts from real programs. The first calls `eval()`. The second sets the flag on the *module*, and not on its parameters.

# %%
model = two_layers().eval()
print("eval():               ", moved(model, torch.optim.SGD(model.parameters(), lr=0.1)))
model = two_layers()
model.backbone.requires_grad = False
print("flag on the module:   ", moved(model, torch.optim.SGD(model.parameters(), lr=0.1)))
print("flag of the parameter:", model.backbone.weight.requires_grad)

# %% [markdown]
# Both backbones moved exactly as if nothing had been done. `eval()` changes what dropout (layers that set random values to zero while training) and BatchNorm do in the forward pass; it does not touch weights. A module has no `requires_grad` of its own, so Python just notes a new attribute which nobody reads.
#
# The third attempt freezes *after* the new head is in place, and freezes the head with the rest. And `no_grad()`, which stops all recording for backward, is no better: it leaves no mark on any weight, and while it lasts nothing trains at all.

# %%
all_frozen = two_layers()
for parameter in all_frozen.parameters():
    parameter.requires_grad = False
for name, model, mode in (
    ("head frozen, too", all_frozen, torch.enable_grad()),
    ("no_grad() around", two_layers(), torch.no_grad()),
):
    try:
        with mode:
            training_step(model, numbers, classes, torch.optim.SGD(model.parameters(), lr=0.1))
    except RuntimeError as error:
        print(f"{name}: {error}")

# %% [markdown]
# These two at least fail loudly. Read the message once with care, since you will meet it again: the loss depends on nothing that trains.
#
# ## BatchNorm moves with every parameter frozen
#
# A BatchNorm layer normalises each channel: in training mode with mean and variance of the batch at hand, in eval mode with its running averages. Each forward pass in training mode pulls the averages a tenth of the way towards the batch.

# %%
norm = nn.BatchNorm1d(4)
for parameter in norm.parameters():
    parameter.requires_grad = False
for mode, shift in (("at the start", None), ("training mode", 1), ("eval mode", 5)):
    norm.train(mode == "training mode")
    for _ in range(20 if shift else 0):
        norm(numbers + shift)
    print(f"{mode:14} running mean", [round(value, 2) for value in norm.running_mean.tolist()])
print("mean of the numbers + 1    ", [round(value, 2) for value in (numbers + 1).mean(0).tolist()])

# %% [markdown]
# Twenty passes in training mode moved the running mean from 0 nearly to the mean of the new numbers, with both parameters frozen. Twenty passes in eval mode over quite other numbers moved nothing. So a frozen BatchNorm layer needs both: flags for its parameters and `eval()` for its buffers.
#
# How much is that in the real network? We freeze every parameter, push 10 batches of 16 solar cells through it in training mode, and compare the features of 64 held-out cells before and after, both computed in eval mode.

# %% tags=["nbval-ignore-output"]
backbone, _ = lab.split_backbone(lab.load_backbone(pretrained=True))
backbone.requires_grad_(False)
before = lab.compute_features(backbone, cells, test[:64])
backbone.train()
for images, _ in lab.Batches(cells, train, steps=10, batch_size=16):
    backbone(images.to(lab.device()))
after = lab.compute_features(backbone, cells, test[:64])
alike = torch.cosine_similarity(before, after).mean()
told = f"{alike:.2f}, where 1 would be the same direction"
print(f"cosine similarity of the features before and after: {told}")

# %% [markdown]
# No weight changed, and yet these are other features. Whether better or worse ones for our task is what the experiment must show.
#
# ## Exercise 2: stop the statistics
#
# {price} Put a whole model into training mode, so that dropout works, but put every BatchNorm layer whose own parameters are all frozen into eval mode. Find the layers with `model.modules()` and `isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d))`, not by comparing types: the BatchNorm layers of our backbone belong to a class derived from `nn.BatchNorm2d`.
#
# The model may come in training mode, in eval mode, or with some modules in each; the result is to be the same. Set modes only: flags, weights and the layers' settings stay as they are. A function that puts all BatchNorm layers into the same mode earns nothing.


# %% exercise="freezing.set_modes"
def set_modes(model):
    """Training mode, but eval mode for BatchNorm layers whose own parameters are all frozen.

    BatchNorm is `nn.BatchNorm1d` or `nn.BatchNorm2d`, or a class derived from one of them.
    In which mode the model comes does not matter. Nothing but modes changes.
    """
    ### BEGIN SOLUTION
    model.train()
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            trains = any(parameter.requires_grad for parameter in module.parameters())
            module.train(trains)
    ### END SOLUTION


# %% check="freezing.set_modes"
check("freezing.set_modes", set_modes)

# %% [markdown]
# ## The optimizer has a memory
#
# The optimizer passes over a parameter whose gradient is `None`. It does *not* pass over one whose gradient is zero. With *momentum* it also remembers: an update follows a running sum of the gradients so far, in which older ones fade. We train everything for one step in this way, then freeze the backbone, and clear the gradients in two ways.


# %%
def step_with_zeros(model, images, labels, optimizer):
    optimizer.zero_grad(set_to_none=False)  # old gradients become tensors of zeros
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


for name, step in (("gradients None", training_step), ("gradients zero", step_with_zeros)):
    model = two_layers()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    training_step(model, numbers, classes, optimizer)
    model.backbone.requires_grad_(False)
    print(f"{name}: {moved(model, optimizer, step)}")

# %% [markdown]
# With zeros the frozen backbone rolls on: SGD's momentum, and Adam's, continue from the gradients of before, and weight decay, which makes weights a little smaller at each step (lesson 4), would act, too. `zero_grad()` sets gradients to `None` unless told otherwise. The safest cure is an optimizer that was never given the frozen parameters. It has a pitfall of its own:

# %%
model = two_layers()
model.backbone.requires_grad_(False)
trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.SGD(trainable, lr=0.1)
model.backbone.requires_grad_(True)  # changed our mind: the backbone is to train as well
print("unfrozen afterwards:", moved(model, optimizer))
print("has gradients:", model.backbone.weight.grad is not None)

# %% [markdown]
# The backbone gets gradients again, which cost time, but the optimizer does not know it. Whoever unfreezes must make a new optimizer or call `optimizer.add_param_group`.
#
# ## Exercise 3: only what trains
#
# {price} Write a function that makes the optimizer: SGD with momentum 0.9 over just the trainable parameters, each once, even if two layers share it. The other settings stay as PyTorch sets them, and so does the model. If nothing is trainable, raise a `ValueError` of your own, with a sentence that says so: better an early message than a late riddle, and PyTorch's own speaks of an empty list.


# %% exercise="freezing.make_optimizer"
def make_optimizer(model, learning_rate):
    """SGD with momentum 0.9 over just the trainable parameters of `model`, each of them once.

    Raises ValueError with a sentence that says so if nothing is trainable.
    """
    ### BEGIN SOLUTION
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trainable:
        raise ValueError("every parameter of the model is frozen")
    return torch.optim.SGD(trainable, lr=learning_rate, momentum=0.9)
    ### END SOLUTION


# %% check="freezing.make_optimizer"
check("freezing.make_optimizer", make_optimizer)

# %% [markdown]
# ## The experiment
#
# Now the real network, EfficientNet-Lite0. `parts_to_train` lists the parts of each choice; the head is always among them. `freeze_all_but` freezes everything first and then lets these parts train again.


# %% tags=["recorded"]
def parts_to_train(model, choice):
    last = [*model.blocks[5:], model.conv_head, model.bn2]
    return {
        "head": [model.classifier],
        "last two stages": [*last, model.classifier],
        "everything": [model],
    }[choice]


def freeze_all_but(model, parts):
    for parameter in model.parameters():
        parameter.requires_grad = False
    for part in parts:
        for parameter in part.parameters():
            parameter.requires_grad = True


# %% [markdown]
# The training step sets the modes each time, since measuring on the way leaves the whole network in one mode. Only what trains is put into training mode, so frozen layers keep frozen statistics. `prepare` loads the network, swaps the head and freezes. Where the learning rates come from is told below.


# %% tags=["recorded"]
def step_with_frozen_statistics(parts):
    """A training step that leaves every frozen layer in eval mode."""

    def step(model, images, labels, optimizer):
        model.eval()
        for part in parts:
            part.train()
        return training_step(model, images, labels, optimizer)

    return step


RATE = {"head": 3e-2, "last two stages": 3e-3, "everything": 3e-3}


# %% tags=["recorded"]
def prepare(choice, seed=0):
    """A pretrained network with a new head, of which only the chosen parts train."""
    lab.seed_everything(seed)
    model = lab.load_backbone(pretrained=True)
    model.classifier = nn.Linear(model.classifier.in_features, 2)
    parts = parts_to_train(model, choice)
    freeze_all_but(model, parts)
    return model.to(lab.device()), parts


# %% [markdown]
# ### What it costs
#
# First the time of a step with a batch of 16 photographs. The last row has cached features: the frozen backbone has run once over 200 photographs, and the step sees only what came out. We take the choices in turns, three rounds, so that a busy moment of the computer hits them all; the first round is a warm-up, and of the other two we take the faster.


# %%
def timed_step(model, parts, data, indices):
    """A function that does one training step and gives its milliseconds."""
    where = lab.device()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    step = step_with_frozen_statistics(parts)
    images, labels = next(iter(lab.Batches(data, indices, steps=1, batch_size=16, flip=False)))

    def timed():
        started = time.perf_counter()
        step(model, images.to(where), labels.to(where), optimizer)
        return 1000 * (time.perf_counter() - started)

    return timed


# %% tags=["nbval-ignore-output"]
few = cells.few_labels(train, 200, seed=0)
networks = {name: (*prepare(name), cells) for name in ("everything", "last two stages", "head")}
frozen, head = lab.split_backbone(networks["head"][0])
started = time.perf_counter()
features = lab.CachedFeatures(frozen, cells, few)
took = time.perf_counter() - started
print(f"features of 200 photographs: {took:.1f} s once, {features.megabytes:.1f} MB")
networks["head, cached features"] = (head, [head], features)
steps = {name: timed_step(*network, few) for name, network in networks.items()}
rounds = [{name: step() for name, step in steps.items()} for _ in range(3)]
times = {name: min(taken[name] for taken in rounds[1:]) for name in steps}
lab.bars(times, "Time of one training step, 16 photographs", "milliseconds", "{:,.1f}")
for name, taken in times.items():
    print(f"{name:>21}: {taken / times['everything']:7.2%} of a full step")

# %% [markdown]
# Compare with your guess. Training only the head trains less than a thousandth of the parameters, and leaves far more than a thousandth of the time: the forward pass through the whole backbone remains. What freezing saves is the backward pass. Only the cache saves the forward pass, too. It pays off as soon as photographs are seen more than once.
#
# Next the memory that a step with a batch of 32, as in training, needs beside the weights: the intermediate results that are kept for backward (*activations*, with the input of the first layer that trains), the gradients, and the two running means that AdamW keeps for each trainable parameter (*moments*). We count these tensors exactly. The peak of the whole process is higher, since PyTorch needs room to compute in.


# %%
def megabytes_a_step(model, parts, data, indices):
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    images, labels = next(iter(lab.Batches(data, indices, steps=1, flip=False)))
    images, labels = images.to(lab.device()), labels.to(lab.device())
    # Gradients and moments are as large for two photographs as for 32.
    step_with_frozen_statistics(parts)(model, images[:2], labels[:2], optimizer)
    return {
        "activations": lab.memory.stored_activations(model, images),
        "gradients": lab.memory.gradients(model),
        "moments": lab.memory.optimizer_state(optimizer),
    }


# %%
kept = {name: megabytes_a_step(*network, few) for name, network in networks.items()}
for name, amounts in kept.items():
    told = ", ".join(f"{what} {amount:5.1f}" for what, amount in amounts.items())
    print(f"{name:>21}: {told}  (MB)")
totals = {name: sum(amounts.values()) for name, amounts in kept.items()}
lab.bars(totals, "Kept for one training step, 32 photographs", "megabytes", "{:,.1f}")

# %% [markdown]
# With everything trainable nine tenths of the memory are activations, and they grow with the batch and with the area of the photographs. The last two stages hold most of the *parameters*, but their activations are small: deep in the network an image is only a few pixels wide. So freezing the early stages saves most of the memory and few of the parameters.
#
# Does it depend on how many parameters train, or on where they are? The stem, the very first layer, has 928 of them, fewer than the head. We train it alone.

# %%
stem_only, _ = prepare("everything")
stem = [stem_only.conv_stem, stem_only.bn1]
freeze_all_but(stem_only, stem)
amounts = megabytes_a_step(stem_only, stem, cells, few)
print(f"{sum(p.numel() for p in stem_only.parameters() if p.requires_grad)} parameters train")
print(", ".join(f"{what} {amount:.1f}" for what, amount in amounts.items()), "(MB)")

# %% [markdown]
# Nearly all the activations are back: to reach the stem, the gradient must pass through every frozen layer behind it. Do those layers *need* their activations for that? A linear layer or a convolution passes the gradient on by its weights alone. It needs its input only for the gradient of its own weights, and those are frozen. We ask PyTorch what it keeps.


# %%
def kept_for_backward(layer, *shape):
    """Shapes of the tensors that a frozen layer keeps, if something before it trains."""
    layer.eval().requires_grad_(False)
    shapes = []
    keep = lambda tensor: shapes.append(tuple(tensor.shape)) or tensor
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        layer(torch.zeros(shape, requires_grad=True))
    return [shape for shape in shapes if shape != (0,)]


print("linear layer, input (32, 8):         ", kept_for_backward(nn.Linear(8, 8), 32, 8))
print("convolution, input (32, 8, 12, 12):  ", kept_for_backward(nn.Conv2d(8, 8, 3), 32, 8, 12, 12))
print("BatchNorm in eval mode, the same:    ", kept_for_backward(nn.BatchNorm2d(8), 32, 8, 12, 12))

# %% [markdown]
# The frozen linear layer keeps its weights alone. Convolution and BatchNorm keep their input, too, which is the large part, although nothing needs it here. Bhatia and Dangel (2024, [arXiv 2404.12406](https://arxiv.org/abs/2404.12406)) describe this and give layers that keep less.
#
# Now the arithmetic of a step. Every layer multiplies once in the forward pass, as often again for the gradient of its weights if they train, and as often again to pass the gradient on if something before it trains.


# %%
def work_of_a_step(model, images):
    """Multiplications in convolutions and linear layers, as multiples of a forward pass."""
    layers = [module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    found = []
    count = lambda layer, _, out: found.append(
        (layer.weight.requires_grad, out.numel() * layer.weight[0].numel())
    )
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.no_grad():
        model.eval()(images)
    for hook in hooks:
        hook.remove()
    trains, work = np.array(found).T
    first = int(trains.argmax())  # the first layer that trains: nothing before it needs a gradient
    return 1, (trains * work).sum() / work.sum(), work[first + 1 :].sum() / work.sum()


# %%
one = torch.zeros(1, 3, 96, 96, device=lab.device())
measured = {name: networks[name][0] for name in ("everything", "last two stages", "head")}
for name, network in (measured | {"stem alone": stem_only}).items():
    forward, weights, passed_on = work_of_a_step(network, one)
    total = forward + weights + passed_on
    told = f"weights' gradients {weights:.2f}, passing on {passed_on:.2f}"
    print(f"{name:>15}: {total:.2f} forward passes; {told}")

# %% [markdown]
# The stem alone takes two thirds of the arithmetic of everything. The weights' gradients are saved, passing the gradient on is not. Time is not arithmetic alone: by this table a step of the head is a third of a full one, and when we timed it, it took between a tenth and a quarter. A step does more than multiply; which part takes how long is not measured here.
#
# **For the activations, as PyTorch keeps them, what counts is where the first trainable layer lies; gradients and moments follow how many parameters train. For the arithmetic both count: where it lies, and how much trains behind it.**
#
# ### What it does to accuracy
#
# The run trains the chosen parts on a few labels. All choices share the photographs, their order and the number of steps. `statistics="moving"` takes the plain training step, which leaves the whole network in training mode, as many programs do.


# %% tags=["recorded"]
def run(choice, labels, steps=60, seed=0, statistics="frozen", held_out=test, rate=None, **options):
    """Train the chosen parts on a few labels, measure held-out cells; `options` of `lab.train`."""
    model, parts = prepare(choice, seed)
    rate = rate or RATE[choice]
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=rate, weight_decay=0.01)
    schedule = OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.2)
    batches = lab.Batches(cells, cells.few_labels(train, labels, seed), steps, seed=seed)
    step = step_with_frozen_statistics(parts) if statistics == "frozen" else training_step
    measure = lambda model: lab.evaluate(model, cells, held_out)
    return lab.train(model, optimizer, batches, step, schedule, measure, name=choice, **options)


# %% [markdown]
# `statistics="frozen"` speaks of the layers that do not train: they keep their statistics. A layer that trains moves its own in each arm, so where everything trains all statistics move, although the recordings call that arm "frozen", too.
#
# You run the two arms in which only the head trains, first with frozen and then with moving statistics. `lab.checkpoint` keeps a finished run beside the notebook, so that a restart of the kernel costs you nothing.

# %% tags=["nbval-ignore-output"]
live_plot = lab.LivePlot(baseline)  # each curve under the name that `replace` gives it
probe = lab.checkpoint(
    "head with frozen statistics",
    run,
    "head",
    labels=200,
    plot=lambda history: live_plot(replace(history, name="linear probe")),
)
live_plot.finish()

# %% tags=["nbval-ignore-output"]
moving = lab.checkpoint(
    "head with moving statistics",
    run,
    "head",
    labels=200,
    statistics="moving",
    plot=lambda history: live_plot(replace(history, name="head, statistics moving")),
)
live_plot.finish()
print(f"linear probe:            {probe.final}\nhead, statistics moving: {moving.final}")

# %% [markdown]
# The losses jump from batch to batch, since the head's rate is ten times that of the other choices. What counts is the right panel.
#
# One run each is an anecdote. The next chart adds the recorded runs of five seeds, made with these very functions, and the two choices that take longer. White stars are your predictions.

# %% tags=["nbval-ignore-output"]
recorded = lab.load_recorded("02_freezing")
ARMS = {
    "everything": ("everything", "frozen"),  # of layers that do not train: here there are none
    "last two stages": ("last two stages", "frozen"),
    "linear probe": ("head", "frozen"),
    "head, statistics moving": ("head", "moving"),
}


def accuracies(arm, labels, column="accuracy"):
    choice, statistics = ARMS[arm]
    chosen = {"choice": choice, "statistics": statistics, "labels": labels, "budget": "60 steps"}
    return recorded.values(column, **chosen)


live = {"linear probe": probe.final.accuracy, "head, statistics moving": moving.final.accuracy}
title = "Held-out accuracy with 200 labels and 60 steps"
lab.accuracy_by_arm({arm: accuracies(arm, 200) for arm in ARMS}, baseline, live, predicted, title)

# %%
told = f"majority baseline {baseline:.1%} (50 %)"
print(f"mean held-out accuracy (balanced accuracy) of five seeds; {told}")
for labels in (50, 200, 1000):
    print(f"{labels:,} labels")
    for arm in ARMS:
        reached, balanced = accuracies(arm, labels), accuracies(arm, labels, "balanced_accuracy")
        spread = f"{reached.min():.1%} to {reached.max():.1%}"
        print(f"  {arm:23} {reached.mean():.1%}, from {spread}  ({balanced.mean():.1%})")

# %% [markdown]
# Five seeds are not many. So we take the differences seed by seed, with the 95 % interval of lesson 1, and call open what its interval leaves open. The interval speaks of new seeds, all judged by these 656 cells. Other cells would scatter, too; how much is not measured here.

# %%
from scipy import stats

for first, second in (
    ("linear probe", "everything"),
    ("last two stages", "everything"),
    ("linear probe", "head, statistics moving"),
):
    print(f"{first} minus {second}, in points")
    for labels in (50, 200, 1000):
        told = []
        for column in ("accuracy", "balanced_accuracy"):
            gaps = 100 * (accuracies(first, labels, column) - accuracies(second, labels, column))
            low, high = stats.ttest_1samp(gaps, 0).confidence_interval(0.95)
            name = column.replace("_", " ")
            told.append(f"{name} {gaps.mean():+.1f} ({low:+.1f} to {high:+.1f})")
        print(f"  {labels:>5,} labels: " + ", ".join(told))

# %% [markdown]
# What we read from chart and tables:
#
# 1. **With 50 labels training everything comes last in accuracy**, of the three choices without the moving head. The probe leads it by 2.9 points of accuracy (1.0 to 4.7) and by 1.8 of balanced accuracy (0.4 to 3.3). The last two stages lead it by 2.5 points of accuracy (1.1 to 3.8); in balanced accuracy the two are level in the mean, and that is open. (Lesson 1 held the same runs against a probe of another recipe, whose seeds scatter more: 2.6 points, and open.) One reading: 50 labels suffice to bend good features, and are too few to make better ones. Another: only in "everything" do all statistics move. These runs do not tell the two apart.
# 2. **With 200 labels it is open which of these three is ahead.** "Everything" has the lowest mean, by one point, and both intervals hold zero and reach past three points. The probe then wins by its price.
# 3. **With 1,000 labels everything leads this probe**, by 2.3 points of accuracy (0.03 to 4.7), and in balanced accuracy it is open. But the probe is itself 1.7 points worse than with 200 labels (0.2 to 3.2): its rate was chosen with 200, and 60 batches of 32 show each photograph about twice. The probe of lesson 1, with a lower rate and 200 steps, reached 83.8 % with these photographs, and between it and everything it is open (+0.3, −1.0 to 1.7). So this lead speaks of a recipe, not of freezing.
# 4. **Moving statistics cost the head four to six points of accuracy in the mean**, although the same two tensors train in both arms. The gap is clear with 50, 200 and 1,000 labels, in accuracy and in balanced accuracy.
#
# Why point 4? A likely reason lies in what the head sees. It *learns* on features that are normalised by the batch of the moment. It is *measured* on features that are normalised by running averages, which have left those of ImageNet while the frozen weights have not.
#
# None of this is a law. Where the whole network trains, the weights can follow the statistics; whether "everything" would do better with frozen ones is not measured here. With other photographs, rates or more steps the order may change. What stays is the method: measure, beside a baseline, over seeds, and count the price.
#
# The learning rates were chosen as in lesson 1: with 200 labels and three seeds, by the mean accuracy on left-over training images. "Everything" has the rate of lesson 1. No best rate stands at the edge of its grid. The arm with moving statistics uses the probe's rate, so that only one thing differs.

# %%
for choice in ("head", "last two stages"):
    chosen = {"choice": choice, "budget": "choosing"}
    rates = recorded.settings_of("rate", **chosen)
    means = [recorded.values("accuracy", rate=rate, **chosen).mean() for rate in rates]
    told = [f"{rate:g}: {mean:.1%}" for rate, mean in zip(rates, means, strict=True)]
    print(f"{choice:>15}  " + ",  ".join(told))

# %% [markdown]
# ## Exercise 4: find the bug
#
# {price} A colleague trains everything on `first_batches`, one step a batch, then freezes one stage and trains the rest on `more_batches`. From the freeze on, the stage's parameters have `requires_grad` False and stay so, and neither its weights nor its BatchNorm statistics move; the rest stays in training mode and goes on learning. The loss falls in this program, and there are **three mistakes** in it, each of which you have seen above.
#
# Repair the function in place. Loss, order of the batches, rate and momentum are as they should be: the model must end where they take it. You may keep the optimizer after the freeze, or make a new one like it. The model comes as somebody left it, in eval mode and with old gradients on it. Each mistake counts by itself; whatever else goes wrong costs a point.


# %% exercise="freezing.find_the_bug"
def freeze_midway(model, stage_name, first_batches, more_batches, learning_rate):
    """Train everything on `first_batches`; then freeze the stage, train the rest on `more_batches`.

    Returns the model. Both are lists of images and labels.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    model.train()
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches):
            model.get_submodule(stage_name).requires_grad_(False).eval()
        optimizer.zero_grad()  # gradients become None, and the optimizer skips what has none
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    return model
    ### END SOLUTION
    ### BEGIN RELEASE
    # optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    # model.train()
    # for number, (images, labels) in enumerate([*first_batches, *more_batches]):
    #     if number == len(first_batches):
    #         model.get_submodule(stage_name).requires_grad = False
    #     optimizer.zero_grad(set_to_none=False)
    #     loss = F.cross_entropy(model(images), labels)
    #     loss.backward()
    #     optimizer.step()
    # return model
    ### END RELEASE


# %% check="freezing.find_the_bug"
check("freezing.find_the_bug", freeze_midway)

# %% [markdown]
# ## Quiz

# %% quiz="freezing.quiz"

# %% [markdown]
# ## Beside the paper
#
# Kumar et al. (2022, [arXiv 2202.10054](https://arxiv.org/abs/2202.10054)) compared linear probing with fine-tuning everything on ten data sets whose test images differ in kind from the training images. Fine-tuning was on average 2 percentage points better on images like those trained on, and 7 points *worse* on the others: moving all weights had bent features that were good. They propose to train the head first and the rest afterwards, which is the subject of lesson 5, together with a test on images of another kind.
#
# Our held-out cells are of the same kind as the training cells, so the numbers are not comparable. What we see with 50 labels may be a relative of their effect: training everything is two to three points behind the head alone and the last two stages. It may be due in part to our recipe. A lower rate bends less, which lesson 4 measures.

# %% [markdown]
# ## Takeaways
#
# - Freezing is `requires_grad = False` on *parameters*, and `eval()` for the BatchNorm layers among them; prove it by comparing the whole `state_dict` before and after a step.
# - It saves the backward pass and the activations before the first trainable layer; caching the features saves the forward pass, too.
# - With 50 labels training everything was behind both choices that freeze in accuracy, with 200 it was open which is ahead, and with 1,000 it led a head whose rate was chosen with 200; moving statistics under a frozen backbone cost four to six points. Decide by measuring, not by rule.
#
# **Stretch.** Which layers does it hurt to leave in training mode? Try `run("last two stages", 200, statistics="moving")`, guess first, and compare over three seeds. Save the notebook when you are done: it is what your instructor receives.
#
# Go on with [lesson 3: counting parameters](../03_counting_parameters/lesson.ipynb).
