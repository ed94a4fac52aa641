"""Wrong and right answers to the exercises of the capstone: every mistake is refused by its name."""

import math
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from grader import lab
from grader.exercises import try_answer
from grader.exercises.lesson_06_capstone.inspector import held_out_cells

# ---------------------------------------------------------------- the inspector
# No network is trained here: the stand-ins know the photographs, and err as often as they are told to.

CHALLENGE = {"size": 300, "split": "stratified", "order_seed": 0}


@cache
def known_cells():
    """Labels of the held-out cells by their photograph's bytes, and a number of each within its class."""
    cells, held_out = held_out_cells(CHALLENGE)
    labels = cells.defective[held_out]
    ranks = np.empty(len(held_out))
    for kind in (0, 1):
        ranks[labels == kind] = np.arange((labels == kind).sum()) / (labels == kind).sum()
    return {
        cells.images[index].tobytes(): (int(label), float(rank))
        for index, label, rank in zip(held_out, labels, ranks, strict=True)
    }


def guesses(photographs, good=0.92, defective=0.78):
    """Classes, right on these shares of the good and of the defective cells."""
    found = []
    for photograph in photographs.numpy():
        label, rank = known_cells()[photograph.tobytes()]
        found.append(label if rank < (good, defective)[label] else 1 - label)
    return torch.tensor(found)


def logits_of(classes, size=2.0):
    logits = torch.full((len(classes), 2), -size)
    logits[torch.arange(len(classes)), classes] = size
    return logits


def inspector(good, defective, then=lambda logits, photographs: logits):
    def inspect(photographs):
        before = photographs.clone()
        return then(logits_of(guesses(before, good, defective)), photographs)

    return inspect


def probabilities(logits, photographs):
    return logits.softmax(dim=1)


def as_array(logits, photographs):
    return logits.double().numpy()


def on_one_side_of_a_threshold(logits, photographs):
    return logits * 1e-3 + 100


def rounded_to_bfloat16(logits, photographs):
    return logits.bfloat16()


class WholeModel(nn.Module):
    """A model object that takes the raw photographs itself."""

    def forward(self, photographs):
        return logits_of(guesses(photographs, 0.95, 0.75))


GOOD_INSPECTORS = {
    "logits": inspector(0.92, 0.78),
    "probabilities": inspector(0.92, 0.78, probabilities),
    "array": inspector(0.92, 0.78, as_array),
    "small differences": inspector(0.95, 0.73, on_one_side_of_a_threshold),
    "bfloat16": inspector(0.9, 0.85, rounded_to_bfloat16),
    "model object": WholeModel(),
}


@pytest.mark.parametrize("name", GOOD_INSPECTORS)
def test_good_inspectors_get_full_points(name):
    verdict = try_answer("capstone.inspector", GOOD_INSPECTORS[name])
    assert verdict.passed, verdict
    assert "95 % interval" in verdict.findings[0].text


def test_the_interval_and_the_baseline_are_told():
    verdict = try_answer("capstone.inspector", inspector(0.9, 0.8))
    assert "Accuracy 86.9%" in verdict.findings[0].text
    assert "84.1% to 89.3%" in verdict.findings[0].text
    assert "68.8%" in verdict.findings[0].text


@pytest.mark.parametrize(
    ("good", "defective", "points"),
    [
        (0.90, 0.80, 10.0),  # 86.9 % rounds to full points; balanced accuracy is above its mark
        (0.86, 0.70, 7.4),
        (0.80, 0.60, 3.4),
        (0.95, 0.30, 1.9),
        (0.72, 0.70, 2.9),
        (0.60, 0.60, 0.0),
    ],
)
def test_points_rise_with_both_accuracies(good, defective, points):
    verdict = try_answer("capstone.inspector", inspector(good, defective))
    assert verdict.points == pytest.approx(points, abs=0.15), verdict


def test_what_would_bring_more_points_is_told():
    timid = try_answer("capstone.inspector", inspector(0.97, 0.5))
    assert "weigh the defective ones more" in timid.findings[-1].hint
    nervous = try_answer("capstone.inspector", inspector(0.75, 0.95))
    assert "raises the alarm too often" in nervous.findings[-1].hint
    even = try_answer("capstone.inspector", inspector(0.8, 0.8))
    assert "exactly as in training" in even.findings[-1].hint
    assert "Accuracy brings" in even.findings[-1].text


def with_dropout(logits, photographs):
    return nn.functional.dropout(logits, 0.5, training=True)


def in_training_mode(logits, photographs):
    return nn.BatchNorm1d(2).train()(logits).detach()


def by_their_batch(logits, photographs):
    return logits + photographs.float().mean() / 10


def by_their_place(logits, photographs):
    return logits + torch.linspace(0, 1, len(logits))[:, None]


def squeezed(logits, photographs):
    return logits.squeeze()


def overwritten(logits, photographs):
    photographs.copy_(255 - photographs)
    return logits


def with_gradient(logits, photographs):
    return logits * torch.ones(2, requires_grad=True)


def sometimes_nan(logits, photographs):
    logits[photographs.float().mean(dim=(1, 2)) > 150] = torch.nan
    return logits


def infinite(logits, photographs):
    return logits * torch.inf


# name: (answer, least points, most points, words of a finding)
BAD_INSPECTORS = {
    "always good": (lambda x: torch.tensor([[1.0, 0.0]]).repeat(len(x), 1), 0, 0, "same logits"),
    "always defective": (lambda x: torch.tensor([[0.0, 1.0]]).repeat(len(x), 1), 0, 0, "called defective"),
    "never sure enough": (
        inspector(0.9, 0.9, lambda logits, x: logits + torch.tensor([9.0, 0.0])),
        0,
        0,
        "one class only",
    ),
    "columns swapped": (inspector(0.9, 0.8, lambda logits, x: logits.flip(1)), 0, 0, "wrong way round"),
    "below the baseline": (inspector(0.65, 0.6), 0, 0.6, "not above the majority baseline"),
    "dropout": (inspector(0.92, 0.82, with_dropout), 0, 5, "something random"),
    "batch statistics": (inspector(0.92, 0.82, in_training_mode), 0, 5, "to compare with"),
    "own mean": (inspector(0.92, 0.82, by_their_batch), 5, 5, "depend on the other photographs"),
    "by place": (inspector(0.92, 0.82, by_their_place), 5, 5, "depend on the other photographs"),
    "own mean, hidden": (
        inspector(0.92, 0.82, lambda logits, x: by_their_batch(logits, x) / 100 + 50),
        5,
        5,
        "depend on the other photographs",
    ),
    "squeezed": (inspector(0.92, 0.82, squeezed), 5, 5, "another shape than"),
    "changes its input": (inspector(0.92, 0.82, overwritten), 9, 9, "changed the photographs"),
    "gradient": (inspector(0.92, 0.82, with_gradient), 9, 9, "computation graph"),
    "both slips": (
        inspector(0.92, 0.82, lambda logits, x: with_gradient(overwritten(logits, x), x)),
        8,
        8,
        "computation graph",
    ),
    "nan": (inspector(0.92, 0.82, sometimes_nan), 0, 0, "not finite"),
    "infinite": (inspector(0.92, 0.82, infinite), 0, 0, "not finite"),
    "classes": (guesses, 0, 0, "these are classes"),
    "one output": (inspector(0.92, 0.82, lambda logits, x: logits[:, 1:]), 0, 0, "one output a photograph"),
    "one number": (inspector(0.92, 0.82, lambda logits, x: logits[:, 1]), 0, 0, "one output a photograph"),
    "old head": (lambda x: torch.zeros(len(x), 1000), 0, 0, "1000 outputs"),
    "transposed": (inspector(0.92, 0.82, lambda logits, x: logits.T), 0, 0, "exchanged"),
    "first only": (inspector(0.92, 0.82, lambda logits, x: logits[:1]), 0, 0, "a row of two logits"),
    "list": (inspector(0.92, 0.82, lambda logits, x: logits.tolist()), 0, 0, "type list"),
    "nothing": (lambda x: None, 0, 0, "returned nothing"),
    "meta": (inspector(0.92, 0.82, lambda logits, x: logits.to("meta")), 0, 0, "meta"),
    "complex": (inspector(0.92, 0.82, lambda logits, x: logits.to(torch.complex64)), 0, 0, "complex"),
    "trained network as it is": (nn.Sequential(nn.Conv2d(3, 2, 3)), 0, 0, "does not take uint8"),
    "module without forward": (nn.Module(), 0, 0, "does not take uint8"),
    "too many arguments": (lambda x, y: x, 0, 0, "TypeError"),
    "no function": (torch.zeros(656, 2), 0, 0, "takes a function"),
    "leaked": (inspector(1.0, 0.99), 10, 10, "among those that you trained on"),
}


@pytest.mark.parametrize("name", BAD_INSPECTORS)
def test_bad_inspectors_are_named(name):
    answer, least, most, words = BAD_INSPECTORS[name]
    verdict = try_answer("capstone.inspector", answer)
    assert least <= verdict.points <= most, verdict
    assert any(words in finding.text for finding in verdict.findings), verdict


class Small(nn.Module):
    """An untrained network that is told what it sees by the stand-in: only its modes matter."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(1)
        self.norm.running_mean += 0.4
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(25, 2))

    def forward(self, photographs):
        small = nn.functional.adaptive_avg_pool2d(photographs[:, None].float() / 255, 5)
        return self.head(self.norm(small))


def test_a_network_in_training_mode_is_told_from_one_in_eval_mode():
    torch.manual_seed(0)
    network = Small()
    words = "dropout that is still on"
    training = try_answer("capstone.inspector", network.train())
    assert any(words in finding.text for finding in training.findings), training
    network.head[1].eval()  # what is left is BatchNorm
    halfway = try_answer("capstone.inspector", network)
    assert any("BatchNorm is in training mode" in finding.text for finding in halfway.findings), halfway
    with torch.inference_mode():
        still = try_answer("capstone.inspector", network.eval())
    assert not any("eval()" in finding.hint for finding in still.findings), still


def test_a_result_that_has_the_wrong_form_only_the_second_time():
    calls = []

    def inspect(photographs):
        calls.append(len(photographs))
        return logits_of(guesses(photographs)) if len(calls) <= 11 else None

    verdict = try_answer("capstone.inspector", inspect)
    assert not verdict.passed


def test_the_held_out_cells_are_asked_in_an_order_of_their_own():
    cells, asked = held_out_cells({**CHALLENGE, "order_seed": 1})
    held_out = cells.split("stratified")[1]
    assert sorted(asked.tolist()) == held_out.tolist()
    assert asked.tolist() != held_out.tolist()
    assert lab.load_solar_cells(size=300).majority_baseline(asked) == pytest.approx(0.6875)


# ---------------------------------------------------------------- the model card

CARD = {
    "task": "Tells defective solar cells from good ones in their photographs, for an engineer to look at.",
    "data": "The ELPV data set: 2,624 grey photographs, cut from 44 modules, labelled by experts.",
    "split": "656 cells, drawn at random, were held out and never used to choose anything.",
    "accuracy": 0.8765,
    "interval": (0.849, 0.8995),
    "balanced_accuracy": 0.842,
    "baseline": 0.6875,
    "limits": "It misses every fourth defective cell and has never seen another camera or factory.",
    "leak_warning": "Cells of one module may stand on both sides: expect less on a new module.",
    "licence": "The photographs are CC BY-NC-SA 4.0: this model is not for commercial use.",
}
ANOTHER = {
    "task": "Gegeben ein Foto einer Solarzelle: ist die Zelle defekt oder in Ordnung?",
    "data": "Buerhop-Lutz et al. 2018, three quarters of it for training, with soft labels.",
    "split": "The test cells were put aside; epochs were chosen on a quarter of the training cells.",
    "accuracy": np.float32(0.80),
    "interval": torch.tensor([0.77, 0.83]),
    "balanced_accuracy": torch.tensor(0.76),
    "baseline": np.float64(0.69),
    "limits": "We do not know how it does under other currents, and a scratch may be taken for a crack.",
    "leak_warning": "A random split shares the 44 modules, so that we cannot rule out a leak.",
    "license": "Non-commercial (photographs: CC BY-NC-SA).",
}


@pytest.mark.parametrize(
    "card", [CARD, ANOTHER, {**CARD, "contact": "us"}], ids=["first", "second", "more keys"]
)
def test_right_cards_pass(card):
    verdict = try_answer("capstone.model_card", card)
    assert verdict.passed, verdict


def test_an_empty_template_gets_nothing():
    verdict = try_answer("capstone.model_card", dict.fromkeys(CARD))
    assert verdict.points == 0
    assert sum("is not filled in yet" in finding.text for finding in verdict.findings) == 10


# name: (changed fields, words)
WRONG_CARDS = {
    "percent": ({"accuracy": 87.65}, "that is percent"),
    "interval in percent": ({"interval": (84.9, 89.95)}, "that is percent"),
    "balanced in percent": ({"balanced_accuracy": 84.2}, "that is percent"),
    "baseline in percent": ({"baseline": 68.75}, "that is percent"),
    "all cells": ({"interval": (0.863, 0.888)}, "too narrow for 656"),
    "one standard error": ({"interval": (0.8637, 0.8893)}, "too narrow for 656"),
    "100 cells": ({"interval": (0.797, 0.927)}, "too wide for 656"),
    "moved": ({"interval": (0.8765, 0.926)}, "is not the 95 % interval"),
    "outside": ({"interval": (0.70, 0.75)}, "outside its own interval"),
    "swapped": ({"interval": (0.8995, 0.849)}, "wrong order"),
    "half width": ({"interval": 0.025}, "pair of numbers"),
    "interval as text": ({"interval": "84.9 to 89.9 %"}, "pair of numbers"),
    "nan": ({"accuracy": math.nan}, "must be a number"),
    "number as text": ({"accuracy": "87.65 %"}, "must be a number"),
    "truth": ({"accuracy": True}, "must be a number"),
    "negative": ({"accuracy": -0.1}, "no fraction"),
    "baseline one half": ({"baseline": 0.5}, "as many defective cells as good ones"),
    "minority": ({"baseline": 0.3125}, "share of defective cells"),
    "other baseline": ({"baseline": 0.72}, "is not 0.72"),
    "balanced of nothing": ({"balanced_accuracy": 0.5}, "cannot belong to an accuracy"),
    "balanced too good": ({"balanced_accuracy": 0.95}, "cannot belong to an accuracy"),
    "empty leak": ({"leak_warning": ""}, "is not filled in yet"),
    "no leak": (
        {"leak_warning": "There is no leak in our data since all the cells are different."},
        "nothing leaks",
    ),
    "leak without modules": (
        {"leak_warning": "The number may be a little too good, since photographs look alike."},
        "does not speak of modules",
    ),
    "modules only": (
        {"leak_warning": "These cells come out of modules, which is worth knowing for you."},
        "names modules, but not what is wrong",
    ),
    "too many modules": (
        {"leak_warning": "Cells of the 2,624 modules may stand on both sides of the split."},
        "the data set has 44",
    ),
    "no limits": (
        {"limits": "There are no known limits: this works on any photograph you like."},
        "claims that there are none",
    ),
    "short limits": ({"limits": "none known"}, "says too little"),
    "stuffed": ({"task": "cell cell cell cell cell cell cell cell cell"}, "says too little"),
    "commercial": (
        {"licence": "MIT: commercial use is allowed, do what you want."},
        "commercial use is excluded",
    ),
    "contradiction": (
        {"licence": "CC BY-NC-SA, and commercial use is allowed."},
        "commercial use is excluded",
    ),
    "split unsaid": (
        {"split": "We cut the data into three quarters and one quarter at random."},
        "kept apart",
    ),
    "chosen on held-out": (
        {"split": "656 cells were held out; the learning rate was chosen on the held-out cells."},
        "helped to choose the recipe",
    ),
    "which data": (
        {"data": "Some photographs that somebody had made and that were lying around."},
        "which photographs",
    ),
    "same words": ({"data": CARD["task"]}, "repeats the words"),
    "list of words": ({"task": CARD["task"].split()}, "sentence in quotes"),
    "number for a text": ({"limits": 3}, "sentence in quotes"),
}


@pytest.mark.parametrize("name", WRONG_CARDS)
def test_wrong_cards_are_named(name):
    changed, words = WRONG_CARDS[name]
    verdict = try_answer("capstone.model_card", {**CARD, **changed})
    assert verdict.points < verdict.max_points, verdict
    assert any(words in finding.text for finding in verdict.findings), verdict


def test_a_field_costs_its_share():
    assert try_answer("capstone.model_card", {**CARD, "baseline": 0.5}).points == pytest.approx(5.4)
    missing = {name: value for name, value in CARD.items() if name != "leak_warning"}
    verdict = try_answer("capstone.model_card", missing)
    assert verdict.points == pytest.approx(5.4)
    assert any("`leak_warning` is missing" in finding.text for finding in verdict.findings)


def test_a_card_is_a_dict():
    verdict = try_answer("capstone.model_card", list(CARD))
    assert "takes the dict of your model card" in verdict.findings[0].text
