"""Expected values of lesson 03_counting_parameters. Stays with the instructor."""

import itertools
from collections.abc import Callable, Iterable

import numpy as np
from torch import nn

from grader.exercises.lesson_03_counting_parameters.exercises import (
    counted_network,
    report_classes,
    report_head,
)

# ---------------------------------------------------------------- ways of choosing tensors


def _named(model, **options) -> list[tuple]:
    return list(model.named_parameters(**options))


def _layer_by_layer(model, kinds: tuple = (nn.Module,)) -> list[tuple]:
    """A shared weight comes once for each layer that holds it, a shared layer once."""
    return [
        (name, parameter)
        for module in model.modules()
        if isinstance(module, kinds)
        for name, parameter in module.named_parameters(recurse=False)
    ]


def _child_by_child(model) -> list[tuple]:
    return [pair for child in model.children() for pair in child.named_parameters()]


def _nested(model) -> list[tuple]:
    return [pair for module in model.modules() for pair in module.named_parameters()]


# By the mistakes that are made: which tensors are looked at, (name, tensor) each.
_POOLS: dict[tuple[str, ...], Callable] = {
    (): _named,
    ("buffers",): lambda model: _named(model) + list(model.named_buffers()),
    ("twice",): lambda model: _named(model, remove_duplicate=False),
    ("twice by layers",): _layer_by_layer,
    ("state_dict",): lambda model: list(model.state_dict(keep_vars=True).items()),
    ("own lost",): lambda model: [pair for pair in _named(model) if "." in pair[0]],
    ("twice by children", "own lost"): _child_by_child,
    ("nested",): _nested,
    ("weights",): lambda model: [pair for pair in _named(model) if pair[0].endswith("weight")],
    ("matrices",): lambda model: [pair for pair in _named(model) if pair[1].ndim > 1],
    ("layers",): lambda model: _layer_by_layer(model, (nn.Conv2d, nn.Linear)),
}


def _by_whole_layers(model, trains: Callable) -> list:
    """Parameters of the layers that ``trains``, all or nothing."""
    found: dict[int, object] = {}
    for module in model.modules():
        own = list(module.parameters(recurse=False))
        if own and trains(own):
            found.update((id(parameter), parameter) for parameter in own)
    return list(found.values())


def _choices(only_trainable: bool) -> dict[tuple[str, ...], Callable]:
    """Ways of choosing tensors where all, or just the trainable ones, are asked for."""

    def filtered(pool: Callable, keep: Callable) -> Callable:
        return lambda model: [tensor for _, tensor in pool(model) if keep(tensor)]

    ways: dict[tuple[str, ...], Callable] = {}
    for made, pool in _POOLS.items():
        if only_trainable:
            ways[made] = filtered(pool, lambda tensor: tensor.requires_grad)
            ways[(*made, "frozen too")] = filtered(pool, lambda tensor: True)
            ways[(*made, "only frozen")] = filtered(pool, lambda tensor: not tensor.requires_grad)
        else:
            ways[made] = filtered(pool, lambda tensor: True)
            ways[(*made, "only trainable")] = filtered(pool, lambda tensor: tensor.requires_grad)
    if only_trainable:
        ways[("detached",)] = lambda model: []
        ways[("any in the layer",)] = lambda model: _by_whole_layers(
            model, lambda own: any(p.requires_grad for p in own)
        )
        ways[("all in the layer",)] = lambda model: _by_whole_layers(
            model, lambda own: all(p.requires_grad for p in own)
        )
        ways[("first in the layer",)] = lambda model: _by_whole_layers(
            model, lambda own: own[0].requires_grad
        )
    return ways


# ---------------------------------------------------------------- ways of measuring them


def _bytes(tensor) -> int:
    return tensor.numel() * tensor.element_size()


_COUNTING: dict[tuple[str, ...], Callable] = {
    (): lambda model, tensors: sum(t.numel() for t in tensors),
    ("tensors",): lambda model, tensors: len(tensors),
    ("bytes",): lambda model, tensors: sum(_bytes(t) for t in tensors),
    ("first side",): lambda model, tensors: sum(len(t) if t.ndim else 1 for t in tensors),
}

_MEASURING: dict[tuple[str, ...], Callable] = {
    (): lambda model, tensors: sum(_bytes(t) for t in tensors),
    ("four bytes",): lambda model, tensors: 4 * sum(t.numel() for t in tensors),
    ("eight bytes",): lambda model, tensors: 8 * sum(t.numel() for t in tensors),
    ("elements",): lambda model, tensors: sum(t.numel() for t in tensors),
    ("first one's bytes",): lambda model, tensors: (
        next(model.parameters()).element_size() * sum(t.numel() for t in tensors)
    ),
    ("size without numel",): lambda model, tensors: sum(t.element_size() for t in tensors),
    ("bits",): lambda model, tensors: 8 * sum(_bytes(t) for t in tensors),
}
_UNITS = {(): 1, ("kB",): 1e3, ("KiB",): 2**10, ("MB",): 1e6, ("MiB",): 2**20}
_MOMENTS: dict[tuple[str, ...], float] = {
    (): 2,
    ("one moment",): 1,
    ("three moments",): 3,
    ("four moments",): 4,
}


def _mistakes(networks: list, wanted: list, ways: Iterable[tuple[tuple, Callable]]) -> dict:
    """What each way of at most two mistakes gives; the fewest mistakes first, what gives the same left out.

    Returns:
        ``made``: the mistakes' names, joined by " + "; ``gives``: a row of numbers each, network by network.
    """
    made, rows, seen = [], [], {tuple(np.hstack(wanted))}
    for names, way in sorted((pair for pair in ways if len(pair[0]) <= 2), key=lambda pair: len(pair[0])):
        row = np.hstack([way(model) for model in networks]).astype(float)
        if tuple(row) not in seen:
            seen.add(tuple(row))
            made.append(" + ".join(names))
            rows.append(row)
    return {"made": made, "gives": np.array(rows)}


def _ways(choices: dict, measures: dict, factors: dict, units: dict) -> Iterable[tuple[tuple, Callable]]:
    """Every way of choosing tensors with every way of measuring them."""
    for (a, choose), (b, measure), (c, factor), (d, unit) in itertools.product(
        choices.items(), measures.items(), factors.items(), units.items()
    ):

        def way(model, choose=choose, measure=measure, factor=factor, unit=unit):
            number = factor * measure(model, choose(model))
            return number if unit == 1 else number / unit

        yield a + b + c + d, way


def _buffer_ways() -> Iterable[tuple[tuple, Callable]]:
    pools: dict[tuple[str, ...], Callable] = {
        (): lambda model: list(model.buffers()),
        ("buffers twice",): lambda model: [b for _, b in model.named_buffers(remove_duplicate=False)],
        ("no counters",): lambda model: [b for b in model.buffers() if b.is_floating_point()],
        ("kept ones",): lambda model: [
            tensor
            for name, tensor in model.state_dict().items()
            if name not in dict(_named(model, remove_duplicate=False))
        ],
        ("own lost",): lambda model: [b for name, b in model.named_buffers() if "." in name],
        ("means alone",): lambda model: [
            b for n, b in model.named_buffers() if n.endswith(("running_mean", "running_var"))
        ],
        ("no buffers",): lambda model: [],
        ("buffers by flag",): lambda model: [p for p in model.parameters() if not p.requires_grad],
        ("state_dict as buffers",): lambda model: list(model.state_dict().values()),
        ("parameters as buffers",): lambda model: list(model.parameters()),
    }
    yield from _ways(pools, _COUNTING, {(): 1}, {(): 1})
    # What the state_dict holds beyond the parameters counted once: shared weights come into the difference.
    yield (
        ("difference",),
        lambda model: (
            sum(t.numel() for t in model.state_dict().values()) - sum(p.numel() for p in model.parameters())
        ),
    )


# ---------------------------------------------------------------- sentences

_NUMEL = "`parameter.numel()` gives a tensor's elements; add it up over `model.parameters()`."
_ONCE = "`model.parameters()` and `model.named_parameters()` give a shared tensor just once."
_FLAG = "Add `if parameter.requires_grad` to the sum, for each parameter by itself."

_SENTENCES: dict[str, tuple[str, str]] = {
    "hint": ("", "`parameter.numel()`, `parameter.requires_grad` and `parameter.element_size()` say it all."),
    "buffers": (
        "`{key}` counts the buffers in: BatchNorm's running statistics are no parameters.",
        "`model.parameters()` leaves the buffers out, `model.state_dict()` does not.",
    ),
    "twice": ("`{key}` counts shared weights twice: two names, one tensor.", _ONCE),
    "twice by layers": (
        "`{key}` counts shared weights twice: it goes from layer to layer, and two layers hold one tensor.",
        _ONCE,
    ),
    "twice by children": (
        "`{key}` counts shared weights twice: it adds up the children, and two of them hold one tensor.",
        _ONCE,
    ),
    "state_dict": (
        "`{key}` goes over `state_dict()`: that has the buffers too (BatchNorm's running statistics), and a shared tensor "
        "under each of its names.",
        "Go over `model.parameters()`.",
    ),
    "own lost": (
        "`{key}` leaves out what belongs to the model itself: a tensor can be registered on it, outside of every child.",
        "`model.parameters()` and `model.buffers()` have all, whatever the depth.",
    ),
    "nested": (
        "`{key}` counts most parameters several times: each module's `parameters()` already has those of the modules "
        "inside it.",
        "One sum over `model.parameters()` looks at every depth.",
    ),
    "weights": (
        "`{key}` counts only what is named `weight`: biases and other parameters are missing.",
        "Go over `model.parameters()`, whatever the names.",
    ),
    "matrices": (
        "`{key}` counts only tensors of two or more dimensions: biases and the norms' parameters are missing.",
        "Go over `model.parameters()`, whatever the shapes.",
    ),
    "layers": (
        "`{key}` counts only convolutions and linear layers: norms, PReLU and a model's own tensors have parameters too.",
        "Go over `model.parameters()`, whatever kind of layer they belong to.",
    ),
    "only trainable": (
        "`{key}` leaves out the frozen parameters: they are parameters all the same, and lie in memory too.",
        "No condition on `requires_grad` here.",
    ),
    "frozen too": ("`{key}` counts the frozen parameters in.", _FLAG),
    "only frozen": ("`{key}` counts what is frozen, not what is trainable.", _FLAG),
    "detached": (
        "`{key}` is 0 on every network: `state_dict()` gives detached tensors, whose `requires_grad` is False, a module's "
        "own `requires_grad` is not set, and no parameter has a `grad` before it trains.",
        "Ask the parameters themselves: `parameter.requires_grad` over `model.parameters()`.",
    ),
    "any in the layer": (
        "`{key}` takes a layer for trainable as a whole when one of its parameters is: its bias can train while its weight "
        "is frozen.",
        _FLAG,
    ),
    "all in the layer": (
        "`{key}` takes a layer for frozen as a whole when one of its parameters is: its bias can train while its weight "
        "is frozen.",
        _FLAG,
    ),
    "first in the layer": (
        "`{key}` asks only the first parameter of each layer, mostly the weight: its bias can have another flag.",
        _FLAG,
    ),
    "tensors": (
        "`{key}` counts tensors, not elements: a weight of 864 numbers counts as 1.",
        _NUMEL + " `len(list(…))` and `sum(p.requires_grad for p in …)` count tensors.",
    ),
    "bytes": ("`{key}` is in bytes; the number of elements is asked for.", _NUMEL),
    "first side": (
        "`{key}` adds up the first side of each tensor: `len(tensor)` is its number of rows.",
        _NUMEL,
    ),
    "four bytes": (
        "`{key}` takes 4 bytes for every element: that holds for float32, not for float16 or float64.",
        "`parameter.element_size()` knows the bytes of one element.",
    ),
    "eight bytes": (
        "`{key}` takes 8 bytes for every element: that holds for float64 only.",
        "`parameter.element_size()` knows the bytes of one element.",
    ),
    "first one's bytes": (
        "`{key}` takes the first parameter's bytes an element for all of them: parts of a model can be of another dtype.",
        "Multiply each parameter's `numel()` by its own `element_size()`.",
    ),
    "elements": (
        "`{key}` is a number of elements; bytes are asked for.",
        "Multiply each parameter's `numel()` by its own `element_size()`.",
    ),
    "size without numel": (
        "`{key}` adds up the bytes of one element of each tensor.",
        "Multiply each parameter's `numel()` by its own `element_size()`.",
    ),
    "bits": ("`{key}` is in bits; bytes are asked for.", "`element_size()` is in bytes already."),
    "kB": ("`{key}` is in kilobytes (divided by 1,000); bytes are asked for.", "Return the bytes undivided."),
    "KiB": (
        "`{key}` is in kibibytes (divided by 1,024); bytes are asked for.",
        "Return the bytes undivided.",
    ),
    "MB": ("`{key}` is in MB (divided by 1,000,000); bytes are asked for.", "Return the bytes undivided."),
    "MiB": ("`{key}` is in MiB (divided by 1,048,576); bytes are asked for.", "Return the bytes undivided."),
    "one moment": (
        "`{key}` has one moment: Adam keeps two numbers for each trainable element, the mean gradient and the mean squared "
        "gradient.",
        "Twice the bytes of what is trainable.",
    ),
    "three moments": (
        "`{key}` has three numbers for each trainable element: the gradients have a key of their own, so that just the two "
        "moments are left.",
        "Twice the bytes of what is trainable.",
    ),
    "four moments": (
        "`{key}` has four numbers for each trainable element: weights and gradients have keys of their own, so that just "
        "the two moments are left.",
        "Twice the bytes of what is trainable.",
    ),
    "counters": (
        "`{key}` has Adam's step counters in, 4 bytes for each trainable tensor; only the two moments are asked for.",
        "Twice the bytes of what is trainable.",
    ),
    "buffers twice": (
        "`{key}` counts shared buffers twice: two names, one tensor.",
        "`model.buffers()` gives a shared buffer just once.",
    ),
    "no counters": (
        "`{key}` leaves out the whole numbers: BatchNorm's `num_batches_tracked` is a buffer of one element.",
        "Take all of `model.buffers()`.",
    ),
    "kept ones": (
        "`{key}` goes over `state_dict()`, which has a shared buffer under each name and lacks those with "
        "`persistent=False`.",
        "Take all of `model.buffers()`.",
    ),
    "difference": (
        "`{key}` is the difference between the `state_dict()` and the parameters: shared weights stand in the one twice and "
        "in the other once, and buffers with `persistent=False` in neither.",
        "Take all of `model.buffers()`.",
    ),
    "means alone": (
        "`{key}` counts only `running_mean` and `running_var`: there are other buffers too.",
        "Take all of `model.buffers()`.",
    ),
    "no buffers": (
        "`{key}` is 0 on every network: buffers are not among `parameters()`.",
        "They have a list of their own: `model.buffers()`.",
    ),
    "buffers by flag": (
        "`{key}` counts frozen parameters: a buffer is no parameter at all, frozen or not.",
        "They have a list of their own: `model.buffers()`.",
    ),
    "state_dict as buffers": (
        "`{key}` counts all of `state_dict()`, in which the parameters stand too.",
        "They have a list of their own: `model.buffers()`.",
    ),
    "parameters as buffers": (
        "`{key}` counts the parameters.",
        "They have a list of their own: `model.buffers()`.",
    ),
}


def _sentences(key: str, mistakes: dict) -> dict:
    used = {name for made in mistakes["made"] for name in made.split(" + ")} | {"hint"}
    return {
        name: {"text": text.replace("{key}", key), "hint": hint}
        for name, (text, hint) in _SENTENCES.items()
        if name in used
    }


def _numbers(challenge: dict, right: dict[str, Callable], ways: dict[str, Iterable]) -> dict:
    networks = [counted_network(spec) for spec in challenge["networks"]]
    wanted = {key: [number(model) for model in networks] for key, number in right.items()}
    mistakes = {key: _mistakes(networks, wanted[key], ways[key]) for key in right}
    return {
        "networks": [{"traits": spec.get("traits", [])} for spec in challenge["networks"]],
        "wanted": wanted,
        "mistakes": mistakes,
        "sentences": {key: _sentences(key, mistakes[key]) for key in right},
    }


# ---------------------------------------------------------------- exercises


def count_parameters(challenge: dict) -> dict:
    """The three numbers of each network, and what each known mistake gives in their place."""
    once = {(): 1}
    return _numbers(
        challenge,
        {
            "total": lambda model: sum(p.numel() for p in model.parameters()),
            "trainable": lambda model: sum(p.numel() for p in model.parameters() if p.requires_grad),
            "buffers": lambda model: sum(b.numel() for b in model.buffers()),
        },
        {
            "total": _ways(_choices(False), _COUNTING, once, once),
            "trainable": _ways(_choices(True), _COUNTING, once, once),
            "buffers": _buffer_ways(),
        },
    )


def _trainable(model) -> list:
    return [p for p in model.parameters() if p.requires_grad]


def training_bytes(challenge: dict) -> dict:
    """The three predictions for each network, and what each known mistake gives in their place."""
    once = {(): 1}

    def adam(model) -> int:
        return 2 * sum(_bytes(p) for p in _trainable(model))

    counters = (("counters",), lambda model: adam(model) + 4 * len(_trainable(model)))
    return _numbers(
        challenge,
        {
            "weights": lambda model: sum(_bytes(p) for p in model.parameters()),
            "gradients": lambda model: sum(_bytes(p) for p in _trainable(model)),
            "adam": adam,
        },
        {
            "weights": _ways(_choices(False), _MEASURING, once, _UNITS),
            "gradients": _ways(_choices(True), _MEASURING, once, _UNITS),
            "adam": [*_ways(_choices(True), _MEASURING, _MOMENTS, _UNITS), counters],
        },
    )


# Of two children that share a weight, which one has it; how the model's own parameters are counted; and so on.
_SHARED = {(): "first", ("shared in last",): "last", ("shared twice",): "every"}
_OWN = {(): "own", ("own lost",): "none", ("whole as own",): "whole", ("rest as own",): "rest"}
_EACH: dict[tuple[str, ...], Callable] = {
    (): lambda tensor: tensor.numel(),
    ("tensors",): lambda tensor: 1,
    ("bytes",): _bytes,
}
_WHICH: dict[tuple[str, ...], Callable] = {
    (): lambda child: child.named_parameters(),
    ("buffers",): lambda child: itertools.chain(child.named_parameters(), child.named_buffers()),
    ("only trainable",): lambda child: ((n, p) for n, p in child.named_parameters() if p.requires_grad),
    ("weights",): lambda child: ((n, p) for n, p in child.named_parameters() if n.endswith("weight")),
    ("layers",): lambda child: _layer_by_layer(child, (nn.Conv2d, nn.Linear)),
    ("direct",): lambda child: child.named_parameters(recurse=False),
}


def _table(model, shared: str, own: str, each: Callable, which: Callable) -> list[int]:
    """A number for each child, and the model's own at the end."""
    children = [{id(t): t for _, t in which(child)} for child in model.children()]
    numbers = []
    for place, tensors in enumerate(children):
        others = {"first": children[:place], "last": children[place + 1 :], "every": []}[shared]
        taken = set().union(*others)
        numbers.append(sum(each(t) for number, t in tensors.items() if number not in taken))
    whole = sum(each(p) for p in model.parameters())
    itself = sum(each(p) for p in model.parameters(recurse=False))
    return [*numbers, {"own": itself, "none": 0, "whole": whole, "rest": whole - sum(numbers)}[own]]


def _by_beginning(model) -> list[int]:
    names = [name for name, _ in model.named_children()]
    pairs = _named(model)
    numbers = [sum(p.numel() for n, p in pairs if n.startswith(name)) for name in names]
    return [*numbers, sum(p.numel() for p in model.parameters(recurse=False))]


_TABLE_SENTENCES: dict[str, tuple[str, str]] = {
    "shared twice": (
        "A parameter that two children share is counted in both of them: the sum is more than the total.",
        "Remember which parameters are counted already, or go over `model.named_parameters()`, which gives each just once, "
        "under its first name.",
    ),
    "shared in last": (
        "A parameter that two children share is counted in the last of them; it belongs to the first.",
        "Count a parameter where it comes up first.",
    ),
    "tied": (
        "The numbers are wrong on a network whose children share a parameter: it counts once, in the first of them.",
        "`model.named_parameters()` gives each parameter just once, under its first name.",
    ),
    "own lost": (
        'Parameters of the model itself are missing: they lie in no child, and stand under the key "".',
        "`model.parameters(recurse=False)` gives just those of the model itself; their names have no dot.",
    ),
    "whole as own": (
        'Under "" stands the number of all parameters: only those that lie in no child belong there.',
        "`model.parameters(recurse=False)` gives just those of the model itself.",
    ),
    "rest as own": (
        'Under "" stands the total less the children\'s numbers, which are not right themselves.',
        "Mend the children's numbers first, and the rest is right.",
    ),
    "own_wrong": (
        'The number under "" is not that of the parameters of the model itself, which lie in no child.',
        "`model.parameters(recurse=False)` gives just those of the model itself.",
    ),
    "tensors": (
        "The numbers count tensors, not elements.",
        "Add up `parameter.numel()`.",
    ),
    "bytes": (
        "The numbers are in bytes; the number of elements is asked for.",
        "Add up `parameter.numel()`.",
    ),
    "buffers": (
        "The numbers count the buffers in: BatchNorm's running statistics are no parameters.",
        "`child.parameters()` leaves the buffers out, `child.state_dict()` does not.",
    ),
    "only trainable": (
        "The numbers leave out the frozen parameters.",
        "No condition on `requires_grad`: all parameters are asked for.",
    ),
    "weights": (
        "The numbers count only what is named `weight`: the biases are missing.",
        "Go over `child.parameters()`, whatever the names.",
    ),
    "layers": (
        "The numbers count only convolutions and linear layers: norms and PReLU have parameters too.",
        "Go over `child.parameters()`, whatever kind of layer they belong to.",
    ),
    "direct": (
        "The numbers have only the parameters that belong to each child directly: most lie in layers inside of it.",
        "`child.parameters()` looks at every depth, unless it is told `recurse=False`.",
    ),
    "beginning": (
        "A child has the parameters of another one whose name begins like its own.",
        'Compare the whole name: `name.split(".")[0] == child_name`, not `name.startswith(child_name)`.',
    ),
}


def count_by_child(challenge: dict) -> dict:
    """The table of each network, and what each known mistake gives in its place."""
    networks = [counted_network(spec) for spec in challenge["networks"]]
    ways = [
        (
            a + b + c + d,
            lambda model, s=shared, o=own, e=each, w=which: _table(model, s, o, e, w),
        )
        for (a, shared), (b, own), (c, each), (d, which) in itertools.product(
            _SHARED.items(), _OWN.items(), _EACH.items(), _WHICH.items()
        )
    ]
    ways.append((("beginning",), _by_beginning))
    ways.append((("beginning", "own lost"), lambda model: [*_by_beginning(model)[:-1], 0]))
    wanted = [_table(model, "first", "own", _EACH[()], _WHICH[()]) for model in networks]
    return {
        "networks": [
            {
                "traits": spec.get("traits", []),
                "children": [name for name, _ in model.named_children()],
                "counts": counts,
            }
            for spec, model, counts in zip(challenge["networks"], networks, wanted, strict=True)
        ],
        "mistakes": _mistakes(networks, wanted, ways),
        "sentences": {name: {"text": text, "hint": hint} for name, (text, hint) in _TABLE_SENTENCES.items()},
    }


def find_the_bug(challenge: dict) -> dict:
    """For each network its head's name and how many outputs the new one has."""
    return {
        "networks": [
            {"head": report_head(spec), "classes": report_classes(spec, more)}
            for spec, more in zip(challenge["networks"], challenge["more_classes"], strict=True)
        ]
    }


EXPECT = {
    "counting.count_parameters": count_parameters,
    "counting.count_by_child": count_by_child,
    "counting.training_bytes": training_bytes,
    "counting.find_the_bug": find_the_bug,
}
