"""Random numbers are kept and put back; ``tests/accelerator`` does it with a device's own."""

import torch

from grader.exercises.machine.random_numbers import (
    kept_random_numbers,
    random_numbers_from,
    random_state,
    set_random_state,
)


def test_what_is_drawn_inside_is_as_if_it_had_not_been():
    torch.manual_seed(0)
    with kept_random_numbers():
        torch.rand(5)
    with random_numbers_from(3):
        inside = torch.rand(2)
    drawn = torch.rand(2)
    torch.manual_seed(0)
    assert torch.equal(torch.rand(2), drawn)
    torch.manual_seed(3)
    assert torch.equal(torch.rand(2), inside)


def test_a_state_can_be_returned_to():
    state = random_state()
    drawn = torch.rand(2)
    set_random_state(state)
    assert torch.equal(torch.rand(2), drawn)


def test_a_device_that_sleeps_is_not_woken(monkeypatch):
    """CUDA takes seconds and memory when it is first used: a check of a CPU model must not wake it."""
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: torch.device("cuda"))
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    with random_numbers_from(0):
        assert len(random_state()) == 1
    assert seeded == []
