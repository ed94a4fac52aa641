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
# # 3 · Counting parameters
#
# "We train only 1 % of the parameters." Such a sentence is easily said and easily wrong: it may count tensors for numbers, forget the statistics that move without being trained, or promise savings that do not come. In this lesson we count a network by hand, let PyTorch count it again, and find out what the count tells about memory and about accuracy.
#
# | | |
# | --- | --- |
# | **After&nbsp;this&nbsp;lesson&nbsp;you&nbsp;can** | count the parameters of a layer by hand; count what a network has and what of it trains, without the usual mistakes; predict how a new head changes the total; predict the bytes that training needs; say what the number of trainable parameters tells about accuracy, and what not |
# | **You need** | lessons 0, 1 and 2; words are in the [glossary](../glossary.md) |
# | **Time** | about 45 minutes, of which the computer works about half a minute on two CPU cores |

# %% tags=["recorded"]
from grader import lab  # first: it tells PyTorch's threads how to wait for each other

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR

from grader.exercises import check
from grader.quiz import quiz

# %% [markdown]
# ## Recall
#
# Two questions from lesson 1, to warm up. They give no points.

# %% recall="counting.recall"

# %% [markdown]
# ## Predict
#
# At the end we fine-tune our network on 200 labelled solar cells, five times. Each time more parameters train, and the rest is frozen:
#
# - only the new head;
# - the head and stage 3, one of the early stages;
# - the head and all BatchNorm layers, which are nearly as many parameters as stage 3 has;
# - the head and the last stage;
# - everything.
#
# **Before you read on:** which held-out accuracy will each choice reach? Always answering "good" is right for about 69 % of the cells. Write fractions between 0 and 1. Nothing is graded; your guesses are drawn beside the results.

# %%
predicted = {
    "head": None,
    "stage 3 and head": None,
    "BatchNorm and head": None,
    "last stage and head": None,
    "everything": None,
}

# %% [markdown]
# ## The idea
#
# A convolution slides small *filters* over a picture. The picture is a stack of *channels*: red, green and blue at the input, and after a convolution one channel for each of its filters.
#
# At each place a filter multiplies the numbers that it sees by its weights and adds them up. It may add one number more, its *bias*. Usually it sees all channels; in *groups*, only a share of them.
#
# A layer's parameters follow from its shape, before any code runs:
#
# | layer | parameters |
# | --- | --- |
# | convolution, *k* × *k*, from *a* to *b* channels | *k* · *k* · *a* · *b*, and *b* more with a bias |
# | the same in *g* groups | *k* · *k* · (*a* / *g*) · *b*, and *b* more with a bias |
# | *depthwise*: one filter a channel, *g* = *a* = *b* | *k* · *k* · *a*, and *a* more with a bias |
# | BatchNorm over *a* channels | 2 · *a*: a scale and a shift each |
# | linear, from *a* to *b* | *a* · *b* + *b* |
#
# The size of the image appears nowhere: a convolution uses the same filter at every place.
#
# The formulas explain how networks for small devices, such as ours, are built. A usual 3×3 convolution mixes places and channels at once. In such networks two convolutions share this work: a depthwise one mixes places only, and after it a *pointwise* one, which is 1×1, mixes channels only. Together they need about a ninth of the parameters:

# %%
channels = 192
lab.bars(
    {
        "3×3 convolution": 3 * 3 * channels * channels,
        "depthwise 3×3": 3 * 3 * channels,
        "pointwise 1×1": channels * channels,
    },
    f"Parameters of a layer from {channels} to {channels} channels, without bias",
    "parameters",
)

# %% [markdown]
# Four words keep the counts apart.
#
# - A parameter **tensor** holds many **elements**. "Number of parameters" means elements, `numel()`.
# - A parameter is **trainable** if its `requires_grad` is True. Freezing changes only this flag: the total stays.
# - A **buffer** is saved with the model, but gets no gradient. A BatchNorm layer has 2 · *a* + 1 numbers in buffers: running means, running variances, and a counter of batches.
# - A **shared** parameter is one tensor used in two places. It is stored once, trained once, and counts once.
#
# ## The mechanism, bare
#
# Three layers with parameters suffice to see all of it. Count them on paper before you run the cell: a 3×3 convolution from 3 to 8 channels with a bias, a BatchNorm over 8 channels, a linear layer from 8 to 2.

# %%
tiny = nn.Sequential(
    nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)
)
for name, parameter in tiny.named_parameters():
    print(f"{name:10} {tuple(parameter.shape)!s:14} {parameter.numel():>4} elements")
convolution, norm, linear = 3 * 3 * 3 * 8 + 8, 2 * 8, 8 * 2 + 2
print(f"by hand: {convolution} + {norm} + {linear} = {convolution + norm + linear}")
print(f"numel(): {sum(parameter.numel() for parameter in tiny.parameters())}")

# %% [markdown]
# Pooling and flattening have nothing to learn, so they do not appear. Six tensors hold 258 elements. Now we freeze all but the last layer and ask what trains. The first line below is a popular one.

# %%
tiny.requires_grad_(False)
tiny[4].requires_grad_(True)
flags = sum(parameter.requires_grad for parameter in tiny.parameters())
elements = sum(parameter.numel() for parameter in tiny.parameters() if parameter.requires_grad)
print(f"{'sum(p.requires_grad for p in ...)':48} {flags:>3}")
print(f"{'sum(p.numel() for p in ... if p.requires_grad)':48} {elements:>3}")
print(f"{'sum(p.numel() for p in ...)':48} {sum(p.numel() for p in tiny.parameters()):>3}")

# %% [markdown]
# `requires_grad` is True or False, and Python adds True as 1. So the first line counts the *tensors* that train, 2, a weight and a bias. The parameters that train are 18. The total has not moved.
#
# Buffers are in none of these counts. They stand in the `state_dict`, which is what gets saved: adding up a `state_dict` therefore gives more than the number of parameters.

# %%
for name, buffer in tiny.named_buffers():
    print(f"{name:22} {buffer.numel():>4} elements, {buffer.dtype}")
print(f"buffers    {sum(buffer.numel() for buffer in tiny.buffers()):>4}")
print(f"state_dict {sum(tensor.numel() for tensor in tiny.state_dict().values()):>4}")

# %% [markdown]
# The last trap is sharing. Here one linear layer, 8 · 8 + 8 = 72 parameters, is used twice.

# %%
layer = nn.Linear(8, 8)
twice = nn.Sequential(layer, nn.ReLU(), layer)
print("all parameters:  ", sum(p.numel() for p in twice.parameters()))
print("layer by layer:  ", sum(p.numel() for part in twice for p in part.parameters()))
print("over state_dict: ", sum(tensor.numel() for tensor in twice.state_dict().values()))

# %% [markdown]
# `model.parameters()` gives each tensor once, however often it is used. Whoever walks through the layers and adds up meets it twice.

# %% [markdown]
# ## Exercise 1: count
#
# {price} Write a function that works for every network. It returns a dict with three numbers of elements: `"total"` for all parameters, `"trainable"` for those that train, `"buffers"` for everything that `model.buffers()` gives, counters included. Tensors that are shared count once. Count without changing the network.


# %% exercise="counting.count_parameters"
def count_parameters(model):
    """Return {"total": …, "trainable": …, "buffers": …}: element counts, shared tensors once."""
    ### BEGIN SOLUTION
    parameters = list(model.parameters())
    return {
        "total": sum(parameter.numel() for parameter in parameters),
        "trainable": sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        "buffers": sum(buffer.numel() for buffer in model.buffers()),
    }
    ### END SOLUTION


# %% check="counting.count_parameters"
check("counting.count_parameters", count_parameters)

# %% [markdown]
# ## Our network
#
# EfficientNet-Lite0 with ImageNet's thousand classes. We count some of its layers by hand and let `numel()` check the sums. Its convolutions have no bias: the BatchNorm after each of them brings a shift of its own.

# %%
model = lab.load_backbone(pretrained=True)
by_hand = {
    "conv_stem": 3 * 3 * 3 * 32,  # the first layer: 3 colours to 32 channels
    "blocks.6.0.conv_pw": 1 * 1 * 192 * 1152,  # stage 7, pointwise
    "blocks.6.0.conv_dw": 3 * 3 * 1152,  # stage 7, depthwise
    "blocks.6.0.bn2": 2 * 1152,
    "conv_head": 1 * 1 * 320 * 1280,
    "classifier": 1280 * 1000 + 1000,
}
for name, expected in by_hand.items():
    counted = sum(parameter.numel() for parameter in model.get_submodule(name).parameters())
    print(f"{name:20} by hand {expected:>9,}   numel() {counted:>9,}")

# %% [markdown]
# Now all layers, sorted by kind. `parameters(recurse=False)` gives what belongs to a layer itself, without the layers inside it. "First" is the 3×3 convolution at the input, the only usual one.


# %%
def kind_of(layer):
    if isinstance(layer, nn.Conv2d) and layer.groups > 1:
        return "depthwise"
    if isinstance(layer, nn.Conv2d):
        return "pointwise" if layer.kernel_size == (1, 1) else "first"
    return "BatchNorm" if isinstance(layer, nn.BatchNorm2d) else "linear"


kinds = dict.fromkeys(["first", "depthwise", "pointwise", "BatchNorm", "linear"], 0)
for layer in model.modules():
    if own := sum(parameter.numel() for parameter in layer.parameters(recurse=False)):
        kinds[kind_of(layer)] += own
total = sum(parameter.numel() for parameter in model.parameters())
for kind, count in kinds.items():
    print(f"{kind:9} {count:>9,} {count / total:6.1%}")
print(f"{'total':9} {total:>9,}   in {len(list(model.parameters()))} tensors")

# %% [markdown]
# Pointwise convolutions and the head hold nearly everything.
#
# All 49 BatchNorm layers together have less than one parameter in a hundred, and yet they sit behind every convolution. Keep this in mind for the experiment.
#
# Their buffers hold as many numbers again, and 49 counters: 42,065 elements that are in no count of parameters.
#
# The same sum by place in the network, from input to output:

# %%
by_stage = lab.parameters_by_stage(model)
for part, count in by_stage.items():
    print(f"{part:18} {count:>9,} {count / total:6.1%}")
buffers = sum(buffer.numel() for buffer in model.buffers())
print(f"{'total':18} {total:>9,}   and {buffers:,} elements in buffers")

# %% [markdown]
# The *stem* is the first convolution with its BatchNorm. Together with the first five stages it holds 15 % of the parameters, although 11 of the network's 16 blocks of layers stand there. The reason is that the number of channels grows from stage to stage, and a pointwise convolution has as many weights as the product of two such numbers.
#
# A share of the parameters is no share of the *work*. A convolution uses each of its weights once at every place of its output, and the outputs of the early stages have the most places.
#
# **Try it.** The panel below the figure chooses what trains. Which single part costs most? And how many of the ten parts can train within a tenth of the parameters?

# %% tags=["nbval-ignore-output"]
lab.stage_panel(by_stage)

# %% [markdown]
# ## Exercise 2: count by part
#
# {price} Write the table for any network. `model.named_children()` gives its direct parts. Return a dict from each part's name to its number of parameters, in order.
#
# - A part without parameters has 0.
# - A parameter shared by two parts counts in the first of them.
# - Parameters that belong to the model itself stand under the key `""`. The sum is then the total.
# - Names may begin alike, such as `low` and `lower`.
#
# Count without changing the network.


# %% exercise="counting.count_by_child"
def count_by_child(model):
    """Return {child's name: number of its parameters}, in order; the model's own under ""."""
    ### BEGIN SOLUTION
    counts = {name: 0 for name, _ in model.named_children()}
    for name, parameter in model.named_parameters():  # each once, under its first name
        child = name.split(".")[0] if "." in name else ""
        counts[child] = counts.get(child, 0) + parameter.numel()
    return counts
    ### END SOLUTION


# %% check="counting.count_by_child"
check("counting.count_by_child", count_by_child)

# %% [markdown]
# ## A new head
#
# Suppose that we want to tell five kinds of flowers apart. The head for a thousand classes goes, a head for five comes. **Predict:** how many parameters will the network have then? Work it out from the total, 4,652,008, and the formula for a linear layer.

# %%
predicted_total = None

# %% [markdown]
# First the way that looks right and is wrong: writing the new number on the layer.

# %%
model.eval()
model.classifier.out_features = 5
with torch.no_grad():
    outputs = model(torch.zeros(1, 3, 96, 96))
print(model.classifier)
print(f"outputs an image: {outputs.shape[1]}")
print(f"parameters: {sum(parameter.numel() for parameter in model.parameters()):,}")

# %% [markdown]
# The layer *says* five and gives a thousand. `out_features` is a note for the reader; the layer is its weight, and that has not changed. Counting is a quick test here: a total that does not move says that nothing was swapped. A new layer does it:

# %%
model.classifier = nn.Linear(model.classifier.in_features, 5)
with_five = sum(parameter.numel() for parameter in model.parameters())
print(f"goes:    1280 · 1000 + 1000 = {1280 * 1000 + 1000:>9,}")
print(f"comes:   1280 · 5 + 5       = {1280 * 5 + 5:>9,}")
print(f"by hand: {total - (1280 * 1000 + 1000) + (1280 * 5 + 5):,}, counted: {with_five:,}")
print(f"your prediction: {predicted_total or 'none'}")

# %% [markdown]
# The network has lost 27 % of its parameters, and none that saw an edge or a texture: the backbone is as large as before, and only the head's size follows the number of classes. Papers that give "the" size of a network usually mean the one with a thousand classes.

# %% [markdown]
# ## What a trainable parameter costs
#
# A float32 number takes 4 bytes. A frozen parameter costs these 4. A trainable one also needs
#
# - its **gradient** after `backward()`: 4 bytes;
# - what the optimizer keeps about it: plain SGD nothing, SGD with momentum 4 bytes, **Adam** and AdamW 8, for the running means of the gradient and of its square (the two *moments*).
#
# So with Adam a trainable parameter costs four times what a frozen one does: 16 bytes instead of 4.
#
# We predict it for our five choices, then take one real training step for each and measure. The next cells bring the photographs, the training step of lesson 1, and the five choices. The photographs have 64 × 64 pixels in this lesson, which keeps the training short; the number of parameters does not change with it. "Last stage" means stage 7 together with the last convolution after it.

# %% tags=["recorded"]
cells = lab.load_solar_cells(size=64)


# %% tags=["recorded"]
def training_step(model, images, labels, optimizer):
    """One update: the step of lesson 1."""
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% tags=["recorded"]
def parameters_to_train(model, choice):
    """The chosen parameters, by name."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    parts = {
        "head": [model.classifier],
        "stage 3 and head": [model.blocks[2], model.classifier],
        "BatchNorm and head": [*norms, model.classifier],
        "last stage and head": [model.blocks[6], model.conv_head, model.bn2, model.classifier],
        "everything": [model],
    }
    return [parameter for part in parts[choice] for parameter in part.parameters()]


# %% tags=["recorded"]
CHOICES = ["head", "stage 3 and head", "BatchNorm and head", "last stage and head", "everything"]


def network_for(choice, seed=0):
    """A pretrained network with a new head, of which only the chosen parameters train."""
    lab.seed_everything(seed)
    model = lab.load_backbone(num_classes=2, pretrained=True)
    model.requires_grad_(False)
    for parameter in parameters_to_train(model, choice):
        parameter.requires_grad = True
    return model.to(lab.device())


# %%
def one_step(choice):
    """A network after one AdamW step on 32 photographs, its optimizer and what it trained."""
    model = network_for(choice)
    chosen = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(chosen)
    images, labels = next(iter(lab.Batches(cells, np.arange(32), steps=1)))
    training_step(model, images.to(lab.device()), labels.to(lab.device()), optimizer)
    return model, optimizer, chosen


# %%
memory = {}
print("bytes                      gradients                  optimizer")
print("                        predicted   measured    predicted   measured")
for choice in CHOICES:
    model, optimizer, chosen = one_step(choice)
    count = sum(parameter.numel() for parameter in chosen)
    gradients = round(lab.memory.gradients(model) * 1e6)
    state = round(lab.memory.optimizer_state(optimizer) * 1e6)
    told = f"{choice:21} {4 * count:>11,} {gradients:>10,}  {8 * count:>11,} {state:>10,}"
    print(f"{told}   {state - 8 * count} more, {len(chosen)} tensors")
    images = torch.zeros(32, 3, 64, 64, device=lab.device())
    memory[choice] = (gradients + state) / 1e6, lab.memory.stored_activations(model, images)

# %% [markdown]
# The gradients agree to the byte. The optimizer holds a little more than its moments: Adam counts the steps, once for each parameter *tensor*, in a number of 4 bytes. Training everything makes 149 of them, 596 bytes beside 27 million. It is the one place where the number of tensors matters.
#
# What is often the largest part of the bill has not been counted yet. For the backward pass PyTorch keeps the layers' inputs, the *activations* of lesson 2. They grow with the batch and the size of the images, and they do not follow from the number of parameters at all. The loop above measured them, too, for a batch of 32 images of 64 × 64 pixels:

# %% tags=["nbval-ignore-output"]
for choice, (kept, activations) in memory.items():
    print(f"{choice:20} gradients and optimizer {kept:5.1f} MB, activations {activations:6.1f} MB")

# %% [markdown]
# The BatchNorm layers are the surprise. Training their 42,016 parameters takes next to nothing in gradients and moments, and nearly as many activations as training everything: the first BatchNorm stands at the very beginning, so the gradient must travel back through the whole network.
#
# Few trainable parameters save memory if they stand *at the end*.
#
# What they save wherever they stand is storage: several tasks can share one frozen network, and each keeps only what differs.
#
# The weights themselves stay, all 13.5 MB of them, since a frozen layer still computes. Nor does the saved file become smaller, since freezing sets a flag and takes away no number. (The file is a little larger than the weights: buffers and names are in it.)

# %%
import io


def file_size(model):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    return len(file.getvalue())


model = lab.load_backbone(num_classes=2, pretrained=True)
everything_trains = file_size(model)
model.requires_grad_(False)
print(f"saved, everything trainable: {everything_trains / 1e6:.1f} MB")
print(f"saved, everything frozen:    {file_size(model) / 1e6:.1f} MB")

# %% [markdown]
# ## Exercise 3: what training costs
#
# {price} Predict the bill for any network, before any training. Return a dict with three numbers of bytes: `"weights"` for all parameters, `"gradients"`, and `"adam"` for the two moments (leave its step counters out). Not every number has 4 bytes: parts may be float16 or float64, and `parameter.element_size()` gives the bytes of one element. The network itself stays as it is: try things out on a copy.


# %% exercise="counting.training_bytes"
def training_bytes(model):
    """Return {"weights": …, "gradients": …, "adam": …}: bytes, predicted before any training."""

    ### BEGIN SOLUTION
    def bytes_of(parameters):
        return sum(parameter.numel() * parameter.element_size() for parameter in parameters)

    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return {
        "weights": bytes_of(model.parameters()),
        "gradients": bytes_of(trainable),
        "adam": 2 * bytes_of(trainable),
    }
    ### END SOLUTION


# %% check="counting.training_bytes"
check("counting.training_bytes", training_bytes)

# %% [markdown]
# ## The experiment
#
# Does accuracy grow with the number of trainable parameters? We train the five choices, from 2,562 to 3.4 million. Two of them are almost equal in number and differ in place: stage 3 stands early in the network, BatchNorm stands everywhere.
#
# **What is equal in all five:** 200 labelled cells and their order, 60 steps, AdamW, the shape of the schedule, the new head.
#
# **BatchNorm's running statistics** stay frozen with every choice, because the whole network is in eval mode. In training mode they would move in frozen layers, too, as lesson 2 showed.
#
# **What must differ:** the learning rate. A rate that suits a head may ruin a backbone. So each choice gets a rate of its own, chosen on cells that neither train nor judge.
#
# For this we cut the photographs into four quarters. The first three judge in turn, while the other two of them give the 200 labels. The fourth judges nothing but learning rates.


# %% tags=["recorded"]
quarters = dict(enumerate(cells.quarters(), start=1))


def split(judges):
    """The cells to train on and those of the quarter that judges; the fourth never trains."""
    others = [cells_of for number, cells_of in quarters.items() if number not in (judges, 4)]
    return np.concatenate(others), quarters[judges]


# %% tags=["recorded"]
def step_with_frozen_statistics(model, images, labels, optimizer):
    """The step of lesson 1, with the whole network in eval mode."""
    model.eval()
    return training_step(model, images, labels, optimizer)


def fit(model, data, indices, rate, seed, measure=None, name="training", plot=None, steps=60):
    """Train what is trainable in `model`, with AdamW and a one-cycle schedule."""
    chosen = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(chosen, lr=rate, weight_decay=0.01)
    schedule = OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.2)
    batches, step = lab.Batches(data, indices, steps, seed=seed), step_with_frozen_statistics
    return lab.train(model, optimizer, batches, step, schedule, measure, 30, name, plot)


# %% [markdown]
# We tried four or more rates for each choice, with three seeds, and kept the one with the highest *balanced* accuracy on the fourth quarter. (In plain accuracy a rate that ruins the network still gets its 69 %.) No best rate was the lowest or the highest that we tried.

# %% tags=["recorded"]
RATE = {
    "head": 3e-3,
    "stage 3 and head": 3e-3,
    "BatchNorm and head": 3e-3,
    "last stage and head": 1e-3,
    "everything": 3e-4,
}


# %%
recorded = lab.load_recorded("03_counting_parameters")
print("mean balanced accuracy of three seeds on the fourth quarter; > < marks our rate")
for choice in CHOICES:
    told = []
    for rate in recorded.settings_of("rate", choice=choice, role="choosing"):
        values = recorded.values("balanced_accuracy", choice=choice, role="choosing", rate=rate)
        left, right = "><" if rate == RATE[choice] else "  "
        told.append(f"{left}{rate:g}: {values.mean():.1%}{right}")
    print(f"{choice:20} {' '.join(told)}")

# %% [markdown]
# **Beware of one rate for all.** At 0.003, the rate of the first three choices, "everything" calls every cell good: 50 % of balanced accuracy. A chart drawn at this one rate would seem to show that training everything is bad. It would show only that this rate is too high for it here, with frozen statistics. In lesson 1 everything trained well at 0.003, with statistics that moved along. At 0.0003 it would seem to show the opposite: there the head has 66.5 % and everything 74.2 %.


# %% tags=["recorded"]
def run(choice, judges=1, seed=0, steps=60, plot=None):
    """Train the chosen parameters on 200 labels; a quarter judges."""
    train_on, judging = split(judges)
    few = cells.few_labels(train_on, 200, seed)
    measure = lambda model: lab.evaluate(model, cells, judging)
    model = network_for(choice, seed)
    return fit(model, cells, few, RATE[choice], seed, measure, choice, plot, steps)


# %% [markdown]
# Your own runs are live, one seed each: first the 44,578 parameters of "BatchNorm and head", then the 1,020,162 of "last stage and head". **Predict:** which of the two takes longer? (The results are kept beside the notebook, so that a restarted kernel need not train again.)

# %% tags=["nbval-ignore-output"]
baseline = cells.majority_baseline(quarters[1])
live_plot = lab.LivePlot(baseline)
norms_trained = lab.checkpoint("batchnorm", run, "BatchNorm and head", plot=live_plot)
live_plot.finish()

# %% tags=["nbval-ignore-output"]
live_plot = lab.LivePlot(baseline)
last_trained = lab.checkpoint("last_stage", run, "last stage and head", plot=live_plot)
live_plot.finish()

# %% tags=["nbval-ignore-output"]
for history in (norms_trained, last_trained):
    print(f"{history.name:>20}: {history.final}, {history.seconds[-1]:.1f} s of training")

# %% [markdown]
# On our two cores the *fewer* parameters take longer, 5.1 against 3.3 seconds: their gradient goes back through the whole network at every step, as we saw in the activations. On a GPU the difference may vanish.
#
# One run of each says little about accuracy. We ran the same functions beforehand for all five choices with twelve seeds, four on each of the three quarters. A seed decides the 200 labelled cells, their order and the new head.
#
# These **recorded** runs are the faint points, the upright lines their means, your runs the large marks, and your predictions the stars. The rows stand in the order of their number of trainable parameters.

# %% tags=["nbval-ignore-output"]
reached = {choice: recorded.values("accuracy", choice=choice, role="arm") for choice in CHOICES}
live = {history.name: history.final.accuracy for history in (norms_trained, last_trained)}
lab.accuracy_by_arm(reached, baseline, live, predicted, "Held-out accuracy by what trains")

# %%
balanced = {c: recorded.values("balanced_accuracy", choice=c, role="arm") for c in CHOICES}
for choice in CHOICES:
    count = recorded.values("parameters", choice=choice, role="arm")[0]
    values, fair = reached[choice], balanced[choice]
    print(
        f"{count:>9,}  {choice:20} "
        f"accuracy {values.mean():.1%} ({values.min():.1%} to {values.max():.1%}), "
        f"balanced {fair.mean():.1%} ({fair.min():.1%} to {fair.max():.1%})"
    )

# %% [markdown]
# In the brackets stand the lowest and the highest run. They say how far runs scatter, and not how sure the difference of two rows is. For this we take the differences seed by seed, with the 95 % interval of lesson 1. It says what new seeds may change; lesson 5 asks what new cells may change.

# %%
from scipy import stats


def gain(more, fewer):
    """Print how far the first choice lies above the second, in points, with the 95 % interval."""
    print(f"{more} minus {fewer}")
    for name, values in (("accuracy", reached), ("balanced accuracy", balanced)):
        gaps = 100 * (values[more] - values[fewer])
        low, high = stats.ttest_1samp(gaps, 0).confidence_interval(0.95)
        print(f"    {name:17} {gaps.mean():+.1f} ({low:+.1f} to {high:+.1f})")


for choice in CHOICES[1:]:
    gain(choice, "head")

# %% [markdown]
# 1. **Every choice learns.** All sixty runs lie at least six points above the majority baseline.
# 2. **In accuracy the number makes no difference that we could see.** "Everything" trains 1,317 times as many parameters as the head alone and gains 0.3 points (−0.9 to +1.4). All four intervals lie within two points of zero.
# 3. **In balanced accuracy, too, all four are open.**
# 4. **The ranking of the cells by their scores may gain a little.** Lesson 5 brings a measure that asks only whether defective cells get higher scores than good ones. By it "everything" gains 1.1 points (0.2 to 1.9), and BatchNorm with its 44,578 parameters gains 1.0 (0.3 to 1.8): as much, from 76 times fewer. Stage 3 and the last stage are open.
# 5. **All this is said of 200 labels, 60 steps and frozen statistics.** Lesson 5 asks again with all labels and more steps.
#
# ### Place
#
# So far number and place changed together. Two choices have the same number in different places: 44,578 parameters in BatchNorm and head, 42,274 in stage 3 and head. And from BatchNorm to the last stage the number grows 23 times. **Before you run the cell:** which of these differences will be clear?

# %%
gain("BatchNorm and head", "stage 3 and head")
gain("last stage and head", "BatchNorm and head")

# %% [markdown]
# In accuracy both are open. In balanced accuracy BatchNorm is ahead both times: by 2.5 points (0.5 to 4.5) of as many parameters in stage 3, and by 1.3 points (0.5 to 2.0) of 23 times as many in the last stage.
#
# How sure is that? We have looked at sixteen intervals by now, four of them in point 4, and about one in twenty misses by chance. So take it for a hint that the place may matter where the number does not, and not for a law.
#
# ### What the number leaves out
#
# A number of trainable parameters says nothing about
#
# - **where** in the network something may change;
# - **how fast**: each choice needed a rate of its own;
# - **what moves without being trained**: in lesson 2 a head lost accuracy because BatchNorm's statistics moved, with the same two tensors training.
#
# Who wants to test the number alone trains equally many parameters in many places, and different numbers in one place.

# %% [markdown]
# ## Exercise 4: find the bug
#
# {price} A colleague's function freezes a network, gives it a new linear head, and reports two numbers: how many parameters there are, and how many train. It raises nothing, and the model, the total and the trainable number that it returns are **all three wrong**. Repair it in place.
#
# `head_name` names a linear layer, maybe one inside another module, such as `"readout.1"`. In the end the head alone is trainable, and everything outside it is as it was but for its flags. Shared weights count once. The head earns two points, each number one.


# %% exercise="counting.find_the_bug"
def new_head_report(model, head_name, num_classes):
    """Freeze `model` under a new head of `num_classes` outputs; return model, total, trainable."""
    ### BEGIN SOLUTION
    for parameter in model.parameters():
        parameter.requires_grad = False
    head = nn.Linear(model.get_submodule(head_name).in_features, num_classes)
    model.set_submodule(head_name, head)
    total = sum(p.numel() for p in model.parameters())
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return model, total, trainable
    ### END SOLUTION
    ### BEGIN RELEASE
    # for parameter in model.parameters():
    #     parameter.requires_grad = False
    # head = model.get_submodule(head_name)
    # head.out_features = num_classes
    # for parameter in head.parameters():
    #     parameter.requires_grad = True
    # total = sum(tensor.numel() for tensor in model.state_dict().values())
    # trainable = sum(parameter.requires_grad for parameter in model.parameters())
    # return model, total, trainable
    ### END RELEASE


# %% check="counting.find_the_bug"
check("counting.find_the_bug", new_head_report)

# %% [markdown]
# ## Quiz

# %% quiz="counting.quiz"

# %% [markdown]
# ## Beside the paper
#
# Frankle, Schwab and Morcos (2021, [arXiv 2003.00152](https://arxiv.org/abs/2003.00152)) trained **only the BatchNorm layers** of networks whose other weights stayed *random*. Deep ResNets reached 82 % on the ten classes of CIFAR-10 that way, and 32 % on ImageNet when five guesses were allowed. Training equally many parameters, chosen at random elsewhere in the network, gave far less.
#
# Our third row trains BatchNorm and a head, 1.3 % of the network's parameters, and reaches **80.4 %** on two classes, of which the majority baseline gives 69 % for nothing. The numbers cannot be compared: other tasks, other networks, far more training there, and pretrained weights here.
#
# They drew as many parameters at random from all over the network; we have one other place, stage 3. There the place was decisive; here it is a hint.
#
# Nearer to our case are Mudrakarta and others (2019, [arXiv 1810.10703](https://arxiv.org/abs/1810.10703)). They keep one pretrained network for several tasks, and store for each task only a small *patch*, such as the scales and shifts.

# %% [markdown]
# ## Takeaways
#
# - Parameters follow from shapes: count by hand, let `numel()` check. Count elements and not tensors, shared ones once, buffers apart.
# - With Adam a frozen float32 parameter costs 4 bytes and a trainable one 16. Activations often cost more than all of these, and depend on where the first trainable layer stands. The file stays as it is.
# - The number of trainable parameters is a poor ruler for accuracy. With 200 labels and 60 steps, 2,562 and 3.4 million came out within two points, each at its own rate.
# - At one rate for all, the number would have looked harmful (at 0.003) or helpful (at 0.0003). Choose the rate for each arm, on cells that neither train nor judge.
#
# **Stretch.** A convolution's work is its weights times the places of its output map. Register a forward hook on every `nn.Conv2d`, add up this product by stage for one image, and draw it with `lab.bars` beside the parameters by stage. Which stage works most? Save the notebook when you are done: it is what your instructor receives.
#
# Go on with [lesson 4: learning rates](../04_learning_rates/lesson.ipynb).
