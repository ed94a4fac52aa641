"""Known ways to make the wrong optimizer in ``make_optimizer``."""

from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.lesson_02_freezing.make_optimizer_facts import of_head
from grader.exercises.machine.mistakes import Mistake

_ALL = "Give it `[p for p in model.parameters() if p.requires_grad]`."

# What it holds. Of each table the first row that shows is told.
CONTENT = [
    Mistake(
        "no-optimizer",
        lambda f: f.returned,
        "An optimizer was expected, but the function returned {1}.",
        "End with `return torch.optim.SGD(…)`.",
    ),
    Mistake(
        "error-for-a-trainable-model",
        lambda f: f.error,
        "The function raised ValueError for a model that is partly trainable: {1}",
        "Raise ValueError only where no parameter at all has `requires_grad`, and give the optimizer each parameter once. "
        "A generator that was gone through once is empty.",
    ),
    Mistake(
        "holds-copies",
        lambda f: f.first(lambda n: n.copies),
        "The optimizer holds a tensor that is not one of the model's parameters: its steps would move a copy.",
        "Take the parameters from the model that is given, without copying, cloning or detaching them.",
        costs=2,
    ),
    Mistake(
        "asked-the-gradients",
        lambda f: f.follows_gradients and f.networks[0],
        "Where old gradients lie on frozen parameters alone, the optimizer holds just these, such as `{1.extra[0]}`; where "
        "they lie on all parameters, it holds all.",
        "`grad` tells whether a gradient was computed, `requires_grad` whether a parameter trains.",
        costs=2,
    ),
    Mistake(
        "wrong-way-round",
        lambda f: f.first(lambda n: n.only_frozen and n.all_frozen_held),
        "It is the wrong way round: the optimizer holds the frozen parameters, such as `{1.extra[0]}`, and none of those "
        "that train.",
        "Keep the parameters with `requires_grad` True: `if parameter.requires_grad`.",
        costs=2,
    ),
    Mistake(
        "only-frozen-ones",
        lambda f: f.first(lambda n: n.only_frozen),
        "Of a model that is partly trainable the optimizer holds frozen parameters only, such as `{1.extra[0]}`: nothing "
        "that trains would ever move.",
        "Ask each parameter of the model for `requires_grad`: neither its name nor its place tells what trains.",
        costs=2,
    ),
    Mistake(
        "holds-the-head-alone",
        lambda f: f.in_all(of_head),
        "The optimizer holds nothing but parameters of the head, and more is trainable: `{1.missing[0]}` would never move.",
        "Ask each parameter of the model for `requires_grad`, not the names.",
        costs=1,
    ),
    Mistake(
        "holds-frozen",
        lambda f: f.first(lambda n: n.extra),
        "The optimizer also holds frozen parameters, `{1.one_extra}` for one.{1.and_moved}",
        _ALL + " Being frozen does not keep a parameter with an old gradient or momentum from moving.",
        costs=1,
    ),
    Mistake(
        "held-twice",
        lambda f: f.first(lambda n: n.twice),
        "The optimizer holds `{1.twice}` twice: every step would move it twice.",
        "`model.parameters()` gives each parameter once, at any depth, shared ones too; do not loop over modules, and not "
        "over names of duplicates.",
        costs=1,
    ),
    Mistake(
        "first-missing",
        lambda f: f.in_all(lambda n: n.missing == n.trainable[:1]),
        "Just the first trainable parameter is missing: `{1.missing[0]}` would never move.",
        "A generator or iterator can be gone through once: what `next()`, `any()` or a loop has taken from it is gone. "
        "Make a list.",
        costs=1,
    ),
    Mistake(
        "last-missing",
        lambda f: f.in_all(lambda n: n.missing == n.trainable[-1:]),
        "Just the last trainable parameter is missing: `{1.missing[0]}` would never move.",
        "Where does the list end?",
        costs=1,
    ),
    Mistake(
        "own-parameter-missing",
        lambda f: f.all_or_right(lambda n: n.all_missing(lambda name: "." not in name)),
        "`{1.missing[0]}` is missing: it belongs to the model itself and to none of its layers.",
        "Loop over `model.parameters()`, which gives every parameter, at any depth.",
        costs=1,
    ),
    Mistake(
        "biases-missing",
        lambda f: f.all_or_right(lambda n: n.all_missing(lambda name: name.endswith("bias"))),
        "The biases are missing: `{1.missing[0]}` is trainable, and the optimizer does not hold it.",
        "Every trainable parameter goes in, whatever its name ends with.",
        costs=1,
    ),
    Mistake(
        "one-dimensional-missing",
        lambda f: f.all_or_right(lambda n: n.all_missing(lambda name: n.dimensions.get(name) == 1)),
        "Parameters of one dimension are missing: `{1.missing[0]}` is trainable, and the optimizer does not hold it.",
        "Biases and the parameters of norms go in as well, whatever their shape.",
        costs=1,
    ),
    Mistake(
        "some-missing",
        lambda f: f.first(lambda n: n.missing),
        "`{1.missing[0]}` is trainable, but the optimizer does not hold it: it would never move.",
        "Every parameter with `requires_grad` goes into the optimizer.",
        costs=1,
    ),
    Mistake(
        "error-for-a-single-parameter",
        lambda f: f.error_for_one,
        "The function raised ValueError for a model of which exactly one parameter trains: {1}",
        "One is enough for an optimizer: raise ValueError only where no parameter at all has `requires_grad`.",
        costs=1,
    ),
]

# By which rule it moves what it holds.
RULE = [
    Mistake(
        "other-optimizer",
        lambda f: f.first(lambda n: not n.is_sgd and not n.state_is_right),
        "The optimizer is {1.kind}, where SGD with a momentum of 0.9 is asked for.",
        "`torch.optim.SGD(parameters, lr=learning_rate, momentum=0.9)`.",
        costs=1,
    ),
    Mistake(
        "other-momentum",
        lambda f: f.first(lambda n: n.is_sgd and n.momentum is not None),
        "The optimizer's momentum is {1.momentum:g}, where it should be 0.9.",
        "`torch.optim.SGD` has no momentum unless it is told so: `momentum=0.9`.",
        costs=1,
    ),
    Mistake(
        "other-rate",
        lambda f: f.first(lambda n: n.is_sgd and n.other_rate is not None),
        "The optimizer's learning rate is {1.other_rate:g}, where {1.rate:g} was given.",
        "Pass `lr=learning_rate`.",
        costs=1,
    ),
    Mistake(
        "other-setting",
        lambda f: f.first(lambda n: n.is_sgd and n.other_setting),
        "The optimizer has `{1.other_setting}` set as well: plain SGD with a momentum of 0.9 is asked for.",
        "Leave the other settings as PyTorch sets them.",
        costs=1,
    ),
    Mistake(
        "moves-otherwise",
        lambda f: f.first(lambda n: n.content_is_right and n.model_left_alone and not n.state_is_right),
        "Two steps of the optimizer do not move the weights as SGD with a momentum of 0.9 does.",
        "Return a plain `torch.optim.SGD`.",
        costs=1,
    ),
]

# A model that is frozen throughout.
ERROR = [
    Mistake(
        "no-error",
        lambda f: f.all_frozen.returned,
        "For a model that is frozen throughout, the function returned {1}, where a ValueError was to be raised.",
        "`raise ValueError(…)` if the list of trainable parameters is empty: whoever forgot to open the head is told at "
        "once.",
        costs=1,
    ),
    Mistake(
        "another-error",
        lambda f: f.all_frozen.raised != "ValueError" and f.all_frozen.raised,
        "For a model that is frozen throughout, the function raised {1}, where a ValueError was asked for.",
        "`raise ValueError(…)` if the list of trainable parameters is empty.",
        costs=1,
    ),
    Mistake(
        "pytorchs-own-error",
        lambda f: f.all_frozen.by_pytorch,
        "For a model that is frozen throughout, PyTorch raised the ValueError: “{0.all_frozen.message}”. No error "
        "of your own came before it.",
        "Raise one yourself, before the optimizer is made, with a sentence that says what is wrong: nothing is trainable. "
        "(A generator is true in an `if`, even an empty one: make a list.)",
        costs=1,
    ),
    Mistake(
        "pytorchs-words-again",
        lambda f: f.message_is_pytorchs,
        "For a model that is frozen throughout, the ValueError says just what PyTorch's own says: "
        "“{0.all_frozen.message}”. A sentence of your own was asked for.",
        "Say that nothing is trainable: an empty list is a riddle to whoever froze the model.",
        costs=1,
    ),
    Mistake(
        "error-without-a-sentence",
        lambda f: not f.all_frozen.message,
        "For a model that is frozen throughout, the ValueError has no message.",
        '`raise ValueError("…")`, with a sentence that says that nothing is trainable.',
        costs=1,
    ),
    Mistake(
        "error-says-too-little",
        lambda f: not f.message_says_so,
        "For a model that is frozen throughout, the ValueError says no more than “{0.all_frozen.message}”.",
        "Say in a sentence that nothing is trainable: whoever reads it wants to know what to do.",
        costs=1,
    ),
]
SIDE_EFFECTS = [*side_effects(), SETTINGS_CHANGED]
