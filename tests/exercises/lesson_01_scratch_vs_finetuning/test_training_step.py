"""Right and wrong training steps (training_steps.yaml), on the public challenge and on secret ones."""

import copy
import itertools
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn
from torch.nn import functional as F

from grader.exercises import find_exercise

pytestmark = pytest.mark.slow  # trains

ID = "scratch.training_step"
LINES = {
    "clear": "optimizer.zero_grad()",
    "loss": "loss = F.cross_entropy(model(images), labels)",
    "backward": "loss.backward()",
    "step": "optimizer.step()",
    "return": "return loss.item()",
}


def written(body):
    """A training step of these lines."""
    lines = textwrap.indent("\n".join(LINES.get(line, line) for line in body), "    ")
    namespace = {"torch": torch, "nn": nn, "F": F, "np": np, "copy": copy, "STATE": {}}
    exec(f"def training_step(model, images, labels, optimizer):\n{lines}", namespace)
    return namespace["training_step"]


ANSWERS = yaml.safe_load(Path(__file__).with_name("training_steps.yaml").read_text(encoding="utf-8"))
RIGHT = {name: written(body) for name, body in ANSWERS["right"].items()}
WRONG = {name: written(answer["body"]) for name, answer in ANSWERS["wrong"].items()}
SEED_OF = dict(zip(WRONG, itertools.cycle([None, 101, 102])))  # one challenge an answer, to save time


@pytest.mark.parametrize("name", RIGHT)
def test_right_steps_pass(name, graded):
    for seed in (None, 101):
        verdict = graded(ID, RIGHT[name], seed)
        assert verdict.passed, verdict


@pytest.mark.parametrize("name", WRONG)
def test_wrong_steps_are_named_and_cost_the_same(name, graded):
    verdict = graded(ID, WRONG[name], SEED_OF[name])
    assert ANSWERS["wrong"][name]["told"] in [finding.id for finding in verdict.findings], verdict
    assert verdict.points == ANSWERS["wrong"][name]["earns"], verdict


def test_old_gradients_are_not_said_to_lie_on_every_parameter(graded):
    [finding] = graded(ID, WRONG["only weights cleared"], SEED_OF["only weights cleared"]).findings
    assert "on the parameters or on some of them" in finding.text


def test_enlarged_gradients_may_come_of_a_second_backward(graded):
    [finding] = graded(ID, WRONG["two backwards"], SEED_OF["two backwards"]).findings
    assert "2 times" in finding.text
    assert "second `backward()`" in finding.text


def test_every_known_mistake_is_reached(graded):
    reached = {
        finding.id for name, answer in WRONG.items() for finding in graded(ID, answer, SEED_OF[name]).findings
    }
    unreached = [mistake.id for mistake in find_exercise(ID).mistakes if mistake.id not in reached]
    assert unreached == []


def test_an_answer_of_the_wrong_signature_is_told_its_own_line(graded):
    [finding] = graded(ID, lambda model, images, labels: 0.0, None).findings
    assert "TypeError" in finding.text
    assert "compare the call with its `def` line" in finding.hint


def test_the_order_of_step_and_backward_is_told_where_pytorch_stops(graded):
    [finding] = graded(ID, WRONG["step before backward"], SEED_OF["step before backward"]).findings
    assert "`optimizer.step()` comes after it" in finding.hint
