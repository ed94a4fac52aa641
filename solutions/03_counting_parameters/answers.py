"""Expected values of lesson 03_counting_parameters. Stays with the instructor."""

import itertools
from collections.abc import Callable, Iterable

import numpy as np
from torch import nn

from grader.exercises.lesson_03_counting_parameters.counted_networks import counted_network, traits_of
from grader.exercises.lesson_03_counting_parameters.find_the_bug import report_classes, report_head

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
    ("twice-by-layers",): _layer_by_layer,
    ("state-dict",): lambda model: list(model.state_dict(keep_vars=True).items()),
    ("own-lost",): lambda model: [pair for pair in _named(model) if "." in pair[0]],
    ("twice-by-children", "own-lost"): _child_by_child,
    ("nested",): _nested,
    ("weights",): lambda model: [pair for pair in _named(model) if pair[0].endswith("weight")],
    ("matrices",): lambda model: [pair for pair in _named(model) if pair[1].ndim > 1],
    ("layers",): lambda model: _layer_by_layer(model, (nn.Conv2d, nn.Linear)),
}


def _by_whole_layers(model, trains: Callable, once: bool = True) -> list:
    """Parameters of the layers that ``trains``, all or nothing; a shared one ``once`` or with each layer."""
    found = [
        parameter
        for module in model.modules()
        if (own := list(module.parameters(recurse=False))) and trains(own)
        for parameter in own
    ]
    return list({id(parameter): parameter for parameter in found}.values()) if once else found


_LAYER_TRAINS: dict[str, Callable] = {
    "any-in-the-layer": lambda own: any(p.requires_grad for p in own),
    "all-in-the-layer": lambda own: all(p.requires_grad for p in own),
    "first-in-the-layer": lambda own: own[0].requires_grad,
}


def _choices(only_trainable: bool) -> dict[tuple[str, ...], Callable]:
    """Ways of choosing tensors where all, or just the trainable ones, are asked for."""

    def filtered(pool: Callable, keep: Callable) -> Callable:
        return lambda model: [tensor for _, tensor in pool(model) if keep(tensor)]

    ways: dict[tuple[str, ...], Callable] = {}
    for made, pool in _POOLS.items():
        if only_trainable:
            ways[made] = filtered(pool, lambda tensor: tensor.requires_grad)
            ways[(*made, "frozen-too")] = filtered(pool, lambda tensor: True)
            ways[(*made, "only-frozen")] = filtered(pool, lambda tensor: not tensor.requires_grad)
        else:
            ways[made] = filtered(pool, lambda tensor: True)
            ways[(*made, "only-trainable")] = filtered(pool, lambda tensor: tensor.requires_grad)
    if only_trainable:
        ways[("detached",)] = lambda model: []
        for name, trains in _LAYER_TRAINS.items():
            ways[(name,)] = lambda model, t=trains: _by_whole_layers(model, t)
            ways[("twice-by-layers", name)] = lambda model, t=trains: _by_whole_layers(model, t, once=False)
    return ways


# ---------------------------------------------------------------- ways of measuring them


def _bytes(tensor) -> int:
    return tensor.numel() * tensor.element_size()


_COUNTING: dict[tuple[str, ...], Callable] = {
    (): lambda model, tensors: sum(t.numel() for t in tensors),
    ("tensors",): lambda model, tensors: len(tensors),
    ("bytes",): lambda model, tensors: sum(_bytes(t) for t in tensors),
    ("first-side",): lambda model, tensors: sum(len(t) if t.ndim else 1 for t in tensors),
}

_MEASURING: dict[tuple[str, ...], Callable] = {
    (): lambda model, tensors: sum(_bytes(t) for t in tensors),
    ("four-bytes",): lambda model, tensors: 4 * sum(t.numel() for t in tensors),
    ("eight-bytes",): lambda model, tensors: 8 * sum(t.numel() for t in tensors),
    ("elements",): lambda model, tensors: sum(t.numel() for t in tensors),
    ("bytes-of-the-first",): lambda model, tensors: (
        next(model.parameters()).element_size() * sum(t.numel() for t in tensors)
    ),
    ("bytes-of-the-last",): lambda model, tensors: (
        [*model.parameters()][-1].element_size() * sum(t.numel() for t in tensors)
    ),
    ("size-without-numel",): lambda model, tensors: sum(t.element_size() for t in tensors),
    ("bits",): lambda model, tensors: 8 * sum(_bytes(t) for t in tensors),
}
_UNITS = {(): 1, ("kB",): 1e3, ("KiB",): 2**10, ("MB",): 1e6, ("MiB",): 2**20}
_MOMENTS: dict[tuple[str, ...], float] = {
    (): 2,
    ("one-moment",): 1,
    ("three-moments",): 3,
    ("four-moments",): 4,
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
        ("buffers-twice",): lambda model: [b for _, b in model.named_buffers(remove_duplicate=False)],
        ("no-counters",): lambda model: [b for b in model.buffers() if b.is_floating_point()],
        ("kept-ones",): lambda model: [
            tensor
            for name, tensor in model.state_dict().items()
            if name not in dict(_named(model, remove_duplicate=False))
        ],
        ("own-lost",): lambda model: [b for name, b in model.named_buffers() if "." in name],
        ("means-alone",): lambda model: [
            b for n, b in model.named_buffers() if n.endswith(("running_mean", "running_var"))
        ],
        ("no-buffers",): lambda model: [],
        ("frozen-as-buffers",): lambda model: [p for p in model.parameters() if not p.requires_grad],
        ("state-dict-as-buffers",): lambda model: list(model.state_dict().values()),
        ("parameters-as-buffers",): lambda model: list(model.parameters()),
    }
    yield from _ways(pools, _COUNTING, {(): 1}, {(): 1})
    # What the state_dict holds beyond the parameters counted once: shared weights come into the difference.
    yield (
        ("difference",),
        lambda model: (
            sum(t.numel() for t in model.state_dict().values()) - sum(p.numel() for p in model.parameters())
        ),
    )


def _numbers(challenge: dict, right: dict[str, Callable], ways: dict[str, Iterable]) -> dict:
    networks = [counted_network(spec) for spec in challenge["networks"]]
    wanted = {key: [number(model) for model in networks] for key, number in right.items()}
    return {
        "traits": [traits_of(spec) for spec in challenge["networks"]],
        "wanted": wanted,
        "mistakes": {key: _mistakes(networks, wanted[key], ways[key]) for key in right},
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
_SHARED = {(): "first", ("shared-in-last",): "last", ("shared-twice",): "every"}
_OWN = {(): "own", ("own-lost",): "none", ("whole-as-own",): "whole", ("rest-as-own",): "rest"}
_EACH: dict[tuple[str, ...], Callable] = {
    (): lambda tensor: tensor.numel(),
    ("tensors",): lambda tensor: 1,
    ("bytes",): _bytes,
}
_WHICH: dict[tuple[str, ...], Callable] = {
    (): lambda child: child.named_parameters(),
    ("buffers",): lambda child: itertools.chain(child.named_parameters(), child.named_buffers()),
    ("only-trainable",): lambda child: ((n, p) for n, p in child.named_parameters() if p.requires_grad),
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


_EACH_CHILD: dict[tuple[str, ...], Callable] = {
    ("state-dict",): lambda child: child.state_dict().values(),
    ("names-twice",): lambda child: (p for _, p in child.named_parameters(remove_duplicate=False)),
    ("layers",): lambda child: (p for _, p in _layer_by_layer(child, (nn.Conv2d, nn.Linear))),
    ("nested",): lambda child: (p for _, p in _nested(child)),
}


def _of_each_child(model, tensors: Callable, own: str) -> list[int]:
    """Whatever each child gives, shared tensors as often as it gives them; the model's own at the end."""
    numbers = [sum(t.numel() for t in tensors(child)) for child in model.children()]
    whole = sum(p.numel() for p in model.parameters())
    itself = sum(p.numel() for p in model.parameters(recurse=False))
    return [*numbers, {"own": itself, "none": 0, "whole": whole, "rest": whole - sum(numbers)}[own]]


def _by_beginning(model) -> list[int]:
    names = [name for name, _ in model.named_children()]
    pairs = _named(model)
    numbers = [sum(p.numel() for n, p in pairs if n.startswith(name)) for name in names]
    return [*numbers, sum(p.numel() for p in model.parameters(recurse=False))]


def _by_names_inside(model) -> list[int]:
    names = [name for name, _ in model.named_children()]
    numbers = [sum(p.numel() for n, p in _named(model) if name in n.split(".")) for name in names]
    return [*numbers, sum(p.numel() for p in model.parameters(recurse=False))]


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
    ways += [
        (names + b, lambda model, t=tensors, o=own: _of_each_child(model, t, o))
        for (names, tensors), (b, own) in itertools.product(_EACH_CHILD.items(), _OWN.items())
    ]
    ways.append((("beginning",), _by_beginning))
    ways.append((("names-inside",), _by_names_inside))
    ways.append((("beginning", "own-lost"), lambda model: [*_by_beginning(model)[:-1], 0]))
    wanted = [_table(model, "first", "own", _EACH[()], _WHICH[()]) for model in networks]
    return {
        "networks": [
            {
                "traits": traits_of(spec),
                "children": [name for name, _ in model.named_children()],
                "counts": counts,
            }
            for spec, model, counts in zip(challenge["networks"], networks, wanted, strict=True)
        ],
        "mistakes": _mistakes(networks, wanted, ways),
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
