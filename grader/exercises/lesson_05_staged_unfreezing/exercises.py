"""Exercises of lesson 05_staged_unfreezing: which stages train, in which order, and what chooses the best round."""

from typing import Any

import numpy as np

from grader.exercises.kit.comparing import same
from grader.exercises.kit.legacy_side_effects import condition, side_effects
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding, Verdict

ROUNDS = 4  # of exercise 3: two for the head, two with the last stage
HEAD_ROUNDS = 2

# The first is the beginning of the second: `name.startswith(stage)` finds both.
_ALIKE = [("low", "lower"), ("deep", "deeper"), ("wide", "widening"), ("mid", "midway")]
_OTHERS = ["opening", "coarse", "textures", "parts"]
_CONTAINERS = ["", "trunk", "tower"]
_STEMS = ["entry", "lens", "patchify"]
_HEADS = ["readout", "scorer", "outlet"]


# ---------------------------------------------------------------- networks


def staged_cnn_spec(rng: np.random.Generator) -> dict[str, Any]:
    """A random network of a stem, three or four stages, a final norm and a head, as plain JSON.

    One stage's name is the beginning of an earlier one's, and the head's that of the final norm.
    """
    container = str(rng.choice(_CONTAINERS))
    count = int(rng.integers(3, 5))
    short, long = _ALIKE[int(rng.integers(len(_ALIKE)))]
    others = [str(name) for name in rng.permutation(_OTHERS)[: count - 2]]
    stages = [long, *others, short]
    return {
        "seed": int(rng.integers(2**31)),
        "size": int(rng.integers(10, 15)),
        "stem": str(rng.choice(_STEMS)),
        "head": str(rng.choice(_HEADS)),
        "stages": [f"{container}.{name}" if container else name for name in stages],
        "widths": [int(width) for width in rng.integers(5, 10, size=count + 1)],
        "deep_head": bool(rng.random() < 0.5),
        "num_classes": int(rng.integers(3, 6)),
    }


def staged_cnn(spec: dict[str, Any]):
    """The network of a spec. Takes float32 ``(N, 3, size, size)``, gives logits ``(N, num_classes)``.

    Every stage holds a convolution, BatchNorm and SiLU: no unit is off and hides what moves below it. There
    is no dropout, so that a right answer gives the same weights however it is written.
    """
    import torch
    from torch import nn

    def block(inputs: int, outputs: int) -> nn.Module:
        layers = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.SiLU()
        return nn.Sequential(*layers)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec["seed"])
        widths = spec["widths"]
        model = nn.Sequential()
        model.add_module(spec["stem"], block(3, widths[0]))
        for number, name in enumerate(spec["stages"]):
            container, _, own = name.rpartition(".")
            if container and not hasattr(model, container):
                model.add_module(container, nn.Sequential())
            model.get_submodule(container).add_module(own, block(widths[number], widths[number + 1]))
        model.add_module("pool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        model.add_module(f"{spec['head']}_norm", nn.BatchNorm1d(widths[-1]))
        head: nn.Module = nn.Linear(widths[-1], spec["num_classes"])
        if spec["deep_head"]:
            layers = nn.Linear(widths[-1], 8), nn.SiLU(), nn.Linear(8, spec["num_classes"])
            head = nn.Sequential(*layers)
        model.add_module(spec["head"], head)
    return model


def staged_batches(spec: dict[str, Any], seed: int, count: int, size: int = 12) -> list[tuple]:
    """Images and labels for ``staged_cnn(spec)``: float32 ``(size, 3, H, W)``, int64 ``(size,)``."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    shape = (size, 3, spec["size"], spec["size"])
    return [
        (
            torch.randn(shape, generator=generator),
            torch.randint(spec["num_classes"], (size,), generator=generator),
        )
        for _ in range(count)
    ]


def is_inside(name: str, modules: list[str]) -> bool:
    """Whether the parameter or buffer ``name`` belongs to one of ``modules``."""
    return any(name.startswith(f"{module}.") for module in modules)


def _is_weight(name: str) -> bool:
    return name.endswith((".weight", ".bias"))


def _moved(before: dict, after: dict, names: list[str]) -> list[str]:
    """Those of ``names`` that changed, were it by the last bit."""
    return [name for name in names if not np.array_equal(before.get(name), after.get(name))]


# ---------------------------------------------------------------- exercise 1


class UnfreezeLast(Exercise):
    """Make the head and the last n stages trainable, and an optimizer for just these."""

    id = "staged.unfreeze_last"
    title = "Unfreeze the last n stages"
    signature = "unfreeze_last(model, stages, head_name, n, stage_rate, head_rate) -> optimizer"
    points = 5
    minutes = 10
    difficulty = 2
    section = "Exercise 1: unfreeze the last n stages"

    def challenge(self, rng: np.random.Generator) -> dict:
        """Two networks, each asked several times: with n growing, and with n shrinking."""
        specs = [staged_cnn_spec(rng) for _ in range(2)]
        growing, shrinking = [len(spec["stages"]) for spec in specs]
        return {
            "networks": [
                {
                    "spec": spec,
                    "calls": calls,
                    "frozen_seed": frozen_seed,  # None: everything is trainable at first
                    "stage_rate": float(rng.uniform(0.002, 0.01)),
                    "head_rate": float(rng.uniform(0.05, 0.2)),
                }
                for spec, calls, frozen_seed in zip(
                    specs,
                    [[0, 1, 2, growing], [2, 1, 0, shrinking]],
                    [None, int(rng.integers(2**31))],
                    strict=True,
                )
            ],
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer, challenge: dict) -> dict:
        """Flags, optimizer groups and one step's movement after each call."""
        return {
            "networks": [
                _ask_to_unfreeze(answer, network, challenge["data_seed"]) for network in challenge["networks"]
            ]
        }

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """Flags: two points for n > 0 and one for n = 0. One each for the optimizer's content and rates."""
        for network in evidence["networks"]:
            for call in network["calls"]:
                if call["problem"]:
                    hint = "End with `return optimizer`, one of `torch.optim`."
                    return self.verdict(0, [Finding(text=call["problem"], hint=hint)])
        asked = []  # call, what is wanted of it, its network
        for network, network_wanted in zip(evidence["networks"], expected["networks"], strict=True):
            trainable = set(network_wanted["before"]["trainable"])
            for call, call_wanted in zip(network["calls"], network_wanted["calls"], strict=True):
                asked.append((call, {**call_wanted, "trainable_before": trainable}, network_wanted))
                trainable = {str(name) for name in call["after"]["trainable"]}
        opened = {  # by the answer itself, not left from before
            name
            for call, wanted, _ in asked
            if wanted["n"] > 0
            for name in set(call["after"]["trainable"])
            - set(wanted["trainable"])
            - wanted["trainable_before"]
        }
        effects = _first(
            _first_effect(network["before"], call["after"], {"trainable"}) for call, _, network in asked
        )
        if effects and any(
            call["after"][kind] != network["before"][kind]
            for call, _, network in asked
            for kind in ("devices", "dtypes")
        ):
            return self.verdict(0, [effects])
        flags = _first(_explain_flags(*one, opened) for one in asked if one[1]["n"] > 0)
        flags_of_none = _first(_explain_flags(*one, opened) for one in asked if one[1]["n"] == 0)
        content = _explain_content(asked)
        by_stages = sorted(asked, key=lambda one: -one[1]["n"])  # with both head and stages, more can be told
        rates = _first(_explain_rates(*one) for one in by_stages)
        points, findings = 0, [flags]
        if not flags:
            points = 2 + (not flags_of_none) + (not content) + (not rates)
            findings = [finding for finding in (flags_of_none, content, rates) if finding]
        if effects:
            points = min(points, 3)
            findings.insert(0, effects)
        if not findings:
            findings = [
                Finding(
                    text="For every n, just the head and the last n stages are trainable, and the optimizer holds "
                    "just these, each at its rate."
                )
            ]
        return self.verdict(points, findings)


def _ask_to_unfreeze(answer, network: dict, data_seed: int) -> dict:
    import torch

    spec = network["spec"]
    model = staged_cnn(spec).train(network["frozen_seed"] is None)
    if network["frozen_seed"] is not None:
        rng = np.random.default_rng(network["frozen_seed"])
        for parameter in model.parameters():
            # Every stage and the stem are frozen in part: what an answer opens by itself can be told.
            parameter.requires_grad_(bool(rng.random() < 0.5) and parameter.ndim < 4)
    before = condition(model)
    images, labels = staged_batches(spec, data_seed, 1)[0]
    calls = []
    for n in network["calls"]:
        optimizer = answer(
            model, list(spec["stages"]), spec["head"], n, network["stage_rate"], network["head_rate"]
        )
        if not isinstance(optimizer, torch.optim.Optimizer):
            kind = type(optimizer).__name__
            calls.append({"problem": f"An optimizer was expected, but the function returned {kind}."})
            continue
        after = condition(model)
        sound = after["devices"] == before["devices"] and after["dtypes"] == before["dtypes"]
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        calls.append(
            {
                "problem": "",
                "after": after,
                "groups": [
                    {
                        "rate": float(group["lr"]),
                        "names": [names.get(id(parameter), "") for parameter in group["params"]],
                    }
                    for group in optimizer.param_groups
                ],
                "flagged_modules": [
                    name for name, module in model.named_modules() if "requires_grad" in vars(module)
                ],
                "moved": _one_step(model, optimizer, images, labels) if sound else [],
            }
        )
    return {"before": before, "calls": calls}


def _one_step(model, optimizer, images, labels) -> list[str]:
    """Names of the parameters that one step of ``optimizer`` moves; the model is as before afterwards."""
    import torch

    if not any(parameter.requires_grad for parameter in model.parameters()):
        return []
    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.zero_grad()
    torch.nn.functional.cross_entropy(model(images), labels).backward()
    optimizer.step()
    moved = [name for name, parameter in model.named_parameters() if not torch.equal(parameter, kept[name])]
    model.zero_grad()
    model.load_state_dict(kept)
    return moved


def _first(findings) -> Finding | None:
    return next((finding for finding in findings if finding), None)


def _first_effect(before: dict, after: dict, allowed: set[str]) -> Finding | None:
    return _first(side_effects(before, after, allowed))


def _explain_flags(call: dict, wanted: dict, network: dict, opened: set) -> Finding | None:
    """What is wrong with the parameters' flags after one call. ``opened``: wrongly, by any call of any network."""
    n, stages = wanted["n"], network["stages"]
    trainable = {str(name) for name in call["after"]["trainable"]}
    missing = [name for name in wanted["trainable"] if name not in trainable]
    extra = sorted(trainable - set(wanted["trainable"]))
    if not missing and not extra:
        return None
    if call["flagged_modules"]:
        module = call["flagged_modules"][0] or "model"
        return Finding(
            text=f"With n = {n}, `requires_grad` was set on `{module}`, which is a module: there it is "
            "an attribute without effect, and the parameters inside are as they were.",
            hint="Call `module.requires_grad_(True)`, with the underscore, or set it on each of `module.parameters()`.",
        )
    if any(is_inside(name, [network["head"]]) for name in missing):
        return Finding(
            text=f"With n = {n}, the head is frozen (`{missing[-1]}`): nothing could learn the new classes.",
            hint="First freeze everything, then make the head trainable, then the last n stages.",
        )
    open_stages = [
        stage for stage in stages if any(name.startswith(f"{stage}.") for name in trainable - set(missing))
    ]
    if n == 0 and open_stages == stages:
        return Finding(
            text="With n = 0 every stage is trainable: `stages[-0:]` is `stages[0:]`, the whole list.",
            hint="`stages[len(stages) - n:]` is right for every n, 0 included.",
        )
    if 0 < n < len(stages) and open_stages[:n] == stages[:n] and stages[-1] not in open_stages:
        return Finding(
            text=f"With n = {n} the first {n} of the stages became trainable, from the input on, instead of the last.",
            hint="`stages` runs from input to output; the stages nearest to the head are at its end.",
        )
    unfrozen = [*stages[len(stages) - n :], network["head"]]
    alike = [name for name in extra if any(name.startswith(module) for module in unfrozen)]
    if alike and alike == extra:
        module = next(module for module in unfrozen if alike[0].startswith(module))
        return Finding(
            text=f"With n = {n}, `{alike[0]}` is trainable, too: its name begins like `{module}`, but it is another module's.",
            hint='Take the parameters from `model.get_submodule(name)`, or compare with the dot: `startswith(name + ".")`.',
        )
    left = [name for name in extra if name in wanted["trainable_before"]]
    if extra and left == extra and not opened:
        return Finding(
            text=f"With n = {n}, `{left[0]}` is trainable because it was so before the call: old flags were left.",
            hint="Begin with `model.requires_grad_(False)`: the result must not depend on what was called before.",
        )
    if extra:
        return Finding(
            text=f"With n = {n}, `{extra[0]}` is trainable, which belongs to neither the head nor the last {n} stages.",
            hint="Stem and final norm are in no stage: freeze the whole model first, then open the head and the stages.",
        )
    return Finding(
        text=f"With n = {n}, `{missing[0]}` is still frozen, although it belongs to one of the last {n} stages.",
        hint="Every stage of `stages[len(stages) - n:]` becomes trainable, whatever it was before the call.",
    )


def _held(call: dict) -> list[str]:
    return [str(name) for group in call["groups"] for name in group["names"]]


def _explain_content(asked: list[tuple]) -> Finding | None:
    """Whether each optimizer holds what the student made trainable, each parameter once."""
    problems, always_late = [], True
    for call, wanted, network in asked:
        held, trainable, before = _held(call), set(call["after"]["trainable"]), wanted["trainable_before"]
        missing, extra = sorted(trainable - set(held)), sorted(set(held) - trainable)
        always_late = always_late and set(held) in (before, before & trainable)
        if missing or extra:
            problems.append((wanted["n"], network["head"], missing, extra))
        elif len(held) != len(set(held)):
            twice = next(name for name in held if held.count(name) > 1)
            return Finding(
                text=f"The optimizer holds `{twice}` twice.", hint="Each parameter goes into one group, once."
            )
    if not problems:
        return _first(_explain_step(*one) for one in asked)
    n, head, missing, extra = problems[0]
    if "" in extra:
        return Finding(
            text="The optimizer holds a parameter that is not one of the model's.",
            hint="Work on the model that is given, not on a copy.",
        )
    if always_late:
        return Finding(
            text=f"With n = {n}, the optimizer holds what was trainable before the call, not what is now: "
            f"`{(missing + extra)[0]}` for one. It was made before the flags were set, and it never asks again.",
            hint="Set the flags first, then make the optimizer.",
        )
    if missing and all(is_inside(name, [head]) for name in missing):
        return Finding(
            text=f"With n = {n}, the head is trainable, but the optimizer does not hold it.",
            hint="It needs a group of its own, at `head_rate`.",
        )
    if extra:
        return Finding(
            text=f"With n = {n}, the optimizer also holds frozen parameters, `{extra[0]}` among others.",
            hint="Give it the parameters of the head and of the last n stages, nothing else.",
        )
    return Finding(
        text=f"With n = {n}, `{missing[0]}` is trainable, but the optimizer does not hold it.",
        hint="Every trainable parameter goes into the optimizer, each in one group.",
    )


def _explain_step(call: dict, wanted: dict, network: dict) -> Finding | None:
    moved = {str(name) for name in call["moved"]}
    stray = sorted(moved - set(_held(call)))
    if stray:
        return Finding(
            text=f"One step of the optimizer moved `{stray[0]}`, which its groups do not hold.",
            hint="Return a plain optimizer of `torch.optim`.",
        )
    if not any(is_inside(name, [network["head"]]) for name in moved):
        return Finding(
            text=f"With n = {wanted['n']}, a step of the returned optimizer does not move the head.",
            hint="The head is trainable and in the optimizer, at `head_rate`.",
        )
    return None


def _explain_rates(call: dict, wanted: dict, network: dict) -> Finding | None:
    rates = {str(name): group["rate"] for group in call["groups"] for name in group["names"]}
    head = {name: rates.get(name) for name in wanted["trainable"] if is_inside(name, [network["head"]])}
    stages = {name: rates.get(name) for name in wanted["trainable"] if name not in head}
    if None in head.values() or None in stages.values():  # told already, where the content is judged
        return Finding(
            text="The rates can be judged once the optimizer holds the head and the last n stages.",
            hint="One group for the head with `lr` of `head_rate`, one for the stages with `stage_rate`.",
        )
    head_rate, stage_rate = network["head_rate"], network["stage_rate"]

    def all_at(named: dict, rate: float) -> bool:
        return all(same(value, rate) for value in named.values())

    if all_at(head, head_rate) and all_at(stages, stage_rate):
        return None
    if stages and all_at(head, stage_rate) and all_at(stages, head_rate):
        return Finding(
            text="The rates are swapped: the stages have `head_rate` and the head has `stage_rate`.",
            hint="The new head learns fast, the pretrained stages slowly.",
        )
    if stages and len({*head.values(), *stages.values()}) == 1:
        return Finding(
            text=f"Head and stages have one rate, {next(iter(head.values())):.4g}, where each is to have its own.",
            hint='Give the optimizer a list of groups: `{"params": …, "lr": head_rate}`, and another with `stage_rate`.',
        )
    named, rate = (head, head_rate) if not all_at(head, head_rate) else (stages, stage_rate)
    name = next(name for name in named if not same(named[name], rate))
    return Finding(
        text=f"With n = {wanted['n']}, `{name}` has the rate {named[name]:.4g}, where it should be {rate:.4g}.",
        hint="The head learns at `head_rate`, the stages at `stage_rate`, for every n.",
    )
