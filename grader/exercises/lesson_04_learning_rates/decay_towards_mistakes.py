"""Known mistakes of a penalty towards the start, an aspect a table."""

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.lesson_04_learning_rates.decay_towards_facts import first
from grader.exercises.machine.mistakes import EVERYTHING, Mistake


def _fatal(name: str, kind: str, text: str, hint: str) -> Mistake:
    return Mistake(name, lambda f: f.problem(kind), text, hint, costs=EVERYTHING)


_BY_ITS_NAME = 'The head\'s parameters are those whose names begin with `head_name + "."`, with the dot.'
FORM = [
    _fatal("no-number", "no number", "A penalty of one number was expected, but the function returned {1}.",
           "Add up the sums of all parameters, and return the result."),
    _fatal("a-plain-number", "plain number", "The function returned {1}: a plain number has no gradient, so that adding "
           "it to the loss would change nothing in the training.", "Return the tensor, without `item()` or `float()`."),
    _fatal("no-gradient", "no gradient", "The penalty has no gradient: added to the loss it would change nothing in the "
           "training.", "The model's weights must stay in the graph: no `detach()`, no `no_grad()`, and the tensors of "
           "`model.state_dict()` are detached, those of `named_parameters()` are not."),
    _fatal("used-up", "used up", "The penalty depends on the weights, but its gradient cannot be computed any more.",
           "Return the penalty and leave `backward()` to whoever adds it to the loss."),
    Mistake("pulls-the-start", lambda f: first(not n.gradients and n.got.into_start for n in f.networks),
            "The gradient reaches the start values and none of the model's weights: the start would be pulled to the model.",
            "Detach the start values, and leave the model's weights in the graph.", costs=EVERYTHING),
    Mistake("pulls-nothing", lambda f: any(not n.gradients for n in f.networks),
            "The penalty's gradient is 0 for every weight: nothing is pulled.",
            "The distance is that from `start`, the values that the function is given.", costs=EVERYTHING),
]  # fmt: skip


def _left_out(name: str, belongs, text: str, hint: str) -> Mistake:
    return Mistake(name, lambda f: f.all_missing(belongs), text, hint, costs=1)


def _own_name(network) -> str:
    return network.head_name.rpartition(".")[2]


def _container(network) -> str:
    return network.head_name.rpartition(".")[0]


WHICH = [
    Mistake(
        "head-towards-zero",
        lambda f: first(
            name
            for n in f.networks
            for name in n.head
            if name in n.gradients and n.of_weight(name) is not None
        ),
        "The head is decayed towards zero: `{1}` is pulled there. Here it is left out.",
        _BY_ITS_NAME,
        costs=1,
    ),
    Mistake(
        "head-included",
        lambda f: first(name for n in f.networks for name in n.head if name in n.gradients),
        "The head is pulled as well: `{1}` has a gradient. Its start means nothing, it was made for other classes.",
        _BY_ITS_NAME,
        costs=1,
    ),
    _left_out(
        "namesakes-left-out",
        lambda n, name: _own_name(n) in name,
        "`{1}` is not pulled. Its name looks like the head's, but it belongs to the backbone.",
        _BY_ITS_NAME,
    ),
    _left_out(
        "container-left-out",
        lambda n, name: bool(_container(n)) and name.startswith(_container(n)),
        "`{1}` is not pulled. It lies in the same module as the head, but is not of the head.",
        _BY_ITS_NAME,
    ),
    _left_out(
        "vectors-left-out",
        lambda n, name: n.distances[name].ndim <= 1,
        "`{1}` is not pulled: biases, or weights of norms, were left out.",
        "Other decays leave them out; this one takes every trainable parameter of the backbone.",
    ),
    _left_out(
        "left-out",
        lambda n, name: True,
        "`{1}` is not pulled, although it is trainable and not the head's.",
        "Go through `model.named_parameters()`: it lists every parameter of the model, once.",
    ),
    Mistake(
        "shared-twice",
        lambda f: first(n.twice for n in f.networks),
        "`{1}` is pulled twice as hard as the others: two layers share it, and it was counted for both.",
        "`model.named_parameters()` lists a shared parameter once, by the first of its names.",
        costs=1,
    ),
]
FORMULA = [
    Mistake(
        "towards-zero",
        lambda f: f.every(lambda n: n.common(n.of_weight) is not None),
        "The weights are pulled towards zero, as by the usual weight decay, and not towards `start`.",
        "Square the difference between each parameter and its value in `start`.",
        costs=2,
    ),
    Mistake(
        "mean",
        lambda f: f.every(lambda n: n.is_mean),
        "The squares were averaged. Asked for is their sum.",
        'Take `sum()`, and `reduction="sum"` with `mse_loss`.',
        costs=1,
    ),
    Mistake(
        "not-squared",
        lambda f: f.every(lambda n: n.is_length),
        "The length of the difference was taken, without its square.",
        "Square the differences and add them up; no root.",
        costs=1,
    ),
    Mistake(
        "absolute",
        lambda f: f.every(lambda n: n.common(n.of_sign) is not None),
        "Absolute differences were taken, not squared ones: every weight is pulled equally hard.",
        "Square the differences.",
        costs=1,
    ),
    Mistake(
        "negated",
        lambda f: f.every(lambda n: n.is_times(n.factor, -1, -2)),
        "The penalty falls with the distance: added to the loss it would push the weights away from the start.",
        "It is to be positive.",
        costs=1,
    ),
    Mistake(
        "without-half",
        lambda f: f.every(lambda n: n.is_times(n.factor, 2)),
        "The penalty pulls twice as hard as it should.",
        "The factor is `strength / 2`: the square's 2 cancels it in the gradient.",
        costs=1,
    ),
    Mistake(
        "strength-missing",
        lambda f: f.every(lambda n: n.is_times(n.factor, 1 / n.strength, 2 / n.strength)),
        "The penalty does not depend on `strength`.",
        "Multiply the sum by `strength / 2`.",
        costs=1,
    ),
    Mistake(
        "scaled",
        lambda f: f.every(lambda n: n.factor is not None),
        "The penalty pulls with {1.factor:.4g} times the distance, where it should be {1.strength:.4g} times.",
        "Multiply the sum of squares by `strength / 2`.",
        costs=1,
    ),
    Mistake(
        "formula-otherwise",
        lambda f: f.wrong_formula,
        "The gradient of `{1.plain_ones[0]}` is not a multiple of its distance from the start.",
        "Asked for is `strength / 2` times the sum of the squared differences.",
        costs=2,
    ),
]
VALUE = [
    Mistake(
        "frozen-counted",
        lambda f: any(n.counted == "frozen" for n in f.networks),
        "The value also holds the distance of frozen parameters.",
        "Take only parameters with `requires_grad`.",
        costs=1,
    ),
    Mistake(
        "buffers-counted",
        lambda f: any(n.counted == "buffers" for n in f.networks),
        "The value also holds the distance of buffers, such as running statistics.",
        "`named_parameters()` lists no buffers; `state_dict()` and `named_buffers()` do.",
        costs=1,
    ),
    Mistake(
        "value-otherwise",
        lambda f: first(n if n.surplus else None for n in f.networks),
        "The value is {1.got.value:.4g}, which is not that of the squares whose gradients it has.",
        "Add nothing but the squared differences, and cut nothing off.",
        costs=1,
    ),
]
WHERE = [
    Mistake(
        "gradient-into-start",
        lambda f: first(n.got.into_start for n in f.networks),
        "The gradient flows into the start values as well, into `start[{1[0]!r}]` among others.",
        "Take `start[name].detach()`: they are to stay what they are.",
        costs=1,
    ),
    Mistake(
        "one-element",
        lambda f: any(n.got.one_element for n in f.networks),
        "The penalty is a tensor of one element with a dimension. Asked for is one without (0-d).",
        "`sum()` without `keepdim` gives such a tensor.",
        costs=1,
    ),
]
_OF_THE_MODEL = side_effects()
UNSOUND = [row for row in _OF_THE_MODEL if row.costs == EVERYTHING]  # such a model's gradients tell nothing
EFFECTS = [*(row for row in _OF_THE_MODEL if row.costs != EVERYTHING), ARGUMENTS_CHANGED, SETTINGS_CHANGED]
TABLES = [UNSOUND, FORM, WHICH, FORMULA, VALUE, WHERE, EFFECTS]
