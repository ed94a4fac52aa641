"""Settings of PyTorch's that an answer leaves switched are named and set back."""

import pytest
import torch

from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.machine.clean_settings import clean_settings

SWITCHED = {
    "gradients are switched off": lambda: torch.set_grad_enabled(False),
    "the default dtype is torch.float64": lambda: torch.set_default_dtype(torch.float64),
    "the default device is meta": lambda: torch.set_default_device("meta"),
}


@pytest.mark.parametrize("words", SWITCHED)
def test_what_was_switched_is_named_once_and_set_back(words):
    with clean_settings():
        assert reset_settings() == []
        SWITCHED[words]()
        assert reset_settings() == [words]
        assert reset_settings() == []
