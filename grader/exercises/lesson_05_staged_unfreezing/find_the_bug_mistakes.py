"""Known mistakes in the repair of ``tune_until_best``: the three that it has; what a repair may add stands beside."""

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.lesson_05_staged_unfreezing.find_the_bug_training import TRAINING
from grader.exercises.machine.mistakes import Mistake

RIGHT = (
    "The head trains from the first round and the last stage from the third; validation chooses the round; its "
    "weights come back, with the test's score for them."
)
AS_RELEASED = Mistake(
    "as-released",
    lambda facts: False,  # told instead of the bugs while none of them is mended
    "The given function has three mistakes, and of none of them it shows yet that it is mended. Each is mended by itself, "
    "and checked by itself.",
    "Ask of each line: what does it hold, and which data does it see?",
)


def _of_a_run(name: str, attribute: str, text: str, hint: str, fix: str = "", costs: float = 1) -> Mistake:
    """A row of one run's choice: ``{1}`` is the first run that shows it."""
    shows = lambda facts: next((run for run in facts.runs if getattr(run, attribute)), None)  # noqa: E731
    return Mistake(name, shows, text, hint, fix, costs)


_STAGE = [
    Mistake(
        "stage-never-trained",
        lambda f: not f.stage_moves,
        "The last stage never moved, though it is to train from the third round on.",
        "Which parameters does the optimizer hold, and when did it get them?",
        "An optimizer keeps the parameters that it was given when it was made. When the stage is unfrozen, make a new "
        "one of all that is trainable then, or call `optimizer.add_param_group`.",
        costs=1,
    ),
]
_CHOICE = [
    _of_a_run(
        "test-chooses",
        "only_test",
        "`test` was measured for {1.test_rounds}, and `validation` was not: nothing but `test` can have chosen the round. "
        "The score of the chosen one is too good, since it won by being the highest.",
        "Which set may be asked again and again, and which one only once?",
        "Choose the round by `measure(model, validation)`, and return `measure(model, test)` for the chosen weights.",
        costs=2,
    ),
    _of_a_run(
        "nothing-measured",
        "measured_nothing",
        "No set was measured for the weights of several rounds: nothing can have chosen among them.",
        "`measure(model, validation)` belongs at the end of every round.",
        costs=2,
    ),
    _of_a_run(
        "other-set-chooses",
        "chosen_by_training",
        "Other data than `validation` and `test` were measured round by round, and `validation` was not.",
        "Measure `validation`, as it is given: how well training batches are known says nothing of new photographs.",
        costs=2,
    ),
    _of_a_run(
        "test-looked-at",
        "test_early",
        "`test` was measured for {1.test_rounds}, not once after the training, although `validation` can choose.",
        "Measure `test` once, at the end, for the weights that come back.",
        costs=1,
    ),
    _of_a_run(
        "test-asked-again",
        "test_again",
        "`test` was measured more than once at the end; it is to be asked once.",
        "Keep what `measure(model, test)` gives in a variable, and return it.",
        costs=1,
    ),
    _of_a_run(
        "validation-not-every-round",
        "rounds_unmeasured",
        "`validation` was measured for {1.measured} of the {1.trained} rounds' ends, so the best may be one that was not "
        "looked at.",
        "`measure(model, validation)` at the end of each round.",
        costs=1,
    ),
    _of_a_run(
        "validation-more-often",
        "measured_too_often",
        "`validation` was measured for {1.measured} different weights, where there are four rounds' ends.",
        "Measure at the end of each round, not after each batch.",
        costs=1,
    ),
    Mistake(
        "not-model-and-score",
        lambda f: f.problem,
        "A model and its test score were expected, but {0.problem}.",
        "End with `return model, test_score`, in this order.",
        costs=1,
    ),
    _of_a_run(
        "validation-score",
        "validation_score",
        "The returned score, {1.run.score:g}, is one of `validation`'s. The best of them won by being the highest of "
        "four, so it is too good.",
        "Which set has not helped to choose?",
        "Load the best weights and return `measure(model, test)`.",
        costs=1,
    ),
    _of_a_run(
        "score-of-other-weights",
        "other_test_score",
        "The returned score, {1.run.score:g}, is what `test` gave for other weights than those that came back.",
        "First load the best weights, then measure `test`.",
        costs=1,
    ),
    _of_a_run(
        "other-score",
        "wrong_score",
        "The returned score is {1.run.score:g}; what `measure` gives for `test` and the returned weights is {1.wanted}.",
        "Load the best weights and return `measure(model, test)` as it is.",
        costs=1,
    ),
]
_WEIGHTS = [
    Mistake(
        "nothing-to-restore",
        lambda f: all(run.cannot_be_seen for run in f.runs),
        "The best round and the last end with the same weights, so whether the best are kept cannot be seen.",
        "Once the weights move in every round, it can.",
        costs=1,
    ),
    _of_a_run(
        "untouched-weights",
        "untouched",
        "The weights that came back are those that the model had before the training.",
        "Which object was trained, which one is returned, and which weights are loaded at the end? "
        "`copy.deepcopy(model)` is a model of its own.",
        costs=1,
    ),
    _of_a_run(
        "last-weights",
        "is_last",
        "The returned weights are those of the last round, although round {1.best} was the best on `{1.chooser}`.",
        "Are the best weights a copy that nothing changes any more, and are they loaded at the end?",
        "`state_dict()` hands out the living tensors, which go on changing; `dict(…)` and `.copy()` of it do so, too. Keep "
        "`copy.deepcopy(model.state_dict())`, and load it at the end.",
        costs=1,
    ),
    _of_a_run(
        "worst-weights",
        "is_worst",
        "The returned weights are those of round {1.returned_round}, the lowest on `{1.chooser}`, where the best is round "
        "{1.best}.",
        "Accuracy: the higher, the better.",
        costs=1,
    ),
    _of_a_run(
        "weights-mixed",
        "mixed",
        "Of the returned weights some are those of round {1.best}, the best, and others of the last round: `{1.mixed}` for "
        "one.",
        "Keep and load the whole `state_dict`.",
        costs=1,
    ),
    _of_a_run(
        "other-round",
        "is_other_round",
        "The returned weights are those of round {1.returned_round}. The scores of `{1.chooser}` were {1.all_scores}, so round "
        "{1.best} was the best.",
        "Compare each score with the highest so far, and keep the weights whenever it is higher.",
        costs=1,
    ),
    _of_a_run(
        "later-of-level-rounds",
        "level",
        "Rounds {1.best} and {1.level} are level on `{1.chooser}`, and the weights of the later one came back. "
        "The function as given keeps the first.",
        "A round that is level is no better: compare with `>`, not with `>=`.",
        costs=1,
    ),
    _of_a_run(
        "no-rounds-weights",
        "wrong_weights",
        "The returned weights are those of no round's end, where round {1.best} was the best on `{1.chooser}`.",
        "Keep a copy of the whole `state_dict` after the best round, load it, and change nothing after that.",
        costs=1,
    ),
]
BUGS = [_STAGE, _CHOICE, _WEIGHTS]


_EFFECTS = [
    *side_effects("state", "trainable", "training", "with_gradient"),
    ARGUMENTS_CHANGED,
    SETTINGS_CHANGED,
]
SLIPS = [TRAINING, _EFFECTS]
