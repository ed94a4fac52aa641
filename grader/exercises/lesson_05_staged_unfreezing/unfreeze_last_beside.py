"""Known mistakes in unfreezing the last stages, beside the flags: the rates, and what is left behind."""

from dataclasses import replace
from typing import Any

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.machine.mistakes import Mistake


def _rates(name: str, shows: Any, text: str, hint: str) -> Mistake:
    return Mistake(name, lambda f: f.first(lambda c: c.held is not None and shows(c)), text, hint, costs=1)


RATES = [
    _rates(
        "rates-swapped",
        lambda c: c.n and c.at(c.of_head, c.stage_rate) and c.at(c.of_stages, c.head_rate) and c.has_both,
        "The rates are swapped: the stages have `head_rate` and the head has `stage_rate`.",
        "The new head learns fast, the pretrained stages slowly.",
    ),
    _rates(
        "one-rate",
        lambda c: c.one_rate,
        "With n = {1.n}, head and stages have one rate, {1.one_rate:.4g}, where each is to have its own.",
        'Give the optimizer a list of groups: `{{"params": …, "lr": head_rate}}`, and another with `stage_rate`.',
    ),
    _rates(
        "other-rate",
        lambda c: c.other_rate,
        "With n = {1.n}, `{1.other_rate[0]}` has the rate {1.other_rate[1]:.4g}, where it should be {1.other_rate[2]:.4g}.",
        "The head learns at `head_rate`, the stages at `stage_rate`, for every n.",
    ),
]


def _once(row: Mistake) -> Mistake:
    """Another forward pass in the place of the model's is told, and paid, where the head stands still for it."""
    if row.id != "attributes-changed":
        return row
    return replace(row, shows=lambda f: not f.head_stands_still and row.shows(f))


EFFECTS = [*map(_once, side_effects("trainable")), ARGUMENTS_CHANGED, SETTINGS_CHANGED]
