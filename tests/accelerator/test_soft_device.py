"""The soft device does what an accelerator does, and refuses what one refuses."""

import copy
import io

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.accelerator import rules

pytestmark = pytest.mark.slow


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 2),
    )


def batch():
    numbers = torch.Generator().manual_seed(1)
    return torch.randn(6, 3, 8, 8, generator=numbers), torch.tensor([0, 1, 0, 1, 1, 0])


def losses(model, optimizer, images, labels, steps=3):
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


MIXED = {
    "an operation": lambda there, here: there + here,
    "a matrix product": lambda there, here: here @ there.T,
    "joining": lambda there, here: torch.cat([there, here]),
    "a loss": lambda there, here: F.cross_entropy(there, torch.zeros(2, dtype=torch.long)),
    "in place": lambda there, here: here.add_(there),
    "indices of the device": lambda there, here: here[torch.zeros(1, dtype=torch.long, device=there.device)],
    "a module": lambda there, here: nn.Linear(3, 3)(there),
    "asking whether equal": lambda there, here: torch.equal(there, here),
    "a number that is no operand by element": lambda there, here: torch.stack([there.sum(), here.sum()]),
}


@pytest.mark.parametrize("name", MIXED)
def test_tensors_of_two_devices_do_not_meet(soft, name):
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        MIXED[name](torch.ones(2, 3, device=soft), torch.ones(2, 3))


MEETING = {
    "a copy to the device": lambda there, here: there.copy_(here),
    "a copy from the device": lambda there, here: here.copy_(there),
    "a number of Python's": lambda there, here: there * 2.5 - 1,
    "a number of the CPU's": lambda there, here: there * torch.tensor(2.0),
    "indices of the CPU": lambda there, here: there[torch.tensor([0, 1]), 0],
    "a mask of the CPU": lambda there, here: there[here > 0],
    "a number written at indices": lambda there, here: there.index_put_(
        (torch.tensor([0]),), torch.tensor(1.0)
    ),
}


@pytest.mark.parametrize("name", MEETING)
def test_what_cuda_lets_meet_meets(soft, name):
    assert isinstance(MEETING[name](torch.ones(2, 3, device=soft), torch.ones(2, 3)), torch.Tensor)


def test_numbers_come_back_only_by_the_cpu(soft):
    there = torch.tensor([1.5, 2.5]).to(soft)
    assert there.cpu().numpy().tolist() == there.tolist() == [1.5, 2.5]
    assert there.sum().item() == float(there.sum()) == 4.0
    for read in (lambda: there.numpy(), lambda: np.asarray(there)):
        with pytest.raises(TypeError, match=r"Use Tensor\.cpu\(\)"):
            read()
    assert repr(there) == "tensor([1.5000, 2.5000], device='soft:0')"


MADE = {
    "zeros": lambda **where: torch.zeros(2, 3, **where),
    "full": lambda **where: torch.full((2,), 7.0, **where),
    "arange": lambda **where: torch.arange(1, 5, **where),
    "eye": lambda **where: torch.eye(3, **where),
    "tensor": lambda **where: torch.tensor([[1, 2], [3, 4]], **where),
    "as_tensor": lambda **where: torch.as_tensor(np.ones(3, dtype=np.float32), **where),
    "linspace": lambda **where: torch.linspace(0, 1, 4, **where),
}


@pytest.mark.parametrize("name", MADE)
def test_tensors_are_made_on_the_device(soft, name):
    there = MADE[name](device=soft)
    assert there.device == soft
    assert torch.equal(there.cpu(), MADE[name]())


def test_nothing_is_float64_as_on_mps(soft):
    with pytest.raises(TypeError, match="doesn't support float64"):
        torch.ones(2, dtype=torch.float64).to(soft)
    with pytest.raises(TypeError, match="doesn't support float64"):
        torch.ones(2, device=soft).double()
    with rules.as_on_cuda():
        assert torch.ones(2, device=soft).double().dtype == torch.float64


def test_random_numbers_are_the_devices_own(soft):
    torch.manual_seed(0)
    here, there = torch.rand(4), torch.rand(4, device=soft)
    torch.manual_seed(0)
    again = torch.rand(4, device=soft)
    assert torch.equal(again, there)
    assert torch.equal(torch.rand(4), here)  # what the device drew in between took nothing from the CPU
    assert not torch.equal(there.cpu(), here)
    with pytest.raises(RuntimeError, match="generator"):
        torch.rand(4, device=soft, generator=torch.Generator())
    with torch.random.fork_rng():
        inside = torch.rand(4, device=soft)
    assert torch.equal(torch.rand(4, device=soft), inside)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW])
def test_training_goes_as_on_the_cpu(soft, kind, memory_format):
    images, labels = batch()
    images = images.to(memory_format=memory_format)
    plain, moved = network().to(memory_format=memory_format), network().to(soft, memory_format=memory_format)
    found = losses(moved, kind(moved.parameters(), lr=0.1), images.to(soft), labels.to(soft))
    assert found == losses(plain, kind(plain.parameters(), lr=0.1), images, labels)
    for name, tensor in plain.state_dict().items():  # BatchNorm's statistics too
        assert torch.equal(moved.state_dict()[name].cpu(), tensor), name
        assert moved.state_dict()[name].stride() == tensor.stride()


def test_a_module_that_moves_gets_new_parameters_but_stays_what_it_is(soft):
    model = network()
    before = list(model.parameters())
    model(batch()[0]).sum().backward()
    model.eval()[0].requires_grad_(False)
    model.to(soft)
    after = list(model.parameters())
    assert all(isinstance(parameter, nn.Parameter) and parameter.device == soft for parameter in after)
    assert not {*map(id, before)} & {*map(id, after)}
    assert [p.requires_grad for p in after] == [p.requires_grad for p in before]
    assert all(torch.equal(new.grad.cpu(), old.grad) for new, old in zip(after, before, strict=True))
    model.to(soft)
    assert [*map(id, model.parameters())] == [*map(id, after)]  # it is there already
    assert model.cpu()[0].weight.device.type == "cpu"


def test_as_on_cuda_a_module_keeps_its_parameters(soft):
    model = network()
    before = list(model.parameters())
    with rules.as_on_cuda():
        model.to(soft)
    assert [*map(id, model.parameters())] == [*map(id, before)]
    assert before[0].device == soft


def test_what_moves_in_inference_mode_cannot_be_trained_afterwards(soft):
    model = network()
    with torch.inference_mode():
        model.to(soft)
    with pytest.raises(RuntimeError, match=r"[Ii]nference"):
        losses(model, torch.optim.SGD(model.parameters(), lr=0.1), *(one.to(soft) for one in batch()))


def test_data_can_be_replaced_and_written(soft):
    weight = nn.Linear(2, 2).to(soft).weight
    weight.data -= weight.data
    assert not weight.any()
    weight.data = torch.ones(2, 2, device=soft)
    assert (weight + 0).sum().item() == 4
    with pytest.raises(RuntimeError, match="incompatible"):
        weight.data = torch.ones(2, 2)


def test_views_and_changes_of_shape_in_place_share_their_memory(soft):
    whole = torch.zeros(2, 3, device=soft)
    whole[0].fill_(1.0)
    assert whole.sum().item() == 3
    assert whole[0].untyped_storage().data_ptr() == whole.untyped_storage().data_ptr()
    assert whole.clone().untyped_storage().data_ptr() != whole.untyped_storage().data_ptr()
    assert whole.t_().shape == (3, 2)
    assert whole.T[0].tolist() == [1.0, 1.0, 1.0]


def test_copies_and_files_hold_the_numbers_and_the_device(soft, tmp_path):
    from safetensors.torch import load_file, save_file

    model = network().to(soft)
    twin = copy.deepcopy(model)
    assert isinstance(twin[0].weight, nn.Parameter)
    with torch.no_grad():
        twin[0].weight.zero_()
    assert model[0].weight.any()

    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    for where, options in ((soft, {}), (torch.device("cpu"), {"map_location": "cpu"})):
        file.seek(0)
        stored = torch.load(file, **options)
        assert stored["0.weight"].device == where
        assert torch.equal(stored["0.weight"].cpu(), model[0].weight.cpu())

    save_file(model.state_dict(), tmp_path / "model")
    twin.load_state_dict(load_file(tmp_path / "model"))
    assert twin[0].weight.device == soft
    assert torch.equal(twin[0].weight, model[0].weight)
