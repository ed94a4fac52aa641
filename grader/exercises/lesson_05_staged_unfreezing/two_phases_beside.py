"""Known mistakes beside a training in two phases: what comes back, and what is left behind."""

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.machine.mistakes import Mistake

RETURN = [
    Mistake(
        "not-the-model",
        lambda f: f.returned,
        "The function returned {1}, not the model.",
        "End with `return model`.",
        costs=1,
    ),
    Mistake(
        "other-tensors",
        lambda f: f.other_tensors,
        "The model that came back has other tensors than the one that was given: `{1[0]}` is in one of them only.",
        "Return the whole model, with the layers that it came with.",
        costs=1,
    ),
    Mistake(
        "untouched-weights",
        lambda f: f.untouched,
        "The weights that came back are those that the model had before: another object was trained.",
        "Train the model that is returned. `copy.deepcopy(model)` is a model of its own.",
        costs=1,
    ),
]
EFFECTS = [
    *side_effects("state", "trainable", "training", "with_gradient"),
    ARGUMENTS_CHANGED,
    SETTINGS_CHANGED,
]
