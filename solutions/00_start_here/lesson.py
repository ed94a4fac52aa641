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
# # 0 · Start here
#
# Welcome. In this course we teach networks to see something new by starting from networks that already see. What we claim of our own networks we measure, in one of two ways; what others found is cited.
#
# - **Live:** your own runs, on your machine, while you watch. All results of this lesson are of this kind.
# - **Recorded:** from lesson 1 on, most numbers come from runs that would take you too long. We made them beforehand with the very functions of the lesson, and their results lie beside it in `recorded.json`. The text says which numbers these are.
#
# | | |
# | --- | --- |
# | **After&nbsp;this&nbsp;lesson&nbsp;you&nbsp;can** | run a lesson from top to bottom; read the verdict of a check; answer a quiz; name the pretrained network of this course and what it expects; compute a majority baseline |
# | **You need** | a little Python; no experience with PyTorch; for a word that you have forgotten, the [glossary](../glossary.md) |
# | **Time** | about 10 minutes, of which the computer works a few seconds |

# %% [markdown]
# ## How a lesson works
#
# A notebook is a column of **cells**. Select a cell and press **Shift + Enter** to run it and go on to the next; run them in order, from top to bottom. If something looks confused, choose *Kernel → Restart Kernel and Run All Cells*: nothing that you have written is lost.
#
# Is everything in place? The first cell looks at your installation and says what to do if a part is missing.

# %%
from grader.doctor import environment_report

print(environment_report())

# %% [markdown]
# Each lesson goes on by importing what it needs. PyTorch, `torch`, calculates with **tensors**: arrays of numbers with any number of dimensions.

# %%
from grader import lab  # first: it tells PyTorch's threads how to wait for each other

import torch

from grader.exercises import check
from grader.quiz import quiz

# %% [markdown]
# ## A network that already sees
#
# All lessons share one network: **EfficientNet-Lite0** (Tan and Le 2019, in the variant for small devices), trained by its authors on ImageNet's 1.3 million photographs of a thousand kinds of things. What training has found are its **weights**, also called *parameters*: the numbers with which the network computes. They came with the packages that you installed, and the first call stores them in the format that we use.

# %%
model = lab.load_backbone(pretrained=True)
model.eval()
count = sum(parameter.numel() for parameter in model.parameters())
print(f"{count:,} parameters, {model.classifier.out_features:,} classes")

# %% [markdown]
# Three photographs came with other packages, and the network was trained on none of them: a cat, a cup of coffee, a flower. **Predict:** which of them will the network name most surely?

# %%
photos = lab.sample_photos()
lab.photo_row(
    photos,
    title="Three photographs",
    alt="Three colour photographs side by side: the face of a tabby cat, a cup of coffee "
    "on a wooden table, and a single daisy-like flower.",
)

# %% [markdown]
# A network knows pixels only in the form in which it was trained. For ours: a square of 224 pixels, each channel from 0…1 moved by a mean of **0.5** and divided by a standard deviation of **0.5**, so that pixels lie between −1 and 1. `lab.preprocess` does this; mean and deviation belong to the *network*, not to your data, and they will matter again.
#
# The size is less strict: this network runs on squares of other sizes, too. Later lessons shrink photographs to between 64 and 160 pixels a side. A quarter of the pixels is about a quarter of the work, and the price is detail that is lost.
#
# The network gives one raw score for each class, a **logit**. The **softmax** turns these scores into positive numbers that add up to 1, which we read as probabilities.

# %%
names = lab.imagenet_names()
for title, photo in photos.items():
    with torch.inference_mode():
        probabilities = model(lab.preprocess(photo)).softmax(dim=1)[0]
    best = probabilities.topk(2)
    surest = zip(best.values.tolist(), best.indices.tolist(), strict=True)
    print(f"{title}: " + ", ".join(f"{names[index]} {chance:.0%}" for chance, index in surest))

# %% [markdown]
# Nobody taught this network our three photographs. The cat is shared between two breeds that look alike, while the espresso is named almost without doubt. The flower is a dahlia, for which ImageNet has no class: the network picks the nearest it knows and, fairly enough, is not sure. A network that tells breeds of cats apart has learned a great deal about edges, fur and shapes, and lesson 1 puts that knowledge to work on something it has never seen.

# %% [markdown]
# ## Exercise: the majority baseline
#
# {price} **Accuracy** is the share of answers that are right. Suppose that 69 of 100 solar cells are good. A program that answers "good" without looking is right 69 times: its accuracy of 0.69 costs nothing. We call it the **majority baseline**, and no accuracy in this course is told without it.
#
# Write a function that computes it for any labels. `labels` is a tensor of class numbers, such as `torch.tensor([0, 1, 0, 0])`; there may be two classes or many, and their numbers may have gaps. Return a fraction between 0 and 1.


# %% exercise="start.majority_baseline"
def majority_baseline(labels):
    """Accuracy, from 0 to 1, of always giving the most frequent class of `labels`."""
    ### BEGIN SOLUTION
    _, counts = labels.unique(return_counts=True)
    return counts.max().item() / len(labels)
    ### END SOLUTION


# %% [markdown]
# The next cell **checks** your function on labels that it has not seen. It tells what is wrong and gives a hint; you may try as often as you like. To begin anew, right-click your cell and choose *Reset This Answer*: what you had stays below, as a comment.
#
# One rule holds in every lesson: what a task does not ask for stays as it was. A function that leaves a model otherwise changed than the task wants loses one point for it, be it in weights or in something that a later lesson introduces. Where a number is asked for, Python's own, NumPy's and PyTorch's are all fine.

# %% check="start.majority_baseline"
check("start.majority_baseline", majority_baseline)

# %% [markdown]
# ## Quiz
#
# Each lesson ends with a quiz. Choose an answer with the mouse, or with Tab and the arrow keys or a letter: you see at once why it is right or wrong, and your choice is written into the cell below, where it is kept with the notebook. If you see no buttons here, type the letter there yourself, as in `"the-question": "C",`.

# %% quiz="start.quiz"

# %% [markdown]
# ## Takeaways
#
# - Run the cells from top to bottom; a check tells what is wrong and never stops the notebook.
# - A pretrained network wants its images prepared as in its own training: here, mean 0.5 and standard deviation 0.5.
# - An accuracy means little without the majority baseline beside it.
#
# How far are you? The panel *Lessons* in JupyterLab's left side bar lists all lessons with your points and opens them; `lab.progress()` in a cell does so, too. Both read the saved notebooks.
#
# Save the notebook (Ctrl + S, or ⌘ S) and go on with [lesson 1: from scratch or fine-tuned?](../01_scratch_vs_finetuning/lesson.ipynb)
