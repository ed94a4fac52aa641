"""Exercises of lesson 05_staged_unfreezing: which stages train, in which order, and what chooses the best round."""

from typing import Any

import numpy as np

from grader.exercises.kit.comparing import nearest, same, same_state
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


# ---------------------------------------------------------------- exercise 2


class TwoPhases(Exercise):
    """Train the head first, then the head and the last stage."""

    id = "staged.two_phases"
    title = "Head first, then the last stage"
    signature = (
        "two_phases(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate) -> model"
    )
    points = 5
    minutes = 12
    difficulty = 3
    section = "Exercise 2: two phases"

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network, and batches for either phase."""
        return {
            "spec": staged_cnn_spec(rng),
            "head_batches": 3,
            "tune_batches": 4,
            "head_rate": float(rng.uniform(0.2, 0.3)),
            "stage_rate": float(rng.uniform(0.03, 0.06)),
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer, challenge: dict) -> dict:
        """Which batches the model saw with gradients on, and its state at the turns."""
        import torch

        spec, seed = challenge["spec"], challenge["data_seed"]
        model = staged_cnn(spec).train()
        head_batches = staged_batches(spec, seed, challenge["head_batches"])
        tune_batches = staged_batches(spec, seed + 1, challenge["tune_batches"])
        known = [(f"head {i}", images.clone()) for i, (images, _) in enumerate(head_batches)]
        known += [(f"tune {i}", images.clone()) for i, (images, _) in enumerate(tune_batches)]
        seen: list[str] = []
        states: dict[str, dict] = {}

        def watch(module, inputs):
            if not torch.is_grad_enabled() or len(seen) >= 100:
                return
            given = inputs[0] if inputs else None
            name = next(
                (name for name, images in known if given is not None and _same_images(given, images)), "other"
            )
            phase = name.split()[0]
            if phase not in states:
                states[phase] = condition(module)["state"]
            if phase == "head":
                states["last head"] = condition(module)["state"]
            seen.append(name)

        model.register_forward_pre_hook(watch)
        before = condition(model)
        result = answer(
            model,
            list(spec["stages"]),
            spec["head"],
            head_batches,
            tune_batches,
            challenge["head_rate"],
            challenge["stage_rate"],
        )
        is_model = isinstance(result, torch.nn.Module)
        return {
            "returned": "" if is_model else type(result).__name__,
            "seen": seen,
            "start": states.get("head"),
            "last_head": states.get("last head"),
            "between": states.get("tune"),
            "before": before,
            "after": condition(result if is_model else model),
        }

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """Two points for phase 1, three for phase 2."""
        if not isinstance(evidence["returned"], str) or not isinstance(evidence["seen"], list):
            return self.verdict(
                0, [Finding(text="The evidence does not have the form that this check gives.")]
            )
        order = _explain_order(evidence["seen"], expected["seen"])
        if order is not None and order[0] == 0:
            return self.verdict(0, [order[1]])
        variant, points, findings = self._judge_phase_1(evidence, expected)
        effects = side_effects(
            expected["before"], evidence["after"], {"state", "trainable", "training", "with_gradient"}
        )
        if effects:
            return self.verdict(min(points, 2), [*effects, *findings])
        more_points, more_findings = self._judge_phase_2(evidence, expected, variant)
        points += more_points
        findings += more_findings
        if order is not None:
            points, findings = min(points, order[0]), [order[1], *findings]
        if evidence["returned"]:
            points = min(points, 4)
            findings.append(
                Finding(
                    text=f"The function returned {evidence['returned']}, not the model.",
                    hint="End with `return model`.",
                )
            )
        return self.verdict(points, findings)

    def _judge_phase_1(self, evidence: dict, expected: dict) -> tuple[str, int, list[Finding]]:
        start, between = evidence["start"], evidence["between"]
        if between is None and evidence["seen"]:  # phase 2 never came: the end of phase 1 is the end
            between = evidence["after"]["state"]
        variants = expected["variants"]
        if not same_state(start, expected["before"]["state"]):
            name = _differing(start, expected["before"]["state"])
            return (
                "",
                0,
                [
                    Finding(
                        text=f"`{name}` was changed before the training began: the model comes with the head to train.",
                        hint="Make no new head and load nothing; phase 1 begins with the model as it is given.",
                    )
                ],
            )
        if same_state(between, expected["between"]):
            return "right", 2, [Finding(text="Phase 1 trains the head and moves nothing else.")]
        names, head = list(expected["between"]), expected["head"]
        moved = _moved(start, between, names)
        variant = nearest(between, {name: wanted["head_between"] for name, wanted in variants.items()})
        backbone = [name for name in moved if _is_weight(name) and not is_inside(name, [head])]
        if backbone:
            return (
                variant,
                0,
                [
                    Finding(
                        text=f"`{backbone[0]}` of the backbone moved in phase 1: everything trained at once, while the head "
                        "was still random.",
                        hint="Freeze the backbone first, and give the optimizer of phase 1 the head alone.",
                    )
                ],
            )
        if not any(is_inside(name, [head]) for name in moved):
            return (
                variant,
                0,
                [
                    Finding(
                        text="The head is after phase 1 as it was before: it did not train.",
                        hint="The optimizer of phase 1 holds the head's parameters, which have `requires_grad=True`.",
                    )
                ],
            )
        statistics = [name for name in moved if not _is_weight(name)]
        if statistics:
            return (
                variant,
                1,
                [
                    Finding(
                        text=f"In phase 1 `{statistics[0]}` moved: frozen parameters do not stop BatchNorm's statistics, which "
                        "follow every batch in training mode.",
                        hint="Put the backbone in eval mode before the loop: `model.eval()`.",
                    )
                ],
            )
        if variant == "right":
            return variant, 1, [_unexpected_after_phase_1()]
        if _agrees(evidence["last_head"], expected["last_head"]):
            return (
                variant,
                1,
                [
                    Finding(
                        text="The head was right until the last batch of phase 1, and at the first batch of phase 2 it is another: "
                        "it was replaced or set back between the phases, so that phase 1 was in vain.",
                        hint="Phase 2 goes on with the head that phase 1 trained.",
                    )
                ],
            )
        if variant:
            return variant, 1, [Finding(**expected["sentences"][variant])]
        return "", 1, [_unexpected_after_phase_1()]

    def _judge_phase_2(self, evidence: dict, expected: dict, variant: str) -> tuple[int, list[Finding]]:
        between, after = evidence["between"], evidence["after"]["state"]
        last = expected["stages"][-1]
        if between is None:
            return 0, [
                Finding(
                    text="Phase 2 never ran: no batch of `tune_batches` reached the model in training.",
                    hint="After the head, loop over `tune_batches` with the last stage unfrozen.",
                )
            ]
        if same_state(between, expected["between"]) and same_state(after, expected["after"]):
            return 3, [
                Finding(
                    text="Phase 2 trains the head and the last stage, each at its rate, and moves nothing else."
                )
            ]
        names = list({**between, **after})  # of the student's own model, whose head may be another
        moved = _moved(between, after, names)
        weights = [name for name in moved if _is_weight(name)]
        finding = _explain_moved_weights(weights, names, expected)
        if finding:
            return 0, [finding]
        points, findings = 1, []
        frozen_statistics = [n for n in moved if not _is_weight(n) and not is_inside(n, [last])]
        own_statistics = [n for n in names if not _is_weight(n) and is_inside(n, [last])]
        if frozen_statistics:
            findings.append(
                Finding(
                    text=f"In phase 2 `{frozen_statistics[0]}` of a frozen part moved: its BatchNorm was in training mode.",
                    hint="`model.eval()` first, then `.train()` on the last stage only.",
                )
            )
        elif not set(own_statistics) <= set(moved):
            findings.append(
                Finding(
                    text=f"The unfrozen stage trained in eval mode: `{own_statistics[0]}` did not move in phase 2.",
                    hint="`model.get_submodule(stages[-1]).train()` before the loop of phase 2.",
                )
            )
        else:
            points = 2
        finals = expected["variants"].get(variant, {}).get("finals", {})
        ending = nearest(after, finals)
        if points == 2 and ending == "right" and variant != "right":
            points = 3
            findings.append(Finding(text="Phase 2 trains the head and the last stage, each at its rate."))
        elif ending and ending != "right":
            findings.append(Finding(**expected["sentences"][ending]))
        elif points == 2 and not variant:
            findings.append(
                Finding(
                    text="Phase 2 trains the head and the last stage; whether at the right rates, can be told once phase 1 "
                    "is right.",
                    hint="Mend phase 1 first.",
                )
            )
        elif points == 2:
            findings.append(
                Finding(
                    text="Phase 2 moves the right parts, but not to where plain SGD at `head_rate` and `stage_rate` takes them.",
                    hint="One `training_step` a batch, with `torch.optim.SGD`, no momentum and no weight decay.",
                )
            )
        return points, findings


def _same_images(given: Any, images: Any) -> bool:
    import torch

    return isinstance(given, torch.Tensor) and given.dtype == images.dtype and torch.equal(given, images)


def _agrees(state: object, wanted: dict) -> bool:
    """Whether ``state`` has the tensors of ``wanted``, whatever else it has."""
    return isinstance(state, dict) and all(
        name in state and same(state[name], wanted[name]) for name in wanted
    )


def _differing(state: object, wanted: dict) -> str:
    state = state if isinstance(state, dict) else {}
    differing = [name for name in wanted if name not in state or not same(state[name], wanted[name])]
    return (differing or sorted(map(str, state.keys() - wanted.keys())) or ["a tensor"])[0]


def _explain_order(seen: list, wanted: list[str]) -> tuple[int, Finding] | None:
    """The most points that are left for a run with this order of batches, and why."""
    if seen == wanted:
        return None
    if not seen:
        return 0, Finding(
            text="The model never trained: no batch reached it with gradients on.",
            hint="Call `training_step(model, images, labels, optimizer)` on each batch.",
        )
    if "other" in seen:
        return 0, Finding(
            text="The model was given images that stand in none of the batches.",
            hint="Give `training_step` the images as they are in `head_batches` and `tune_batches`.",
        )
    phases = [str(name).split()[0] for name in seen]
    if phases == sorted(phases, reverse=True) and len(set(phases)) == 2:
        return 0, Finding(
            text="The phases are swapped: `tune_batches` came before `head_batches`, so that the stage trained under a "
            "random head.",
            hint="The head goes first, on `head_batches`.",
        )
    if phases != sorted(phases):
        return 0, Finding(
            text="The batches of the two phases came mixed.",
            hint="Two loops, one after the other: `head_batches`, then `tune_batches`.",
        )
    if len(set(phases)) == 1:
        which = "tune_batches" if phases[0] == "head" else "head_batches"
        if which == "head_batches":
            return 0, Finding(
                text="Phase 1 never ran: the head was still random when the stage began to train.",
                hint="First loop over `head_batches` with everything but the head frozen.",
            )
        return None  # told by phase 2
    wanted_counts = [sum(name.startswith(phase) for name in wanted) for phase in ("head", "tune")]
    counts = [phases.count(phase) for phase in ("head", "tune")]
    return 3, Finding(
        text=f"Phase 1 trained on {counts[0]} batches and phase 2 on {counts[1]}, where each of {wanted_counts[0]} and "
        f"{wanted_counts[1]} was to come once, in its order.",
        hint="One `training_step` for each batch.",
    )


def _unexpected_after_phase_1() -> Finding:
    return Finding(
        text="In phase 1 only the head moved, but not to where plain SGD at `head_rate` takes it.",
        hint="One `training_step` a batch, with `torch.optim.SGD`, no momentum and no weight decay.",
    )


def _explain_moved_weights(weights: list[str], names: list[str], expected: dict) -> Finding | None:
    """What is wrong with the set of weights that moved in phase 2."""
    head, stages = expected["head"], expected["stages"]
    last = stages[-1]
    moved_head = any(is_inside(name, [head]) for name in weights)
    moved_last = any(is_inside(name, [last]) for name in weights)
    others = [name for name in weights if not is_inside(name, [head, last])]
    backbone = [name for name in names if _is_weight(name) and not is_inside(name, [head, last])]
    if moved_last and others == backbone:
        return Finding(
            text=f"The whole backbone trained in phase 2, `{others[0]}` among the rest, where only the last stage was to.",
            hint="Keep everything but `stages[-1]` and the head frozen and out of the optimizer.",
        )
    if not moved_last and others and is_inside(others[0], stages):
        stage = next(stage for stage in stages if is_inside(others[0], [stage]))
        return Finding(
            text=f"Phase 2 trained the stage `{stage}`, not the last one, `{last}`.",
            hint="`stages` runs from input to output: the last is `stages[-1]`.",
        )
    if not moved_last and moved_head:
        return Finding(
            text="The last stage never moved in phase 2; only the head went on learning. Most often the optimizer is still "
            "the one of phase 1, which does not know the stage.",
            hint="Unfreeze first, then make a new optimizer, or call `optimizer.add_param_group`.",
        )
    if not moved_last and not moved_head:
        return Finding(
            text="No weight moved in phase 2.",
            hint="Is there a `training_step` for each batch of `tune_batches`, with an optimizer for head and stage?",
        )
    if not moved_head:
        return Finding(
            text="Phase 2 froze the head: only the stage moved, under a head that could not follow.",
            hint="Two groups in the optimizer of phase 2: the head and the last stage.",
        )
    if others:
        return Finding(
            text=f"`{others[0]}` moved in phase 2, too, which belongs neither to the last stage nor to the head.",
            hint="Keep everything else frozen and out of the optimizer.",
        )
    return None
