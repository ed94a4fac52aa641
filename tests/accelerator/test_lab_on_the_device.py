"""What lessons import, on the soft device: the numbers of the CPU, and models that can be trained later."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("on_the_device")]


class Photographs:
    """Sixteen random ones of two classes."""

    def __init__(self):
        self.images = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    def batch(self, indices):
        return self.images[indices]

    def labels(self, indices):
        return torch.from_numpy(indices) % 2


DATA, ALL = Photographs(), np.arange(16)


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 8 * 8, 2)
    )


def step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def trained(model, **options):
    from grader import lab

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return lab.train(model, optimizer, lab.Batches(DATA, ALL, steps=3, batch_size=8), step, **options)


def test_training_and_measuring_give_the_numbers_of_the_cpu(soft, monkeypatch):
    from grader import lab
    from grader.lab import training

    model = network().to(soft)
    there = trained(model, measure=lambda model: lab.evaluate(model, DATA, ALL))
    assert {tensor.device for tensor in model.state_dict().values()} == {soft}
    monkeypatch.setattr(training, "device", lambda: torch.device("cpu"))
    twin = network()
    here = trained(twin, measure=lambda model: lab.evaluate(model, DATA, ALL))
    assert (there.loss, there.scores) == (here.loss, here.scores)
    np.testing.assert_allclose(lab.predict(model, DATA, ALL), lab.predict(twin, DATA, ALL), rtol=1e-5)


def test_an_optimizer_from_before_the_move_is_told_instead_of_training_nothing(soft):
    from grader.errors import CourseError

    with pytest.raises(CourseError, match=r"first, then make the optimizer") as told:
        trained(network())
    assert str(told.value).count(". ") == 0  # one sentence


def test_so_is_one_of_which_only_a_part_is_left_behind(soft):
    """A head that trained alone lies on the device; then the rest is to train with it."""
    from grader.errors import CourseError

    model = network()
    model[-1].to(soft)
    with pytest.raises(CourseError, match="does not hold the parameters"):
        trained(model)


def test_a_backbone_whose_features_were_computed_can_be_trained(soft):
    from grader import lab

    model = network()
    prefix, rest = model[:-1], model[-1:]
    with torch.inference_mode():  # whoever calls it there
        features = lab.compute_features(prefix, DATA, ALL)
    assert features.device.type == "cpu"
    assert not any(tensor.is_inference() for tensor in (features, *prefix.state_dict().values()))
    rest.to(soft)
    prefix.train()
    before = copy.deepcopy(model.state_dict())
    trained(model)
    assert all(not torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("training", [True, False])
def test_memory_is_counted_as_on_the_cpu(soft, training):
    from grader.lab import memory

    def counted(where):
        model, images = network().train(training).to(where), DATA.images.to(where)
        optimizer = torch.optim.AdamW(model.parameters())
        step(model, images, DATA.labels(ALL).to(where), optimizer)
        return (
            memory.stored_activations(model, images),
            memory.gradients(model),
            memory.optimizer_state(optimizer),
        )

    assert counted(soft) == counted("cpu")


def test_counting_activations_takes_no_random_numbers_from_the_device(soft):
    from grader.lab import memory

    model = nn.Sequential(nn.Dropout(0.5), network()).to(soft)
    torch.manual_seed(0)
    memory.stored_activations(model, DATA.images.to(soft))
    drawn = torch.rand(3, device=soft)
    torch.manual_seed(0)
    assert torch.equal(torch.rand(3, device=soft), drawn)


def test_seeding_seeds_the_device(soft):
    from grader import lab

    drawn = []
    for _ in range(2):
        lab.seed_everything(7)
        drawn.append(torch.rand(3, device=soft))
    assert torch.equal(*drawn)


def test_where_it_looks_is_where_it_looked_on_the_cpu(soft):
    from timm import create_model

    from grader import lab

    torch.manual_seed(0)
    model = create_model("tf_efficientnet_lite0", num_classes=2).eval()
    images, wanted = DATA.images[:2], torch.tensor([0, 1])
    here = lab.where_it_looks(model, images, wanted)
    there = lab.where_it_looks(model.to(soft), images.to(soft), wanted.to(soft))
    np.testing.assert_allclose(there, here, atol=1e-4)
    model(images.to(soft)).sum().backward()  # nothing in it came from inference mode
