"""PyTorch's global settings that an answer left switched: a side effect like any other."""

from grader.exercises.kit.side_effects import PRICE
from grader.exercises.machine.clean_settings import default_device
from grader.exercises.machine.mistakes import Mistake


def reset_settings() -> list[str]:
    """What an answer switched for the whole program, in words; gradients, dtype and device are set back.

    Every check begins with the settings of ``grader.exercises.machine.clean_settings``, and compares with them.
    """
    import torch

    changed = {
        "gradients are switched off": not torch.is_grad_enabled(),
        "inference mode is on": torch.is_inference_mode_enabled(),
        f"the default dtype is {torch.get_default_dtype()}": torch.get_default_dtype() != torch.float32,
        f"the default device is {default_device()}": default_device().type != "cpu",
        "autocast is on": torch.is_autocast_enabled("cpu"),
    }
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    if default_device().type != "cpu":
        torch.set_default_device(None)
    return [setting for setting, is_changed in changed.items() if is_changed]


# For a table of side effects, on facts with an attribute ``changed_settings``.
SETTINGS_CHANGED = Mistake(
    "settings-changed",
    lambda facts: facts.changed_settings,
    "After the function has ended, {1[0]} for the whole program.",
    "Use such a setting as `with …:`, which puts it back at the end.",
    costs=PRICE,
)
