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
# # 4 · Learning rates
#
# A program fine-tunes a network. It runs to its end, prints no warning, its loss is a number at every step, and the network is worse than before. Very often one number is to blame, and nothing on the screen says so. In this lesson we break a network on purpose, in small doses, and measure what breaks.
#
# | | |
# | --- | --- |
# | **After&nbsp;this&nbsp;lesson&nbsp;you&nbsp;can** | recognise a learning rate that is too high although nothing complains; run and read a range test; tell four kinds of training apart by their curves; give each part of a network its own rate; choose between a constant rate, warm-up, cosine and one-cycle; pull weights towards their start; keep rate, loss and batch size together |
# | **You need** | lessons 0 and 1; lesson 2 for what freezing means; words are in the [glossary](../glossary.md) |
# | **Time** | about 90 minutes, best in two sittings (the second begins at *Schedules*), of which the computer works about one minute on two CPU cores |
#
# The photographs are from the [ELPV data set](https://github.com/zae-bayern/elpv-dataset) (Buerhop-Lutz et al. 2018), licensed CC BY-NC-SA 4.0: not for commercial use.

# %% tags=["recorded"]
from grader import lab  # first: it tells PyTorch's threads how to wait for each other

import copy
import math

import numpy as np
import torch
from scipy import stats
from torch import nn
from torch.nn import functional as F

from grader.exercises import check
from grader.lab.plots import new_figure
from grader.quiz import quiz

# %% [markdown]
# ## Recall
#
# Two questions from lessons 0 and 1, to warm up. They give no points.

# %% recall="rates.recall"


# %% [markdown]
# ## The task
#
# We stay with the solar cells of lesson 1, with 200 labelled photographs and 60 steps, but shrink them to 64 pixels a side instead of 96, so that runs are short: less than half the pixels, and detail is lost. Accuracies are a little lower than there. The network is always EfficientNet-Lite0 with ImageNet's weights and a new head. At first only the learning rate changes.

# %% tags=["recorded"]
cells = lab.load_solar_cells(size=64)
train, test = cells.split("stratified")
baseline = cells.majority_baseline(test)

# %%
print(f"{len(train):,} cells to train on, {len(test)} held out; majority baseline {baseline:.1%}")

# %% [markdown]
# The training step is the one that you wrote in lesson 1.


# %% tags=["recorded"]
def training_step(model, images, labels, optimizer):
    """One update: the step of lesson 1."""
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% [markdown]
# ## Predict
#
# We fine-tune all weights with AdamW at three learning rates: 0.00001, 0.001 and 0.1. Always answering "good" gives 68.8 %; lesson 1's recipe brought 82 % from the larger photographs.
#
# **Before you read on:** which held-out accuracy will each rate reach? Write fractions between 0 and 1 in place of `None`. Nothing is graded; your guesses are drawn beside the results.

# %%
predicted = {"rate 1e-05": None, "rate 0.001": None, "rate 0.1": None}

# %% [markdown]
# ## The idea
#
# **How far.** Training moves each weight against its gradient; the *learning rate* says how far. Plain SGD subtracts rate times gradient. AdamW first divides each gradient by a running measure of its own size, so that a weight moves by about the rate itself, however small its gradient. A rate therefore belongs to an optimizer: 0.01 for one says nothing about 0.01 for the other.
#
# **The edge.** Take a loss shaped like a bowl with curvature *c*. A step of SGD multiplies the distance from the bottom by 1 − rate · *c*. Here *c* is 1, and we start at a distance of 1.

# %%
for rate in (0.01, 0.5, 1.0, 1.9, 2.1):
    distances = [abs(1 - rate) ** steps for steps in (1, 5, 20, 60)]
    told = "  ".join(f"{distance:9.4f}" for distance in distances)
    print(f"rate {rate:<4g}  distance after 1, 5, 20, 60 steps: {told}")

# %% [markdown]
# At 1/*c* one step is enough. Far below, many are needed. Above 2/*c* each step leads further away: that is the edge, and for this bowl the best rate lies at half of it.
#
# **The silent failure.** A network is no bowl. Beyond the edge its weights leave the region in which they were good, and settle somewhere else. Normalisation layers keep all numbers finite. What can still be learned without features is how frequent each class is, so between its leaps the loss comes back to a moderate value: no NaN, no message, and often an accuracy near the majority baseline.
#
# **What fine-tuning adds.** Fine-tuning has more to lose here than training from scratch, since its start is good. It also begins with two parts in different states: a backbone that is nearly right and a head that is random. They may want different rates, and the first steps may want smaller ones.

# %% [markdown]
# ## The mechanism, bare
#
# A network of two layers shows all of it in seconds. Each "image" is twenty random numbers; the question is whether the first two have the same sign. Guessing gives 50 %.


# %% tags=["recorded"]
def signals(count, seed):
    numbers = torch.randn(count, 20, generator=torch.Generator().manual_seed(seed))
    return numbers, (numbers[:, 0] * numbers[:, 1] > 0).long()


def small_batches(steps, seed, size=32):
    numbers, labels = signals(size * steps, seed)
    return list(zip(numbers.split(size), labels.split(size), strict=True))


def two_layers(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))


# %% tags=["recorded"]
def fit_small(rate, seed, algorithm=torch.optim.AdamW, step=training_step, size=32, schedule=None):
    """Train the small network for 300 steps: network, losses, accuracy on unseen signals."""
    network, losses = two_layers(seed), []
    optimizer = algorithm(network.parameters(), lr=rate)
    plan = schedule(optimizer, 300) if schedule else None  # none: the rate stays as it is
    for batch in small_batches(300, 10 + seed, size):
        losses.append(step(network, *batch, optimizer))
        if plan:
            plan.step()
    unseen, truth = signals(2_000, 99)
    right = network.eval()(unseen).argmax(dim=1) == truth
    return network, losses, right.float().mean().item()


# %% tags=["nbval-ignore-output"]
small = {f"rate {rate:g}": fit_small(rate, seed=0) for rate in (1e-4, 1e-2, 1.0)}
lab.loss_curves(
    {name: losses for name, (_, losses, _) in small.items()},
    "A network of two layers, AdamW",
    {name: accuracy for name, (_, _, accuracy) in small.items()},
)

# %% [markdown]
# Too low, right, too high. The third loss leaps at once, then comes down and lies level near 0.7. That is ln 2 = 0.69, the loss of answering "fifty-fifty" to everything. (Its unit is the *nat*, since the logarithm is the natural one.) Cover the first steps, and it looks like a network that learns slowly. (Losses above 3 lie outside the picture.)
#
# One seed is an anecdote, so here are five of them at five rates.

# %% tags=["nbval-ignore-output"]
for rate in (1e-4, 1e-2, 0.1, 0.3, 1.0):
    results = [fit_small(rate, seed) for seed in range(5)]
    ends = [np.mean(losses[-50:]) for _, losses, _ in results]
    not_a_number = sum(not math.isfinite(loss) for _, losses, _ in results for loss in losses)
    accuracies = " ".join(f"{accuracy:.0%}" for _, _, accuracy in results)
    told = f"loss at the end {np.mean(ends):.2f}, NaN {not_a_number}"
    print(f"rate {rate:<7g} accuracy {accuracies}   {told}")

# %% [markdown]
# Two things to keep. **Not one NaN**, even where nothing was learned with any seed. And at 0.1, near the edge, **the seed decides**: on our machine four seeds came to 84 to 90 % and one to 65 %; on yours the numbers may differ. At 0.3 no seed came near the 90 % of the good rate.

# %% [markdown]
# ## Exercise 1: a range test
#
# {price} How do we find the edge without a training for each rate? After an idea of Smith (2017), we let the rate grow during one short run, from far too low to far too high, and draw the loss against it.
#
# You are given a model, a list of `batches` (each of them images and labels), and the lowest and the highest rate. Use one rate for each batch, from `lowest` to `highest`, evenly spaced on a log scale: each is the one before times the same factor. At each rate take one step of plain SGD in training mode, whatever mode the model comes in, and note the mean cross-entropy that the batch had before its update. Go on to the last batch also when the loss rises: how it rises is what the test shows. Return the rates and the losses, unrounded, two lists of plain numbers of the same length.
#
# Afterwards the model must be **as it was**: its weights, the running statistics of its BatchNorm layers, its mode, its flags, no new gradients and no hooks (functions hung on its layers). Leave `batches` as they are, too. Gradients of long ago may lie on the model when it comes; they must not count. A test that changes what it tests is of no use. The rates earn one point, the losses two, untouched tensors one, and all else that must stay one. Two hints: `copy.deepcopy` copies a model; `state_dict()` does not, it hands out the living tensors.


# %% exercise="rates.range_test" tags=["recorded"]
def range_test(model, batches, lowest, highest):
    """Return (rates, losses): one plain SGD step a batch, at rates from `lowest` to `highest`.

    The rates grow, evenly spaced on a log scale, one for each batch. Each loss is the batch's
    mean loss before its update, in training mode. Afterwards `model` is as it was.
    """
    ### BEGIN SOLUTION
    trial = copy.deepcopy(model).train()
    optimizer = torch.optim.SGD(trial.parameters(), lr=lowest)
    rates, losses = np.geomspace(lowest, highest, len(batches)).tolist(), []
    for rate, (images, labels) in zip(rates, batches, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        losses.append(training_step(trial, images, labels, optimizer))
    return rates, losses
    ### END SOLUTION


# %% check="rates.range_test"
check("rates.range_test", range_test)

# %% [markdown]
# Here is your test on the small network, with 400 batches of 256 signals: large batches make a smooth curve. Below it stand full trainings with SGD and batches of the same size.

# %% tags=["nbval-ignore-output"]
try:
    rates, losses = range_test(two_layers(seed=0), small_batches(400, seed=20, size=256), 1e-2, 30)
    lab.range_test_curve(rates, losses)
except NotImplementedError:
    print("Exercise 1 is not written yet, so there is no range test to draw.")
for rate in (0.01, 0.1, 0.3, 1.0, 3.0):
    accuracies = [fit_small(rate, seed, torch.optim.SGD, size=256)[2] for seed in range(5)]
    told = ", ".join(f"{accuracy:.0%}" for accuracy in accuracies)
    print(f"300 steps of SGD at {rate:<5g} accuracy {told}")

# %% [markdown]
# Read the slope, not the height. The loss is nearly level up to 0.1, falls steeply up to about 0.5, turns restless and then shoots up. At the lowest point gains and damage are in balance: full trainings at 0.1 and 0.3 do well with all five seeds, those at 1, near the lowest point, are a little behind 0.3 in the mean, and those at 3 are damaged. So the rule of thumb is to **start at a fifth to a tenth of the rate at the lowest point**, and to let a full training confirm it.
#
# Now the real network, with 32 batches from the 200 labels.

# %% tags=["nbval-ignore-output"]
where = lab.device()
lab.seed_everything(0)
model = lab.load_backbone(num_classes=2, pretrained=True).to(where)
few = cells.few_labels(train, 200, seed=0)
batches = lab.Batches(cells, few, steps=32)
batches = [(images.to(where), labels.to(where)) for images, labels in batches]
try:
    lab.range_test_curve(*range_test(model, batches, 1e-4, 1e1))
except NotImplementedError:
    print("Exercise 1 is not written yet, so there is no range test to draw.")

# %% [markdown]
# The edge shows: somewhere between 0.05 and 0.2 the loss begins to rise, and before long it leaves the picture. The fall before it is shallow, and hard to see, since batches of 32 differ by more than one step gains. A range test shows where the edge is better than where the best rate is, and it is one run with one seed.
#
# The test used plain SGD, and our trainings use AdamW. So we take no number from here to there: a rate belongs to its optimizer, and a range test counts for the optimizer, the loss and the batch size that it was run with. With AdamW we run it below, under *Schedules*.

# %% [markdown]
# ## The sweep
#
# Now whole trainings, at a rate that stays constant from the first step to the last. (Lessons 1 to 3 let it rise and fall; see *Schedules* below.) Two parameter groups, so that backbone and head can have rates of their own later; for the moment both get the same.


# %% tags=["recorded"]
def groups_with_rates(model, backbone_rate, head_rate):
    head = list(model.classifier.parameters())
    backbone = [p for name, p in model.named_parameters() if not name.startswith("classifier.")]
    return [{"params": backbone, "lr": backbone_rate}, {"params": head, "lr": head_rate}]


# %% [markdown]
# One run takes 200 labels, trains everything for 60 steps with AdamW, and measures held-out accuracy. At its end it also asks two questions about the **backbone**: how far have its weights moved, and what is left of its features? The second is a linear probe, as in lesson 1, on the backbone *after* the training.


# %% tags=["recorded"]
def run(rate, head_rate=None, schedule=None, step=training_step, decay=0.01, seed=0, **measured):
    """Fine-tune everything, 60 steps, 200 labels; note how far the backbone moved, what is left."""
    lab.seed_everything(seed)
    model = lab.load_backbone(num_classes=2, pretrained=True).to(lab.device())
    groups = groups_with_rates(model, rate, head_rate or rate)
    optimizer = torch.optim.AdamW(groups, weight_decay=decay)
    plan = schedule(optimizer) if schedule else None  # none: the rate stays as it is
    few = cells.few_labels(train, 200, seed)
    batches = lab.Batches(cells, few, 60, seed=seed)
    held_out, plot = measured.get("held_out", test), measured.get("plot")
    measure = lambda model: lab.evaluate(model, cells, held_out)
    history = lab.train(model, optimizer, batches, step, plan, measure, 20, f"rate {rate:g}", plot)
    history.notes |= {"moved": distance_moved(model), "probe": probe_of(model, few, held_out)}
    return history


# %% tags=["recorded"]
def distance_moved(model):
    """How far the backbone's weights moved, as a share of their length at the start."""
    start = dict(lab.load_backbone(pretrained=True).named_parameters())
    moved = [(n, p) for n, p in model.named_parameters() if not n.startswith("classifier.")]
    squares = [((p.detach().cpu() - start[n].detach()) ** 2).sum().item() for n, p in moved]
    return (sum(squares) / sum((start[n] ** 2).sum().item() for n, _ in moved)) ** 0.5


def probe_of(model, few, held_out):
    """Held-out accuracy of a new head on the frozen features of this backbone."""
    frozen, _ = lab.split_backbone(model)
    features = lab.CachedFeatures(frozen, cells, np.concatenate([few, held_out]))
    head = nn.Linear(1280, 2).to(lab.device())
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3, weight_decay=0.01)
    batches = lab.Batches(features, few, steps=200, flip=False)
    lab.train(head, optimizer, batches, training_step, name="probe")
    return lab.evaluate(head, features, held_out).accuracy


# %% [markdown]
# Three runs, from too low to too high, one cell each. To save time they are measured on every second held-out cell.

# %% tags=["nbval-ignore-output"]
some = test[::2]
plot = lab.LivePlot(cells.majority_baseline(some), interval=4)
low = lab.checkpoint("rate-1e-05", run, 1e-5, seed=3, held_out=some, plot=plot)
plot.finish()

# %% tags=["nbval-ignore-output"]
plot = lab.LivePlot(cells.majority_baseline(some), interval=4)
middle = lab.checkpoint("rate-0.001", run, 1e-3, seed=3, held_out=some, plot=plot)
plot.finish()

# %% tags=["nbval-ignore-output"]
plot = lab.LivePlot(cells.majority_baseline(some), interval=4)
high = lab.checkpoint("rate-0.1", run, 1e-1, seed=3, held_out=some, plot=plot)
plot.finish()

# %% tags=["nbval-ignore-output"]
lab.loss_curves(
    {history.name: history.loss for history in (low, middle, high)},
    "Your three trainings, on one scale",
    {history.name: history.final.accuracy for history in (low, middle, high)},
)
for history in (low, middle, high):
    moved, probe = history.notes["moved"], history.notes["probe"]
    told = f"weights moved by {moved:.2%}, probe of the backbone {probe:.1%}"
    print(f"{history.name:>10}: {history.final}; {told}")

# %% [markdown]
# Three times no error and no NaN. The first loss has hardly begun to fall. The second falls, and the network is clearly above the baseline. The third leaps out of the picture again and again, and comes down in between to about where it began. Whoever looks at a calm stretch alone may take it for slow learning. Such a network ends at the baseline or a few points off it, since in a calm spell even a wreck can pick up something crude.
#
# Beforehand we ran the same function at seven rates with seeds 0 to 4, measured on all held-out cells. A seed decides the labelled photographs, their order and the new head. These **recorded** runs are the faint points, and the lines go through their means. Your own runs are the large marks; they repeat seed 3, on half of the held-out cells, so they are no sixth seed.

# %%
recorded = lab.load_recorded("04_learning_rates")


def by_rate(column):
    rates = recorded.settings_of("rate", recipe="one rate")
    return {rate: recorded.values(column, recipe="one rate", rate=rate) for rate in rates}


# %% tags=["nbval-ignore-output"]
live = {rate: h.final.accuracy for rate, h in ((1e-5, low), (1e-3, middle), (1e-1, high))}
lab.against_rate(
    {"fine-tuned": by_rate("accuracy"), "linear probe": by_rate("probe")},
    baseline,
    live,
    title="Held-out accuracy, and a probe of the backbone after the training",
)

# %% [markdown]
# From left to right:
#
# 1. **Too low.** At 0.00001 60 steps do not suffice. The accuracy is *below* the baseline, since the random head has hardly learned anything yet.
# 2. **A plateau.** From 0.0001 to 0.003 the means differ by less than a point, and seeds by four to ten. So five seeds show no best rate, but a range whose ends differ by a factor of thirty, and 0.001 lies in its middle.
# 3. **Too high.** From 0.01 on the mean accuracy lies below the plateau, and so does the probe's: a new head cannot bring back what the backbone has lost. At 0.03 the seeds go from 40 to 77 %, and at 0.1 all five end at the baseline.
#
# How sure is point 3? Against 0.001, the rate 0.1 costs 7 to 12 points of accuracy (95 % interval of lesson 1) and 10 to 12 points of the probe. At 0.01 and 0.03 the seeds lie so far apart that the interval of the mean drop holds zero, for the accuracy and for the probe. There the risk is what we see, and the size of the drop is open.
#
# A sweep on held-out images may describe, as here. It must not choose: whoever wants to *report* an accuracy picks the rate on other images, as lesson 1 did.

# %% tags=["nbval-ignore-output"]
lab.accuracy_by_arm(
    {f"rate {rate:g}": by_rate("accuracy")[rate] for rate in (1e-5, 1e-3, 1e-1)},
    baseline,
    {history.name: history.final.accuracy for history in (low, middle, high)},
    predicted,
    "Held-out accuracy of three rates, with your predictions (stars)",
)

# %% [markdown]
# ## What broke
#
# The same runs in numbers: the accuracy of each seed, and means over the seeds.

# %%
print("rate    accuracy of each seed          balanced  loss at the end   moved  probe")
for rate, accuracies in by_rate("accuracy").items():
    columns = ("balanced_accuracy", "moved", "probe")
    balanced, moved, probe = (by_rate(name)[rate].mean() for name in columns)
    ends = [np.nanmean(np.array(loss[-10:], dtype=float)) for loss in by_rate("loss")[rate]]
    seeds = " ".join(f"{accuracy:.1%}" for accuracy in accuracies)
    print(f"{rate:<7g} {seeds:30} {balanced:8.1%} {np.mean(ends):16.2f} {moved:7.2%} {probe:6.1%}")

# %%
share = cells.defective[train].mean()
entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
trainings = [run for run in recorded.runs if "accuracy" in run]  # the range tests have none
losses = np.array([loss for run in trainings for loss in run["loss"]], dtype=float)
print(f"loss of answering {share:.0%} defective to every photograph: {entropy:.2f} nats")
pure = {"recipe": "one rate", "rate": 0.03, "seed": 0}
end = np.mean(recorded.values("loss", **pure)[0][-10:])
accuracy, balanced = (recorded.values(c, **pure)[0] for c in ("accuracy", "balanced_accuracy"))
told = f"loss at the end {end:.2f}, accuracy {accuracy:.1%}, balanced {balanced:.1%}"
print(f"rate 0.03, seed 0: {told}")
broken = np.isnan(losses).sum()
print(f"steps whose loss was no number, in {len(trainings)} runs: {broken} of {losses.size:,}")

# %% [markdown]
# What the numbers add to the picture:
#
# - **It is silent.** Not one step in any run was NaN. Between the best rates and the first NaN there is a wide region of damage, and we never reached its end.
# - **The loss settles at the wrong place.** Seed 0 at 0.03 shows the silent failure in its pure form: a loss that came down to 0.62, the loss of answering the same 31 % to every photograph, and the accuracy of that answer. This network uses no feature, although a probe of its backbone still finds some (72.7 %). Other runs beyond the edge end near it or still leap above it.
# - **One answer for everything.** At 0.1 the recorded balanced accuracy is 50 %, although an accuracy of 69 % looks like two thirds of the way.
# - **The weights went far.** At 0.001 the backbone moved by a few hundredths of its length. At 0.1 it moved by more than twice its length, so that what was added outweighs what was learned on ImageNet.
# - **Accuracy alone cannot tell too low from too high.** At 0.00001 it is even lower than at 0.1. But there the probe finds good features: nothing is broken, and with each seed the accuracy was higher after 60 steps than after 20. At 0.1 the probe itself is at the baseline, and no new head brings the features back.
#
# **The edge depends on the seed.** Means hide what a single training risks. At 0.01 two seeds come through, nine and eleven points above the baseline, and three end within two points of it. The program and the rate are the same; which photographs were labelled, their order and the random head decide. Whoever tries seed 0 alone finds this rate as good as 0.001 (79.9 against 79.4 %). At 0.003, too, the seeds lie almost ten points apart, and its seed 0 is the best run of the whole sweep. That is luck, and no reason to choose 0.003. With one run to make, **keep a distance from the edge**.

# %% [markdown]
# ## Schedules
#
# So far the rate was the same in the first step and in the last. A **schedule** is a plan for the rate over the steps of one training. PyTorch makes it from an optimizer, and `schedule.step()` follows every step, as in `lab.train`.


# %% tags=["recorded"]
plans = torch.optim.lr_scheduler


def constant(optimizer, steps=60):
    return plans.ConstantLR(optimizer, factor=1.0)


def warm_up(optimizer, steps=60):
    return plans.LinearLR(optimizer, start_factor=0.01, total_iters=steps // 3)


def cosine(optimizer, steps=60):
    return plans.CosineAnnealingLR(optimizer, T_max=steps)


def one_cycle(optimizer, steps=60):
    peak = [group["lr"] for group in optimizer.param_groups]
    return plans.OneCycleLR(optimizer, peak, total_steps=steps, pct_start=0.2, cycle_momentum=False)


# %%
def planned(make_schedule, peak=1e-3, steps=60):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=peak)
    schedule = make_schedule(optimizer, steps)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


# %%
figure, (ax,) = new_figure(width=8.0, height=3.0)
for schedule, line in ((constant, "-"), (warm_up, "-."), (cosine, "--"), (one_cycle, ":")):
    rates, name = planned(schedule), schedule.__name__.replace("_", "-")
    ax.plot(range(1, 61), rates, line, linewidth=2, label=f"{name}, mean {np.mean(rates):.5f}")
ax.set(title="Four schedules with one peak", xlabel="step", ylabel="learning rate")
ax.set_ylim(0, 1.6e-3)
ax.legend(frameon=False, ncols=2, loc="upper center")
lab.show(
    figure,
    "Learning rate against 60 steps: constant at 0.001; warm-up rises over 20 steps to 0.001 and "
    "stays; cosine falls from 0.001 to nearly 0; one-cycle rises over 12 steps to 0.001, then "
    "falls to nearly 0.",
)

# %% [markdown]
# - **Constant:** the last step is as large as the first. Nothing has to be known beforehand, not even how long the training will be. Near the end the weights still jump by the full rate, from batch to batch.
# - **Warm-up** keeps the first steps small, here for a third of the training: while the head is random, and AdamW's averages rest on a handful of gradients.
# - **Cosine** (Loshchilov and Hutter 2017, [arXiv 1608.03983](https://arxiv.org/abs/1608.03983)) starts at the peak and falls along half a cosine: large steps first, fine ones at the end.
# - **One-cycle** (Smith and Topin 2017, [arXiv 1708.07120](https://arxiv.org/abs/1708.07120)) does both: it begins low, rises to the peak, then falls nearly to zero. Unless told `cycle_momentum=False`, as here, PyTorch's `OneCycleLR` moves the *momentum*, too, the share of earlier gradients that is carried into a step: AdamW's, called its first beta, goes from 0.95 to 0.85 and back, and plain SGD gets a momentum that it did not have. Lessons 1, 2, 3, 5 and 6 train with it, momentum included, with a rise over the first fifth of the steps.
#
# Which is best? **Before you read on:** choose one for a peak that is too low (0.001 for the small network), one for a good peak (0.01), and one for a peak that is too high (0.3). Then all of them run, 300 steps each, with the same batches and starts.

# %% tags=["nbval-ignore-output"]
peaks, seeds = (1e-3, 1e-2, 0.3), range(5)
reached = {
    (schedule.__name__.replace("_", "-"), peak): np.array(
        [fit_small(peak, seed, schedule=schedule)[2] for seed in seeds]
    )
    for schedule in (constant, warm_up, cosine, one_cycle)
    for peak in peaks
}


# %%
def draw_gain(ax, row, points):
    """A dot a seed, and the 95 % interval of their mean; the same in words."""
    low, high = stats.ttest_1samp(points, 0).confidence_interval(0.95)
    ax.plot(points, [row] * len(points), "o", color="#0072B2", alpha=0.4)
    ax.plot([low, high], [row, row], "-|", color="black", linewidth=2, markersize=10)
    return f"{points.mean():+5.1f} ({low:+5.1f} to {high:+5.1f})"


# %%
def draw_gains(gains, peaks, names=("warm-up", "cosine", "one-cycle")):
    """Points of accuracy over the constant rate, a panel a peak, a row a schedule."""
    figure, axes = new_figure(columns=len(peaks), width=9.5, height=2.6)
    told = []
    for ax, peak in zip(axes, peaks, strict=True):
        for row, name in enumerate(names):
            words = draw_gain(ax, row, 100 * gains[name, peak])
            told.append(f"{name:9} at {peak:<5g} {words}")
        ax.axvline(0, color="grey", linestyle=":")
        ax.set(title=f"peak {peak:g}", xlabel="points over the constant rate")
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_yticks(range(len(names)), names if ax is axes[0] else [""] * len(names))
    print("points over the constant rate, 95 % interval over the seeds:", *told, sep="\n")
    lab.show(figure, "Gain over a constant rate, with 95 % interval. " + "; ".join(told))


# %% tags=["nbval-ignore-output"]
draw_gains({run: found - reached["constant", run[1]] for run, found in reached.items()}, peaks)

# %% [markdown]
# On our machine, with the 95 % intervals over five seeds:
#
# - **Peak too low:** the constant rate is best. Cosine and one-cycle lie 16 points behind it (−19 to −14): with the same peak their *mean* rate is half as high, and 300 steps are probably too few for that. One peak does not make equal trainings.
# - **Good peak:** ending with small steps brings nearly three points, by cosine or by one-cycle (both 2 to 4). A warm-up alone changes less than a point.
# - **Peak too high:** a cosine alone does not help (−2 to +1), since the first steps do the damage. A warm-up brings 25 points (18 to 31) and one-cycle 37 (30 to 44), up to the 92 % that a constant rate reaches at a good peak.
#
# So here **warm-up helps where the first steps destroy, and falling helps at a good peak**. One-cycle does both, and this small network survives a peak that is too high with it.
#
# ### And with pretrained weights?
#
# The small network has a random start, and nothing to lose. We recorded cosine and one-cycle with EfficientNet as well: 60 steps from three peaks, with the photographs, their order and the heads of the sweep's five seeds. Of the peaks 0.001 is good and 0.01 lies at the edge. Warm-up we recorded where the rate is too high.

# %%
found = {
    (recipe, peak): recorded.values("accuracy", recipe=recipe, rate=peak)
    for recipe in ("one rate", "cosine", "one-cycle")
    for peak in (1e-3, 3e-3, 1e-2)
}
gains = {run: accuracies - found["one rate", run[1]] for run, accuracies in found.items()}
draw_gains(gains, (1e-3, 3e-3, 1e-2), ("cosine", "one-cycle"))

# %%
for rate in recorded.settings_of("rate", recipe="warm-up"):
    for recipe in ("one rate", "warm-up"):
        same = {"recipe": recipe, "rate": rate}
        accuracies, moved = (recorded.values(c, **same) for c in ("accuracy", "moved"))
        first = np.mean([loss[:5] for loss in recorded.values("loss", **same)])
        told = ", ".join(f"{accuracy:.1%}" for accuracy in accuracies)
        print(f"rate {rate:<5g} {recipe:>9}: loss of the first 5 steps {first:.2f}, ", end="")
        print(f"moved {moved.mean():.0%}, accuracy {accuracies.mean():.1%} ({told})")

# %% [markdown]
# **Here every interval holds zero.** At 0.001 cosine gains 1.5 points (−0.6 to +3.5) and one-cycle 1.1 (−1.1 to +3.2), at 0.003 both nearly two (−3 to +7, −2 to +6), at 0.01 both lose about one (−10 to +7). Five seeds of 60 steps show no best schedule, and they rule out a gain like the small network's, nearly three points, at no peak. The means of cosine and one-cycle differ by less than half a point at each peak; at 0.01 the interval goes from −8 to +9. What does catch the eye, at 0.003: with a constant rate the seeds lie ten points apart, with cosine less than two, with one-cycle three.
#
# The **warm-up** calms the first steps here, too, and the weights move less far, by 5 to 8 points of their length at 0.01 and by 15 to 31 at 0.03. What that does to the accuracy is open (−6 to +6 at 0.01, −17 to +24 at 0.03). Once the full rate acts, at 0.03, the loss leaps again with every seed. It did not visibly rescue a rate that is too high.
#
# Elsewhere warm-up matters. The first transformer was trained with Adam and 4,000 steps of it (Vaswani et al. 2017, [arXiv 1706.03762](https://arxiv.org/abs/1706.03762)). Xiong et al. (2020, [arXiv 2002.04745](https://arxiv.org/abs/2002.04745)) trace that need to where such a network normalises: there the first gradients near the output are large. Liu et al. (2020, [arXiv 1908.03265](https://arxiv.org/abs/1908.03265)) look at Adam itself: its measure of a gradient's size varies a lot in the first steps, and they presume that warm-up helps by waiting until it is steady.

# %% [markdown]
# ### A range test with AdamW
#
# A range test is a schedule as well, one that grows by the same factor at each step. So any training can be turned into one, with its own optimizer. First the small network from 0.00001 to 1, with its small batches of 32: one run, and then the mean of five runs with other starts and batches.


# %% tags=["recorded"]
def growing(optimizer, steps=60, highest=1.0):
    lowest = optimizer.param_groups[0]["lr"]
    return plans.ExponentialLR(optimizer, gamma=(highest / lowest) ** (1 / (steps - 1)))


# %% tags=["nbval-ignore-output"]
losses = [fit_small(1e-5, seed, schedule=growing)[1] for seed in range(5)]
rates = np.geomspace(1e-5, 1.0, len(losses[0]))
for curve in (losses[0], np.mean(losses, axis=0)):
    lab.range_test_curve(rates, curve)

# %% [markdown]
# Then EfficientNet, with 32 batches of 32 photographs. These runs are recorded, with five seeds, and plain SGD beside AdamW.

# %%
figure, axes = new_figure(columns=2, width=9.0, height=3.2)
for ax, name in zip(axes, ("SGD", "AdamW"), strict=True):
    chosen = {"recipe": f"range test, {name}"}
    rates, losses = recorded.values("rates", **chosen)[0], recorded.values("loss", **chosen)
    ax.plot(rates, losses.T, color="#0072B2", alpha=0.35, linewidth=1)
    ax.plot(rates, losses.mean(axis=0), "--", color="black", label="mean of five seeds")
    ax.set(title=f"Range test with {name}", xscale="log", ylim=(0, 3))
    ax.set(xlabel="learning rate (logarithmic)", ylabel="loss (nats)")
axes[0].legend(frameon=False, loc="upper left")
lab.show(
    figure,
    "Loss against a rising learning rate, five seeds and their mean. SGD: level at 0.7, 0.54 at "
    "0.12, above 1.4 from 0.24 on. AdamW: 0.7 up to 0.0001, lowest at 0.005 with 0.31, then up.",
)

# %% [markdown]
# One run of small batches is restless: on our machine it is lowest near 0.2, where whole trainings break. The mean of five shows the shape: a fall from about 0.007 on, the lowest point near 0.03, a restless level, and more beyond 0.3. A fifth to a tenth of 0.03 is 0.003 to 0.006. There the curve has hardly begun to fall, and the table further up does well at 0.01: the rule is cautious here, and the slope tells more.
#
# With AdamW EfficientNet's mean loss falls from about 0.0005 on, is lowest near 0.005, and rises from there to above its start at 0.03. A fifth to a tenth of the lowest point, 0.0005 to 0.001, lies within the sweep's plateau, and the rise begins where the sweep has its edge. With SGD the curve is nearly flat, about 0.7 for half of the rates and 0.54 at the lowest point, and then it leaps within a factor of two.
#
# **When the curve is flat**, as it is with few photographs and a good start:
#
# 1. Take larger batches, or the mean of several runs with other orders. Noise hides a slope.
# 2. Look for the leap. Where a curve breaks is seen even where its fall is not; a tenth of that rate is a start.
# 3. Compare whole trainings at three rates, a factor of three apart, on validation photographs. They are what counts, and with 60 steps they are cheap.

# %% [markdown]
# ## A rate for each part
#
# The head is new and must travel far; the backbone is nearly right and should not. Parameter groups give each its own rate. We recorded a backbone at 0.001 with a head at ten times that, to compare with one rate for both. **Before you run the cell:** will the faster head gain, lose, or change nothing?

# %%
arms = {}
for backbone, head in ((1e-3, 1e-3), (1e-3, 1e-2), (1e-2, 1e-2)):
    recipe = "one rate" if backbone == head else "two rates"
    arms[f"backbone {backbone:g}, head {head:g}"] = recorded.values(
        "accuracy", recipe=recipe, rate=backbone, head_rate=head
    )
lab.accuracy_by_arm(arms, baseline, title="Held-out accuracy with one rate and with two")

# %% [markdown]
# A head at ten times the rate changes the accuracy by −0.1 points (−1.7 to +1.4): both means are between 78 and 79 %. With the *backbone* at 0.01 as well, three of the five seeds lose eight to eleven points, and two lose nothing; the change of the mean, −5.5 points, is open (−12.4 to +1.5). So it is likely, and not shown, that the backbone is the part that has the edge. The head's 2,562 numbers are random anyhow and stood the high rate with each seed.
#
# Two groups bring no accuracy here over one rate that suits the backbone, within two points. They bring the freedom to choose the head's rate without endangering the backbone.

# %% [markdown]
# ## Exercise 2: a rate for each depth
#
# {price} Howard and Ruder (2018) go further: every layer has its own rate, lower the nearer it stands to the input. Write this for any network. `stages` are the names of its stages **from input to output**, such as `"blocks.0"`. The head gets `head_rate`. The last stage gets `head_rate * decay`, the one before it `head_rate * decay**2`, and so on. All parameters that are in no stage and not in the head (the stem, norms outside the stages) get `head_rate * decay**(len(stages) + 1)`.
#
# Return a list of parameter groups as an optimizer takes it. Frozen parameters are left out, and a stage that is frozen as a whole keeps its place in the count. Each other parameter stands in the list once, also one that two layers share (at the rate of either). Head and stages may lie inside other modules, so that their names hold dots, and a name may be the beginning of another. Neither the model nor the list `stages` is changed. What the groups hold earns one point, and so do the rates of the head, of the stages and of the rest.


# %% exercise="rates.groups_by_depth"
def groups_by_depth(model, stages, head_name, head_rate, decay):
    """Return parameter groups: the head at `head_rate`, a stage at `decay` times the one above."""
    ### BEGIN SOLUTION
    order = [head_name, *reversed(stages)]
    rates = {name: head_rate * decay**depth for depth, name in enumerate(order)}
    rest = head_rate * decay ** (len(stages) + 1)
    groups = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            rate = next((rates[part] for part in rates if name.startswith(part + ".")), rest)
            groups.setdefault(rate, {"params": [], "lr": rate})["params"].append(parameter)
    return list(groups.values())
    ### END SOLUTION


# %% check="rates.groups_by_depth"
check("rates.groups_by_depth", groups_by_depth)

# %% [markdown]
# ## Exercise 3: decay towards the start
#
# *Weight decay* makes weights smaller: at each step AdamW also multiplies every weight by 1 − rate · `weight_decay`, whatever its gradient says. It pulls towards **zero**. A pretrained network has a better place to be pulled to, the weights that it came with. Li, Grandvalet and Davoine (2018, [arXiv 1802.01483](https://arxiv.org/abs/1802.01483)) add the squared distance from them to the loss, and recommend this as the baseline for fine-tuning.
#
# {price} Write that penalty: `strength / 2` times the sum of the squared differences between each parameter and its value in `start`, over all **trainable** parameters of the **backbone**. The backbone is everything outside the module `head_name`. That module may lie inside another, so that its name holds dots, and other names may begin like it. A parameter that two layers share counts once. One point each: what is pulled, the formula, where the gradient flows.
#
# `start` is a dict of tensors with the names of `model.state_dict()`. It holds more than you need: the head, buffers, frozen parameters, a shared weight under both its names; none of these extras counts. Return a tensor with one number and no dimension. Its gradient flows into the model's parameters. Some tensors of `start` ask for gradients, too, and **none may flow into them**. Leave `model` and `start` as they are, and leave `backward()` to whoever adds the penalty to a loss.


# %% exercise="rates.decay_towards" tags=["recorded"]
def decay_towards(model, start, head_name, strength):
    """Return `strength / 2` times the trainable backbone's squared distance from `start`, 0-d."""
    ### BEGIN SOLUTION
    squares = [
        ((parameter - start[name].detach()) ** 2).sum()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and not name.startswith(head_name + ".")
    ]
    return strength / 2 * sum(squares)
    ### END SOLUTION


# %% check="rates.decay_towards"
check("rates.decay_towards", decay_towards)


# %% [markdown]
# What does such a pull change? We let the small network change its task. It has learned whether two numbers have the same sign, to 96 %. Now half of a third number is added to the first one before the sign counts, and there are 256 labelled signals instead of thousands.


# %% tags=["recorded"]
def pulled_step(start, strength, head_name="classifier"):
    """A training step whose loss also pulls the backbone towards `start`."""

    def step(model, images, labels, optimizer):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        (loss + decay_towards(model, start, head_name, strength)).backward()
        optimizer.step()
        return loss.item()

    return step


def new_task(count, seed):
    numbers, _ = signals(count, seed)
    return numbers, ((numbers[:, 0] + numbers[:, 2] / 2) * numbers[:, 1] > 0).long()


# %% tags=["recorded"]
def change_task(source, seed, strength=0.0, decay=0.0, frozen=False):
    """Fine-tune a copy of `source` on 256 signals of the new task: accuracy, its backbone's way."""
    network, start = copy.deepcopy(source), copy.deepcopy(source.state_dict())
    torch.manual_seed(seed)
    network[3] = nn.Linear(64, 2)
    network[:3].requires_grad_(not frozen)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-2, weight_decay=decay)
    step = pulled_step(start, strength, head_name="3") if strength else training_step
    numbers, labels = new_task(256, 2_000 + seed)
    for chosen in torch.randint(256, (200, 32)):
        step(network, numbers[chosen], labels[chosen], optimizer)
    unseen, truth = new_task(2_000, 97)
    way = sum(((p - start[n]) ** 2).sum().item() for n, p in network[:3].named_parameters()) ** 0.5
    return (network.eval()(unseen).argmax(dim=1) == truth).float().mean().item(), way


# %% tags=["nbval-ignore-output"]
source = fit_small(0.3, 0, torch.optim.SGD, size=256)[0]
arms = {"free": {}, "frozen": {"frozen": True}, "decay 1 towards zero": {"decay": 1.0}}
arms |= {f"pull of {strength:g}": {"strength": strength} for strength in (0.1, 1)}
try:
    runs = {arm: [change_task(source, s, **how) for s in range(10)] for arm, how in arms.items()}
    found = {arm: np.array(pairs) for arm, pairs in runs.items()}
    for arm, values in found.items():
        told = [f"{arm:20}: accuracy {values[:, 0].mean():.1%}, moved by {values[:, 1].mean():.2f}"]
        for other in {"free", "frozen"} - {arm}:
            gains = 100 * (values - found[other])[:, 0]
            low, high = stats.ttest_1samp(gains, 0).confidence_interval(0.95)
            told.append(f"over {other} {gains.mean():+.1f} ({low:+.1f} to {high:+.1f})")
        print("; ".join(told))
except NotImplementedError:
    print("Exercise 3 is not written yet, so nothing is pulled.")

# %% [markdown]
# On our machine, over ten seeds, each with other labelled signals:
#
# - **Towards zero costs** 5 to 6 points against no decay. It pulls backbone and head alike; which of the two costs the points is not measured.
# - **Towards the start**, with a strength of 0.1, gains about 2 points over free training (0.3 to 3.4, barely clear of zero) and 5 over a frozen backbone (4 to 7). In how far the weights move, the pull stands between these two; in accuracy it is ahead of both. (The strength was chosen beforehand, on other seeds and other signals, in a look that is not recorded.)
# - **Ten times as strong**, it is not better than free training (−2 to 0), and still better than frozen.
#
# And on the solar cells? Recorded with five seeds at a constant 0.003, the upper end of the plateau: `weight_decay=1` instead of 0.01, and a pull of 0.1 towards ImageNet's weights. Behind each mean stands the change against the sweep, in points.

# %%
for recipe in ("weight decay 1", "towards the start"):
    told = []
    for column in ("accuracy", "probe", "moved"):
        same = {"column": column, "rate": 3e-3}
        changed, plain = (recorded.values(recipe=one, **same) for one in (recipe, "one rate"))
        gains = 100 * (changed - plain)
        low, high = stats.ttest_1samp(gains, 0).confidence_interval(0.95)
        words = f"{gains.mean():+.1f} ({low:+.1f} to {high:+.1f})"
        told.append(f"{column} {changed.mean():.1%}, {words}")
    print(f"{recipe:17} at 0.003:", "; ".join(told))

# %% [markdown]
# **The usual decay costs** here, too, when it is strong: 9 points of accuracy (5 to 14). Such a network answers "good" to nearly everything (balanced accuracy 50 to 52 %), but the probe shows no clear loss of features (−5 to +1). It acts on the head and the norms as well, the pull on the backbone alone. **The pull** keeps the weights where they were, at a quarter of the way (2.7 % instead of 10 %), but what that does to the accuracy is open (−11 to +4), and so is what it does to the probe. The strength was tried out on one other seed and other photographs; five seeds show neither gain nor loss.
#
# AdamW's default takes next to nothing away: with a rate of 0.001 and `weight_decay=0.01`, 60 steps shrink a weight by 1 − (1 − 0.00001)⁶⁰, or 0.06 %.
#
# A penalty in the loss and a decay in the update are the same for plain SGD, up to a factor, and not for Adam, which divides the penalty's gradient by its size as well (Loshchilov and Hutter 2019, [arXiv 1711.05101](https://arxiv.org/abs/1711.05101)). So a strength, too, belongs to its optimizer.

# %% [markdown]
# ## Reading a curve
#
# This is what you have in practice: one loss curve, and if you measure it, one accuracy. The figure shows three rates of the sweep, on the same axes; the slider below it goes through all seven.
#
# The axes end at 3 nats, and a line that leaves the picture at the top comes back where the loss is below 3 again. The text tells how many steps lie outside.

# %% tags=["nbval-ignore-output"]
lab.sweep_slider(recorded)

# %% [markdown]
# ## Exercise 4: four curves
#
# {price} Four recorded runs with another seed than the slider's. Their labels have been lost. In one the rate was too low, in one about right, in one too high, and in one nothing was trained at all. Look at where each loss starts, where it ends, how it gets there, and at the accuracy. Two of the curves look much alike: compare the means of their first and last ten steps, printed below the figure, with how far single steps lie apart. Then give each letter one of the four words "too low", "about right", "too high" and "nothing trains".

# %%
ends = {"A": 0.7241, "B": 0.4527, "C": 0.7713, "D": 0.5534}  # a run by the accuracy that it reached
of_seed_1 = [run for run in recorded.runs if run["seed"] == 1 and "accuracy" in run]
by_end = {run["accuracy"]: run for run in of_seed_1}
curves = {letter: by_end[end] for letter, end in ends.items()}
lab.loss_curves(
    {letter: curve["loss"] for letter, curve in curves.items()},
    "Four trainings of 60 steps",
    {letter: curve["accuracy"] for letter, curve in curves.items()},
    highest=2.0,
)
for letter, curve in curves.items():
    first, last = np.mean(curve["loss"][:10]), np.mean(curve["loss"][-10:])
    print(f"{letter}: mean of the first 10 steps {first:.2f}, of the last 10 {last:.2f}; ", end="")
    print(f"single steps from {min(curve['loss']):.2f} to {max(curve['loss']):.2f}")

# %% exercise="rates.diagnose"
### BEGIN SOLUTION
diagnoses = {"A": "too high", "B": "nothing trains", "C": "about right", "D": "too low"}
### END SOLUTION
### BEGIN RELEASE
# # One for each: "too low", "about right", "too high", "nothing trains".
# diagnoses = {"A": None, "B": None, "C": None, "D": None}
### END RELEASE

# %% check="rates.diagnose"
check("rates.diagnose", diagnoses)

# %% [markdown]
# ## Mean and sum
#
# One trap is left. `F.cross_entropy` gives the *mean* over the batch, and with `reduction="sum"` the sum. For a batch of 32 the sum's gradient is 32 times as large, so **a rate for a summed loss is a rate times the batch size**. We train the small network three times with SGD and twice with AdamW, with each of five seeds.


# %% tags=["recorded"]
def summed_step(network, numbers, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(network(numbers), labels, reduction="sum")
    loss.backward()
    optimizer.step()
    return loss.item()


# %% tags=["nbval-ignore-output"]
print("seed   SGD: mean  sum, rate / 32  weights differ by  sum, copied rate   AdamW: mean  sum")
for seed in range(5):
    mean, _, at_mean = fit_small(0.1, seed, torch.optim.SGD)
    summed, _, divided = fit_small(0.1 / 32, seed, torch.optim.SGD, summed_step)
    pairs = zip(mean.parameters(), summed.parameters(), strict=True)
    apart = max((p - q).abs().max().item() for p, q in pairs)
    _, _, copied = fit_small(0.1, seed, torch.optim.SGD, summed_step)
    adam = [fit_small(0.01, seed, step=step)[2] for step in (training_step, summed_step)]
    print(f"{seed:4} {at_mean:11.0%} {divided:14.0%} {apart:18.0e} {copied:17.0%}", end="")
    print(f" {adam[0]:13.0%} {adam[1]:4.0%}")

# %% [markdown]
# A summed loss at a 32nd of the rate gives the very same network. At the copied rate it is a training at 32 times the rate, far beyond the edge, and again nothing complains. AdamW divides each gradient by its size, so that a constant factor cancels, and it hides the slip until somebody changes the optimizer.

# %% [markdown]
# ## Exercise 5: find the bug
#
# {price} A colleague has copied a recipe: SGD, a rate for the backbone, a higher one for the head, a linear warm-up of both. The two rates come from a program with a **mean** loss. In step *k* (counted from 1) each group should have its own rate times min(1, *k* / `warm_up`). The function below runs without complaint, and the backbone does not survive it. There are **two mistakes** in it. Repair the function in place.
#
# Each mistake that is mended counts 2 points. The rest stays as it is: plain SGD without momentum or weight decay, one step for each batch in its order, training mode, no limit on the gradients (clipping), old gradients cleared before each step, and the trained model comes back. The check compares weights and statistics at the end, and takes a point if a repair spoils something else, whatever it is. It names nothing of the two mistakes before one of them is mended.


# %% exercise="rates.find_the_bug"
def fine_tune(model, head_name, batches, backbone_rate, head_rate, warm_up):
    """Train `model` with plain SGD, one step a batch; the rates grow over `warm_up` steps."""
    ### BEGIN SOLUTION
    head = list(model.get_submodule(head_name).parameters())
    backbone = [p for name, p in model.named_parameters() if not name.startswith(f"{head_name}.")]
    optimizer = torch.optim.SGD([{"params": backbone}, {"params": head}], lr=head_rate)
    model.train()
    for step, (images, labels) in enumerate(batches, start=1):
        for group, rate in zip(optimizer.param_groups, [backbone_rate, head_rate], strict=True):
            group["lr"] = rate * min(1, step / warm_up)
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    return model
    ### END SOLUTION
    ### BEGIN RELEASE
    # head = list(model.get_submodule(head_name).parameters())
    # backbone = [p for name, p in model.named_parameters() if not name.startswith(f"{head_name}.")]
    # groups = [{"params": backbone, "lr": backbone_rate}, {"params": head, "lr": head_rate}]
    # optimizer = torch.optim.SGD(groups)
    # model.train()
    # for step, (images, labels) in enumerate(batches, start=1):
    #     for group in optimizer.param_groups:
    #         group["lr"] = head_rate * min(1, step / warm_up)
    #     optimizer.zero_grad()
    #     F.cross_entropy(model(images), labels, reduction="sum").backward()
    #     optimizer.step()
    # return model
    ### END RELEASE


# %% check="rates.find_the_bug"
check("rates.find_the_bug", fine_tune)

# %% [markdown]
# ## Quiz

# %% quiz="rates.quiz"


# %% [markdown]
# ## Beside the papers
#
# - Smith (2017, [arXiv 1506.01186](https://arxiv.org/abs/1506.01186)) describes the range test. His rate grows linearly over a few epochs and he looks at the accuracy; ours grows by a constant factor over a few dozen batches and we look at the loss, which is cheaper and noisier.
# - Howard and Ruder (2018, [arXiv 1801.06146](https://arxiv.org/abs/1801.06146)) fine-tune language models with a rate for each layer, and divide it by **2.6** from one layer to the one below. With your `groups_by_depth` that is `decay = 1 / 2.6`. The factor was found on texts. On our cells a ratio of ten between head and backbone changed nothing that five seeds could show.
# - Goyal et al. (2017, [arXiv 1706.02677](https://arxiv.org/abs/1706.02677)) train ImageNet with batches of 8,192 images: they multiply the rate with the batch size, for a mean loss, and warm up over five epochs, because the large rate breaks a network that has just begun. They train from random weights for 90 epochs, and we fine-tune for 60 steps, so neither their rates nor the size of their effect carries over.

# %% [markdown]
# ## Takeaways
#
# - A learning rate that is too high is silent: no NaN, but an accuracy near the majority baseline, a balanced accuracy of 50 %, weights that moved far, and features that no new head can use.
# - A rate belongs to its optimizer, its loss (mean or sum) and its batch size. A range test finds the edge, and trainings with several seeds show how far to stay away from it.
# - The head stood ten times the backbone's rate. That the backbone is the part that has the edge is likely; our five seeds leave it open.
# - A schedule belongs to the rate. Small steps at the end help at a good peak, small steps at the beginning at one that is too high, and at one that is too low a constant rate is best. That was a small network; on the solar cells a warm-up calmed the first steps, and the rest is open.
# - The usual weight decay pulls towards zero. A penalty can pull towards the pretrained weights instead, between training freely and freezing.

# %% [markdown]
# ## If you want more
#
# Choose a rate of your own and see where it lands in the chart: `own = lab.checkpoint("own", run, 3e-4, seed=3)`. Or put your groups into the run: make `groups_by_depth(model, [f"blocks.{i}" for i in range(7)], "classifier", 3e-3, 1 / 2.6)` and hand them to AdamW. With a GPU, run ten seeds at a rate near the edge and count how many survive: five seeds cannot tell a risk of one in ten from none.
#
# Go on with [lesson 5: unfreezing in stages](../05_staged_unfreezing/lesson.ipynb).
