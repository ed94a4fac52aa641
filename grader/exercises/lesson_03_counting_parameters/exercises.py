"""Exercises of lesson 03_counting_parameters: how many there are, how many train, and what they cost."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grader.exercises.kit.comparing import same
from grader.exercises.kit.legacy_side_effects import condition, side_effects
from grader.exercises.kit.models import head_name, random_cnn, random_cnn_spec
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding, Verdict

# The first is the beginning of the second: `name.startswith(child)` finds both.
_ALIKE = [("mix", "mixer"), ("view", "viewer"), ("fold", "folder"), ("band", "banded")]
_OTHERS = ["weave", "lattice", "relay", "grain", "prism"]
_POOLS = ["shrink", "gather", "flatten_all"]
_HEADS = ["readout", "scorer", "outlet"]
_OF_OWN = ("own lost", "as own")  # endings of the mistakes that are made with a model's own parameters
_MOST_ITEMS = 60  # of a dict that an answer returns


# ---------------------------------------------------------------- networks


def counted_network_spec(rng: np.random.Generator, *traits: str, frozen: str = "some") -> dict[str, Any]:
    """A random network for ``counted_network``, as plain JSON.

    Args:
        traits: any of "tied", "own" and "mixed", as ``counted_network`` builds them.
        frozen: "none" of the parameters, "some" drawn one by one, or "all".
    """
    short, long = _ALIKE[int(rng.integers(len(_ALIKE)))]
    others = [str(name) for name in rng.permutation(_OTHERS)[:2]]
    return {
        "kind": "counted",
        "seed": int(rng.integers(2**31)),
        "children": [long, *others, str(rng.choice(_POOLS)), short, str(rng.choice(_HEADS))],
        "width": int(rng.integers(5, 9)),
        "traits": list(traits),
        "dtypes": [str(name) for name in rng.permutation(["float16", "float64"])],
        "frozen": frozen,
        "training": bool(rng.random() < 0.5),
    }


def counted_network(spec: dict[str, Any]):
    """The network of a spec: six children, one without parameters, the last one the linear head.

    Its layers have biases and none, BatchNorm with weights and without, GroupNorm and PReLU. Traits:

    - "tied": two children share a convolution and a BatchNorm, two more a weight;
    - "own": parameters and buffers of the model itself, one buffer not in its ``state_dict``;
    - "mixed": parts in float16 and in float64.

    A spec of ``random_cnn_spec`` gives that network, with its first child frozen.
    """
    import torch
    from torch import nn

    if spec.get("kind") != "counted":
        model = random_cnn(spec).train()
        next(model.children()).requires_grad_(False)
        return model
    width, traits = spec["width"], spec["traits"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec["seed"])
        shared = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        again = shared if "tied" in traits else (nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width))
        parts = [
            nn.Sequential(nn.Conv2d(3, width, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU()),
            nn.Sequential(*shared, nn.ReLU(), nn.GroupNorm(1, width)),
            nn.Sequential(nn.Sequential(*again), nn.BatchNorm2d(width, affine=False), nn.PReLU(width)),
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width)),
            nn.Linear(width, width),
        ]
        if "mixed" in traits:
            parts[0].to(getattr(torch, spec["dtypes"][0]))
            parts[4].to(getattr(torch, spec["dtypes"][1]))
        if "tied" in traits and "own_head" not in traits:
            parts[5].weight = parts[4][0].weight
        model = nn.Sequential()
        for name, part in zip(spec["children"], parts, strict=True):
            model.add_module(name, part)
        if "own" in traits:
            model.register_parameter("scale", nn.Parameter(torch.ones(3, width)))
            model.register_parameter("shift", nn.Parameter(torch.zeros(7)))
            model.register_buffer("grid", torch.zeros(4, width))
            model.register_buffer("scratch_pad", torch.zeros(11), persistent=False)
        rng = np.random.default_rng(spec["seed"])
        for parameter in model.parameters():
            # One by one: a weight may be frozen and its bias not.
            parameter.requires_grad_(
                spec["frozen"] == "none" or (spec["frozen"] == "some" and rng.random() < 0.5)
            )
    return model.train(spec["training"])


def _networks(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Six networks: plain ones, one for each trait, one with all of them."""
    return [
        random_cnn_spec(rng),
        counted_network_spec(rng, frozen="all"),
        counted_network_spec(rng, "tied"),
        counted_network_spec(rng, "own"),
        counted_network_spec(rng, "mixed"),
        counted_network_spec(rng, "tied", "own", "mixed"),
    ]


_TRAITS = {
    "tied": "whose layers share weights",
    "own": "with parameters or buffers of its own, outside of every child",
    "mixed": "with parts in float16 and in float64",
}


def _number(value: object) -> int | float | None:
    """A number that an answer gave, or None for anything else."""
    import torch

    if isinstance(value, torch.Tensor):
        if value.numel() != 1 or value.device.type == "meta" or value.is_complex():
            return None
        value = value.item()
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _described_dict(result: object) -> dict[str, Any]:
    """A returned dict as evidence: ``items`` are name, number or None, and the value's type."""
    if not isinstance(result, Mapping):
        return {"type": type(result).__name__, "items": None}
    return {
        "type": type(result).__name__,
        "items": [
            [str(name)[:80], _number(value), type(value).__name__]
            for name, value in list(result.items())[:_MOST_ITEMS]
        ],
    }


def _ask(answer: Callable, spec: dict[str, Any]) -> dict[str, Any]:
    """What ``answer`` returns for a network, and the network's condition before and after."""
    model = counted_network(spec)
    before = condition(model)
    result = answer(model)
    return {"before": before, "after": condition(model), "result": _described_dict(result)}


def _effects(runs: list[dict], allowed: tuple[str, ...] = ()) -> list[Finding]:
    """What the answer did to the first network that it did anything to."""
    found = (side_effects(run["before"], run["after"], allowed) for run in runs)
    return next((findings for findings in found if findings), [])


def _is(number: object, wanted: float) -> bool:
    """Whether a number of untrusted origin is exactly ``wanted``."""
    return isinstance(number, int | float) and not isinstance(number, bool) and number == wanted


def _mistakes_made(gives: list, mistakes: dict) -> list[str]:
    """Names of the mistakes that give just these numbers; none if no known ones do.

    Args:
        mistakes: ``made``, names joined by " + ", and ``gives``, a row of numbers each.
    """
    row = np.array(gives, dtype=float)
    found = [
        made
        for made, wrong in zip(mistakes["made"], mistakes["gives"], strict=True)
        if row.shape == wrong.shape and np.allclose(row, wrong, rtol=1e-9, atol=0)
    ]
    return found[0].split(" + ") if found else []


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _where_wrong(right: list[bool], networks: list[dict]) -> str:
    """The trait that just the networks have on which an answer is wrong, in words; nothing if there is none."""
    wrong_alone = [
        words
        for trait, words in _TRAITS.items()
        if all((trait in network["traits"]) is not ok for ok, network in zip(right, networks, strict=True))
    ]
    return f"only wrong on a network {wrong_alone[0]}" if wrong_alone else ""


class _Numbers(Exercise):
    """A dict of numbers about a model, each worth its points."""

    shares: dict[str, int]  # points of each key
    partial: dict[str, int] = {}  # points that are left when one mistake alone is made
    success: str

    def challenge(self, rng: np.random.Generator) -> dict:
        """Six networks that the student has not seen."""
        return {"networks": _networks(rng)}

    def collect(self, answer, challenge: dict) -> dict:
        """What is returned for each network, and what became of the network."""
        return {"runs": [_ask(answer, spec) for spec in challenge["networks"]]}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """Each key has its points; an answer that changes a network gets half of them all at most."""
        runs, networks = evidence["runs"], expected["networks"]
        if len(runs) != len(networks):
            return self.verdict(0, [Finding(text="An answer for each network was expected.")])
        effects = _effects(runs)
        results = [run["result"] for run in runs]
        keys = ", ".join(f'"{key}"' for key in self.shares)
        for result in results:
            if result["items"] is None:
                text = (
                    f"A dict with the keys {keys} was expected, but the function returned {result['type']}."
                )
                return self.verdict(0, [*effects, Finding(text=text, hint=f"Wanted is `{self.signature}`.")])
        points, right, findings = 0, [], []
        for key, share in self.shares.items():
            earned, wrong = self._judge_key(key, share, results, expected)
            points += earned
            findings += [finding for finding in wrong if finding not in findings]
            if not wrong:
                right.append(key)
        if right:
            text = f"Right on every network: {_listed(right)}."
            findings.append(Finding(text=text if len(right) < len(self.shares) else self.success))
        if effects:
            points = min(points, self.points // 2)
        return self.verdict(points, [*effects, *findings])

    def _judge_key(
        self, key: str, share: int, results: list[dict], expected: dict
    ) -> tuple[int, list[Finding]]:
        gives = []
        for result in results:
            item = next((item for item in result["items"] if item[0] == key), None)
            if item is None:
                names = [str(item[0]) for item in result["items"]]
                has = f"it has {_listed(names[:6])}" if names else "it is empty"
                return 0, [
                    Finding(
                        text=f'The key "{key}" is missing from the returned dict: {has}.',
                        hint=f"Wanted is `{self.signature}`.",
                    )
                ]
            if item[1] is None:
                return 0, [
                    Finding(
                        text=f"`{key}` is {item[2]}, not a number.",
                        hint="Add up over all the tensors: `sum(… for parameter in model.parameters())`.",
                    )
                ]
            gives.append(item[1])
        wanted = expected["wanted"][key]
        ok = [_is(number, value) for number, value in zip(gives, wanted, strict=True)]
        if all(ok):
            return share, []
        made = _mistakes_made(gives, expected["mistakes"][key])
        if made:
            findings = [Finding(**expected["sentences"][key][name]) for name in made]
            return self.partial.get(made[0], 0) if len(made) == 1 else 0, findings
        first = ok.index(False)
        where = _where_wrong(ok, expected["networks"])
        text = f"`{key}` is {where or 'wrong'}: {gives[first]:,} where {wanted[first]:,} is right."
        return 0, [Finding(text=text, hint=expected["sentences"][key]["hint"]["hint"])]


# ---------------------------------------------------------------- exercise 1


class CountParameters(_Numbers):
    """Count a model's elements: all parameters, the trainable ones, and the buffers."""

    id = "counting.count_parameters"
    title = "Count"
    signature = 'count_parameters(model) -> dict with the keys "total", "trainable" and "buffers"'
    points = 3
    minutes = 6
    difficulty = 1
    section = "Exercise 1: count"
    shares = {"total": 1, "trainable": 1, "buffers": 1}
    success = "All three numbers are right on every network, shared weights counted once."


# ---------------------------------------------------------------- exercise 2


class CountByChild(Exercise):
    """Count the parameters of each direct child, so that the sum is the total."""

    id = "counting.count_by_child"
    title = "Count by part"
    signature = "count_by_child(model) -> dict from each child's name to its number of parameters"
    points = 4
    minutes = 8
    difficulty = 2
    section = "Exercise 2: count by part"

    def challenge(self, rng: np.random.Generator) -> dict:
        """Six networks that the student has not seen."""
        return {"networks": _networks(rng)}

    def collect(self, answer, challenge: dict) -> dict:
        """What is returned for each network, and what became of the network."""
        return {"runs": [_ask(answer, spec) for spec in challenge["networks"]]}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """A point each for the names, the plain numbers, shared weights, and the model's own parameters."""
        runs, networks = evidence["runs"], expected["networks"]
        if len(runs) != len(networks):
            return self.verdict(0, [Finding(text="An answer for each network was expected.")])
        effects = _effects(runs)
        counted = []
        for run in runs:
            problem = _not_counts(run["result"])
            if problem:
                return self.verdict(
                    0, [*effects, Finding(text=problem, hint=f"Wanted is `{self.signature}`.")]
                )
            counted.append({name: number for name, number, _ in run["result"]["items"]})
        points, findings = self._judge_counts(counted, expected)
        if effects:
            points = min(points, self.points // 2)
        return self.verdict(points, [*effects, *findings])

    def _judge_counts(self, counted: list[dict], expected: dict) -> tuple[int, list[Finding]]:
        networks = expected["networks"]
        pairs = list(zip(counted, networks, strict=True))
        names = next((found for pair in pairs if (found := _explain_names(*pair))), None)
        # Numbers in the order of the children, and the model's own at the end.
        gives = [[counts.get(name, 0) for name in (*net["children"], "")] for counts, net in pairs]
        right = [_equal(given[:-1], net["counts"][:-1]) for given, net in zip(gives, networks, strict=True)]
        own = all(_is(given[-1], net["counts"][-1]) for given, net in zip(gives, networks, strict=True))
        plain = all(ok for ok, net in zip(right, networks, strict=True) if "tied" not in net["traits"])
        tied = plain and all(right)
        made = _table_mistakes(gives, own, expected["mistakes"])
        points = (names is None and any(map(any, gives))) + plain + tied + own
        findings = [names] if names else []
        if tied and own:
            if not names:
                text = "Every child has its number, shared weights stand once, and the sum is the total."
                findings = [Finding(text=text)]
            return points, findings
        if made:
            findings += [Finding(**expected["sentences"][name]) for name in made]
        elif plain and not tied:
            findings.append(Finding(**expected["sentences"]["tied"]))
        elif plain:
            findings.append(Finding(**expected["sentences"]["own_wrong"]))
        elif not findings:
            findings.append(_explain_counts(gives, networks))
        return points, findings


def _not_counts(result: dict) -> str:
    """Why a result is not a dict of numbers; nothing if it is."""
    if result["items"] is None:
        return f"A dict from names to numbers was expected, but the function returned {result['type']}."
    for name, number, kind in result["items"]:
        if number is None:
            return f"The value of `{name}` is {kind}, not a number."
    return ""


def _equal(left: Any, right: Any) -> bool:
    """Whether two nested lists hold the very same numbers; ``right`` is trusted."""
    if not isinstance(right, list):
        return _is(left, right)
    return len(left) == len(right) and all(_equal(one, other) for one, other in zip(left, right, strict=True))


def _explain_names(counts: dict, network: dict) -> Finding | None:
    given, wanted = [name for name in counts if name], network["children"]
    if given == wanted:
        return None
    if not given:
        return Finding(
            text="The returned dict names no child of the model.",
            hint="Start from `for name, child in model.named_children()`.",
        )
    dotted = [name for name in given if "." in name]
    if dotted:
        return Finding(
            text=f"The dict goes deeper than the direct children: `{dotted[0]}` lies inside of one.",
            hint="`named_children()` gives just the direct children, `named_modules()` every layer at every depth.",
        )
    missing = [name for name in wanted if name not in given]
    if missing and missing == [name for name in wanted if not network["counts"][wanted.index(name)]]:
        return Finding(
            text=f"`{missing[0]}` is missing: a child without parameters has 0 of them, and stands in the table too.",
            hint="Give each name of `named_children()` a 0 first, then add.",
        )
    if missing:
        return Finding(
            text=f"The child `{missing[0]}` is missing.",
            hint="One entry for each pair of `model.named_children()`, under its own name.",
        )
    strange = [name for name in given if name not in wanted]
    if strange:
        return Finding(
            text=f"`{strange[0]}` is no child of the model.",
            hint='The direct children\'s names, and "" for parameters of the model itself: nothing else.',
        )
    return Finding(
        text=f"The children stand in another order than in the model: {_listed(given)}.",
        hint="`named_children()` gives them in the order in which the model was built; a dict keeps it.",
    )


def _table_mistakes(gives: list[list], own: bool, mistakes: dict) -> list[str]:
    """Names of the mistakes that give just these tables, or at least just these numbers of the children.

    Args:
        own: whether the last number of every table, of the model's own parameters, is right.
    """
    made = _mistakes_made([number for given in gives for number in given], mistakes)
    if made:
        return made
    is_child = [place < len(given) - 1 for given in gives for place in range(len(given))]
    children = {"made": mistakes["made"], "gives": mistakes["gives"][:, is_child]}
    made = _mistakes_made([number for given in gives for number in given[:-1]], children)
    made = [name for name in made if not name.endswith(_OF_OWN)]
    return made if own or not made else [*made, "own_wrong"]


def _explain_counts(gives: list[list], networks: list[dict]) -> Finding:
    for given, network in zip(gives, networks, strict=True):
        for name, number, wanted in zip((*network["children"], ""), given, network["counts"], strict=True):
            if not _is(number, wanted):
                return Finding(
                    text=f"`{name}` has {number:,} parameters by your count; {wanted:,} is right.",
                    hint="Add up `parameter.numel()` over `child.parameters()`, which looks into every layer inside.",
                )
    return Finding(text="The numbers are not right.")


# ---------------------------------------------------------------- exercise 3


class TrainingBytes(_Numbers):
    """Predict what weights, gradients and Adam's moments take, in bytes."""

    id = "counting.training_bytes"
    title = "What training costs"
    signature = 'training_bytes(model) -> dict with the keys "weights", "gradients" and "adam"'
    points = 4
    minutes = 8
    difficulty = 2
    section = "Exercise 3: what training costs"
    shares = {"weights": 1, "gradients": 1, "adam": 2}
    partial = {"one moment": 1}
    success = "All three predictions are right on every network, to the byte."


# ---------------------------------------------------------------- exercise 4


class FindTheBug(Exercise):
    """Repair a report on a frozen network with a new head: wrong head, wrong total, wrong count of what trains."""

    id = "counting.find_the_bug"
    title = "Find the bug: the report"
    signature = "new_head_report(model, head_name, num_classes) -> (model, total, trainable)"
    points = 4
    minutes = 10
    difficulty = 3
    section = "Exercise 4: find the bug"

    def challenge(self, rng: np.random.Generator) -> dict:
        """Three networks: a head inside another module, a head alone, and shared weights below the head.

        Each new head is wider than any layer, so that a new layer in a wrong place is always seen.
        """
        return {
            "networks": [
                {**random_cnn_spec(rng), "nested_head": True},
                {**random_cnn_spec(rng), "nested_head": False},
                {**counted_network_spec(rng, "tied", "own_head", "own", frozen="none"), "training": True},
            ],
            "more_classes": [int(number) for number in rng.permutation([11, 13, 14])],
        }

    def collect(self, answer, challenge: dict) -> dict:
        """Both numbers, and what the returned network consists of and gives for a batch."""
        asked = zip(challenge["networks"], challenge["more_classes"], strict=True)
        return {"runs": [_ask_for_report(answer, spec, more) for spec, more in asked]}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """A point each for the new head, for what is trainable, and for either number."""
        runs, networks = evidence["runs"], expected["networks"]
        if len(runs) != len(networks):
            return self.verdict(0, [Finding(text="A report on each network was expected.")])
        for run in runs:
            if run["problem"]:
                hint = "End with `return model, total, trainable`."
                return self.verdict(0, [Finding(text=run["problem"], hint=hint)])
        pairs = list(zip(runs, networks, strict=True))
        effects = _report_effects(pairs)
        head = next((found for pair in pairs if (found := _explain_head(*pair))), None)
        flags = next((found for pair in pairs if (found := _explain_flags(*pair))), None)
        swapped = all(_are_swapped(run) for run in runs)
        total, trainable = _explain_number(runs, "total"), _explain_number(runs, "trainable")
        # Flags without a new head earn nothing: the released program sets them right.
        points = (not head) + (not head and not flags) + (not total) + (not trainable)
        if swapped:
            findings = [
                head,
                flags,
                Finding(
                    text="The two numbers are swapped: the total comes first, then what is trainable.",
                    hint="End with `return model, total, trainable`.",
                ),
            ]
        else:
            findings = [head, flags, total, trainable]
        findings = [finding for finding in findings if finding]
        if effects:
            points = min(points, self.points // 2)
        if not findings and not effects:
            text = "The head is new, it alone is trainable, and both numbers are right."
            findings = [Finding(text=text)]
        return self.verdict(points, [*effects, *findings])


def report_head(spec: dict) -> str:
    """Name of the head of a network of this exercise."""
    return spec["children"][-1] if spec.get("kind") == "counted" else head_name(spec)


def report_network(spec: dict):
    """A network of this exercise as it is given: everything trainable, in training mode."""
    return counted_network(spec).requires_grad_(True).train()


def report_classes(spec: dict, more: int) -> int:
    """How many outputs the new head is to have: ``more`` than the old one."""
    return spec["width"] + more if spec.get("kind") == "counted" else spec["num_classes"] + more


def consists_of(model) -> dict[str, Any]:
    """A model's parameters and buffers as evidence: names, shapes, flags, and the number of each shared tensor."""
    numbers: dict[int, int] = {}
    kept = set(model.state_dict(keep_vars=True))
    return {
        "parameters": [
            [name, list(tensor.shape), tensor.requires_grad, numbers.setdefault(id(tensor), len(numbers))]
            for name, tensor in model.named_parameters(remove_duplicate=False)
        ],
        "buffers": [
            [name, list(tensor.shape), name in kept, numbers.setdefault(id(tensor), len(numbers))]
            for name, tensor in model.named_buffers(remove_duplicate=False)
        ],
    }


def _ask_for_report(answer: Callable, spec: dict, more: int) -> dict[str, Any]:
    import torch

    model, name, classes = report_network(spec), report_head(spec), report_classes(spec, more)
    before, given = condition(model), consists_of(model)
    result = answer(model, name, classes)
    problem = _not_report(result)
    if problem:
        return {"problem": problem}
    model, total, trainable = result
    outputs, forward_error = [], ""
    size = spec.get("size", 10)
    after, consists = condition(model), consists_of(model)
    try:
        with torch.no_grad():
            outputs = list(copy.deepcopy(model).eval()(torch.zeros(2, 3, size, size)).shape)
    except Exception as error:  # the network is what the answer made of it
        forward_error = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return {
        "problem": "",
        "total": _number(total),
        "trainable": _number(trainable),
        "before": before,
        "after": after,
        "given": given,
        "consists": consists,
        "outputs": outputs,
        "forward_error": forward_error,
        "modules": [name for name, _ in model.named_modules()],
        "claimed": [
            int(m.out_features)
            for m in model.modules()
            if isinstance(m, torch.nn.Linear) and m.out_features != len(m.weight)
        ],
        "flagged_modules": [name for name, m in model.named_modules() if "requires_grad" in vars(m)],
    }


def _not_report(result: object) -> str:
    """Why ``result`` is not a model and two numbers; nothing if it is."""
    import torch

    if not isinstance(result, tuple | list) or len(result) != 3:
        got = f"{len(result)} results" if isinstance(result, tuple | list) else type(result).__name__
        return f"A model and two numbers were expected, but the function returned {got}."
    model, *numbers = result
    if not isinstance(model, torch.nn.Module):
        return f"The first result should be the model, but it is {type(model).__name__}."
    for which, number in zip(("total", "trainable"), numbers, strict=True):
        if _number(number) is None:
            return f"`{which}` is {type(number).__name__}, not a number."
    return ""


def _in_head(name: str, head: str) -> bool:
    return name == head or name.startswith(f"{head}.")


def _report_effects(pairs: list[tuple[dict, dict]]) -> list[Finding]:
    """What the answer did to a network beside its head and its flags."""
    for run, network in pairs:
        before, after = run["before"], run["after"]
        # All that is given trains, so the modes tell the modules. A new head has the mode that new layers have.
        kept = [name for name in before["training"] if name in run["modules"]]
        kept = [name for name in kept if not _in_head(name, network["head"])]
        modes = [
            {**state, "training": [n for n in state["training"] if n in kept]} for state in (before, after)
        ]
        found = side_effects(*modes, ("state", "trainable"))
        if found:
            return found
    return []


def _explain_head(run: dict, network: dict) -> Finding | None:
    classes, head = network["classes"], network["head"]
    if run["forward_error"]:
        return Finding(
            text=f"The returned network fails on a batch of images: {run['forward_error']}",
            hint="The new `nn.Linear` takes `in_features` of the old head and stands in its place.",
        )
    before, after = run["before"]["state"], run["after"]["state"]
    outside = [name for name in before if not _in_head(name, head)]
    missing = [name for name in outside if name not in after]
    if missing:
        return Finding(
            text=f"`{missing[0]}` of the backbone is missing: more than the head was replaced, or the network was "
            "wrapped in another.",
            hint="`model.set_submodule(head_name, nn.Linear(…))` puts the new layer where the old head was.",
        )
    if run["outputs"] != [2, classes]:
        if classes in run["claimed"]:
            return Finding(
                text=f"The network still gives {run['outputs'][-1]} outputs where {classes} are wanted: `out_features` "
                "was changed, but that is only a number noted on the layer; its weights are as before.",
                hint="Put a new `nn.Linear(head.in_features, num_classes)` in the head's place.",
            )
        return Finding(
            text=f"The network gives outputs of shape {tuple(run['outputs'])} for two images, where (2, {classes}) is needed.",
            hint="Put a new `nn.Linear(head.in_features, num_classes)` in the head's place.",
        )
    on_cpu = (
        run["after"]["devices"] == run["before"]["devices"]
    )  # elsewhere, and of another dtype: told above
    if on_cpu and run["after"]["dtypes"] == run["before"]["dtypes"]:
        changed = [name for name in outside if not same(after[name], before[name])]
        if changed:
            return Finding(
                text=f"`{changed[0]}` of the backbone was changed: only the head is to be new.",
                hint="Replace the head and touch no other tensor; a report needs no training.",
            )
    return None


def _explain_flags(run: dict, network: dict) -> Finding | None:
    head = network["head"]
    flags = {name: flag for name, _, flag, _ in run["consists"]["parameters"]}
    own = [name for name in flags if _in_head(name, head)]
    trainable = [name for name in flags if flags[name]]
    backbone = [name for name in trainable if name not in own]
    if own and not any(flags[name] for name in own) and not backbone:
        return Finding(
            text="Nothing is trainable, the head neither: everything was frozen after the head was replaced.",
            hint="Freeze first, then replace the head: a new layer is trainable.",
        )
    if backbone and len(backbone) == len(flags) - len(own):
        if run["flagged_modules"]:
            name = run["flagged_modules"][0] or "the model itself"
            return Finding(
                text=f"The backbone is trainable: `requires_grad = …` was set on `{name}`, which is a module, where it is "
                "a plain attribute that nobody reads.",
                hint="Set it on each of `model.parameters()`, or call `model.requires_grad_(False)`.",
            )
        return Finding(
            text="Everything is trainable: the backbone was not frozen, or it was unfrozen again.",
            hint="Set `requires_grad = False` on all of `model.parameters()` first; then only the head is opened.",
        )
    if backbone:
        return Finding(
            text=f"`{backbone[0]}` is trainable, which does not belong to the head.",
            hint="Freeze all of `model.parameters()`, then replace the head.",
        )
    closed = [name for name in own if not flags[name]]
    if closed:
        return Finding(
            text=f"`{closed[0]}` of the head is frozen: a part of the head cannot train.",
            hint="Freeze before the head is replaced; a new layer is trainable.",
        )
    return None


def _tally(consists: dict) -> dict[str, dict[str, int]]:
    """What can be counted of a network, rightly and wrongly: by number that was asked, and by way of counting."""
    once: dict[Any, tuple] = {}
    for name, shape, flag, number in consists["parameters"]:
        once.setdefault(number, (name, int(np.prod(shape, dtype=np.int64)), flag))
    parameters = list(once.values())
    twice = [(n, int(np.prod(shape, dtype=np.int64)), flag) for n, shape, flag, _ in consists["parameters"]]
    buffers = {
        number: int(np.prod(shape, dtype=np.int64)) for _, shape, _, number in consists["buffers"]
    }.values()
    kept = [int(np.prod(shape, dtype=np.int64)) for _, shape, kept, _ in consists["buffers"] if kept]

    def elements(tensors: list) -> int:
        return sum(size for _, size, _ in tensors)

    trainable = [one for one in parameters if one[2]]
    return {
        "total": {
            "right": elements(parameters),
            "buffers": elements(parameters) + sum(buffers),
            "state_dict": elements(twice) + sum(kept),
            "twice": elements(twice),
            "tensors": len(parameters),
            "all_tensors": len(consists["parameters"]) + len(kept),
            "weights": elements([one for one in parameters if one[0].endswith("weight")]),
            "trainable": elements(trainable),
        },
        "trainable": {
            "right": elements(trainable),
            "tensors": len(trainable),
            "total": elements(parameters),
            "frozen": elements(parameters) - elements(trainable),
            "weights": elements([one for one in trainable if one[0].endswith("weight")]),
            "detached": 0,
        },
    }


_COUNTED: dict[str, dict[str, tuple[str, str]]] = {
    "total": {
        "before": (
            "`total` belongs to the old head: it was counted before the head was replaced.",
            "Count at the end, when the network is as it is returned.",
        ),
        "buffers": (
            "`total` counts buffers too: BatchNorm's running statistics are no parameters.",
            "Count over `model.parameters()`.",
        ),
        "state_dict": (
            "`total` was counted over `state_dict()`, which holds the buffers too (BatchNorm's running statistics), and a "
            "shared tensor under each of its names.",
            "Count over `model.parameters()`.",
        ),
        "twice": (
            "`total` counts shared weights twice.",
            "`model.parameters()` gives a tensor that two layers share just once.",
        ),
        "tensors": (
            "`total` counts tensors, not their elements.",
            "Add up `parameter.numel()`.",
        ),
        "all_tensors": (
            "`total` counts the tensors of the `state_dict()`, not the elements of the parameters.",
            "Add up `parameter.numel()` over `model.parameters()`.",
        ),
        "weights": (
            "`total` counts weights alone: the biases are missing.",
            "Count over all of `model.parameters()`.",
        ),
        "trainable": (
            "`total` counts only what is trainable: frozen parameters are parameters too.",
            "No condition in the sum that gives the total.",
        ),
    },
    "trainable": {
        "before": (
            "`trainable` is what was trainable before the head was replaced.",
            "Count at the end, when the network is as it is returned.",
        ),
        "tensors": (
            "`trainable` counts tensors, not elements: `sum(p.requires_grad for p in …)` adds up flags, a True as 1.",
            "Add up `parameter.numel()` where `parameter.requires_grad` is True.",
        ),
        "total": (
            "`trainable` counts all parameters, the frozen ones too.",
            "Add up `parameter.numel()` only where `parameter.requires_grad` is True.",
        ),
        "frozen": (
            "`trainable` counts what is frozen.",
            "Add up `parameter.numel()` where `parameter.requires_grad` is True.",
        ),
        "weights": (
            "`trainable` leaves out the head's bias.",
            "Count over all parameters with `requires_grad`.",
        ),
        "detached": (
            "`trainable` is 0: it was counted when all was frozen and the new head not there yet, or over `state_dict()`, "
            "whose tensors never have `requires_grad`.",
            "Count at the end, over `model.parameters()`.",
        ),
    },
}


def _are_swapped(run: dict) -> bool:
    tally = _tally(run["consists"])
    total, trainable = tally["total"]["right"], tally["trainable"]["right"]
    return total != trainable and _is(run["total"], trainable) and _is(run["trainable"], total)


def _explain_number(runs: list[dict], which: str) -> Finding | None:
    """What is wrong with a number of the report on the networks as they were returned, which may be wrong ones."""
    tallies = [_tally(run["consists"])[which] for run in runs]
    if all(_is(run[which], tally["right"]) for run, tally in zip(runs, tallies, strict=True)):
        return None
    tallies = [
        {**tally, "before": _tally(run["given"])[which]["right"]}
        for run, tally in zip(runs, tallies, strict=True)
    ]
    for way, (text, hint) in _COUNTED[which].items():
        if all(_is(run[which], tally[way]) for run, tally in zip(runs, tallies, strict=True)):
            return Finding(text=text, hint=hint)
    run, tally = next(
        pair for pair in zip(runs, tallies, strict=True) if not _is(pair[0][which], pair[1]["right"])
    )
    kind = "trainable elements" if which == "trainable" else "elements of parameters"
    return Finding(
        text=f"`{which}` is {run[which]:,}; the returned network has {tally['right']:,} {kind}.",
        hint="Add up `parameter.numel()` over `model.parameters()` of the network as it is returned.",
    )
