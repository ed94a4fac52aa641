"""What is recorded of a training, and what is not taken for something else."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.exercises.kit.batches import KnownBatches, random_batches
from grader.exercises.kit.condition import condition
from grader.exercises.kit.networks import network, network_spec
from grader.exercises.kit.training_facts import TrainingFacts
from grader.exercises.kit.training_watch import Step, TrainingWatch


@pytest.fixture
def watched():
    """A network in eval mode, three batches, and the watch on it."""
    spec = network_spec(np.random.default_rng(1), nested=True)
    model, batches = network(spec).eval(), random_batches(spec, 2, 3)
    watch = TrainingWatch(model, KnownBatches({"train": batches}))
    return model, model.get_submodule(spec["head"]), batches, watch


def train(model, batches, optimizer):
    for images, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()


def steps_of(watch):
    return [Step.model_validate(step) for step in watch.steps]


def test_a_copied_model_reports_to_the_same_watch(watched):
    model, _, batches, watch = watched
    with watch:
        twin = copy.deepcopy(model)
        assert condition(twin, watch.hooks)["hooked"] == []
        train(twin, batches, torch.optim.SGD(twin.parameters(), lr=0.1))
    assert watch.on_a_copy
    assert [step.gradient for step in steps_of(watch)] == ["right"] * 3


def test_gradients_that_pile_up_on_what_the_optimizer_does_not_hold_do_no_harm(watched):
    model, head, batches, watch = watched
    with watch:
        train(model, batches, torch.optim.SGD(head.parameters(), lr=0.1))
    assert [step.gradient for step in steps_of(watch)] == ["right"] * 3


def test_gradients_that_pile_up_on_what_it_holds_are_seen(watched):
    model, head, batches, watch = watched
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    with watch:
        for images, labels in batches:
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
    assert [step.gradient for step in steps_of(watch)] == ["right", "piled up", "piled up"]


def test_steps_are_compared_with_the_reference_on_the_same_batch(watched):
    model, head, batches, watch = watched
    with watch:
        train(model, batches, torch.optim.SGD(head.parameters(), lr=0.1))
    wanted = steps_of(watch)
    pairs = TrainingFacts([wanted[2], wanted[0]], wanted).pairs
    assert [(got.batch, want.batch) for got, want in pairs] == [("train 2",) * 2, ("train 0",) * 2]


def test_a_step_without_a_forward_pass_has_no_mode(watched):
    model, head, batches, watch = watched
    with watch:
        train(model.train(), batches, torch.optim.SGD(head.parameters(), lr=0.1))
    wanted = steps_of(watch)
    cached = [step.model_copy(update={"batch": "", "forwards": 0, "training": []}) for step in wanted]
    facts = TrainingFacts(cached, wanted)
    assert len(facts.pairs) == 3
    assert facts.wrong_mode is None


def test_two_optimizers_that_share_the_parameters_make_one_step(watched):
    model, head, batches, watch = watched
    rest = [p for p in model.parameters() if all(p is not own for own in head.parameters())]
    both = [torch.optim.SGD(head.parameters(), lr=0.1), torch.optim.SGD(rest, lr=0.01)]
    with watch:
        for images, labels in batches:
            model.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            for optimizer in both:
                optimizer.step()
    facts = TrainingFacts(steps_of(watch), [])
    assert facts.batches == ["train 0", "train 1", "train 2"]
    assert facts.gradient == "right"
