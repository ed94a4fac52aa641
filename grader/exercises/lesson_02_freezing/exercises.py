"""Exercises of lesson 02_freezing: what is frozen, what is only said to be, and what moves all the same."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from grader.exercises.kit.legacy_side_effects import condition, side_effects
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding, Verdict

# The first is the beginning of the second: `name.startswith(stage)` finds both.
_ALIKE = [("low", "lower"), ("deep", "deepest"), ("wide", "widened"), ("fine", "finer")]
_CONTAINERS = ["trunk", "tower", "carrier"]
_STEMS = ["entry", "lens", "first_look"]
_TIES = ["weave", "mixer", "loom"]
_TOPS = ["top", "finish", "upper_floor"]
_HEADS = ["outlet", "readout", "scorer"]
_DROPOUTS = ["thinning", "gaps"]


# ---------------------------------------------------------------- networks


def freezing_spec(rng: np.random.Generator, nested: bool, dropout: float = 0.4) -> dict[str, Any]:
    """A random network as plain JSON: odd names, some of which are the beginning of others.

    Args:
        nested: whether head and stages lie inside other modules; else the head is registered first of all.
        dropout: probability in front of the head.
    """
    short, long = _ALIKE[int(rng.integers(len(_ALIKE)))]
    container = f"{rng.choice(_CONTAINERS)}." if nested else ""
    top = f"{rng.choice(_TOPS)}." if nested else ""
    return {
        "seed": int(rng.integers(2**31)),
        "size": int(rng.integers(7, 10)),
        "stem": str(rng.choice(_STEMS)),
        "stages": [f"{container}{long}", f"{container}{short}"],
        "ties": f"{top}{rng.choice(_TIES)}",
        "dropout_name": f"{top}{rng.choice(_DROPOUTS)}",
        "head": f"{top}{rng.choice(_HEADS)}",
        "widths": [int(width) for width in rng.integers(4, 7, size=3)],
        "dropout": dropout,
        "deep_head": bool(rng.random() < 0.5),
        "num_classes": int(rng.integers(3, 6)),
    }


def freezing_network(spec: dict[str, Any]):
    """The network of a spec. Takes float32 ``(N, 3, size, size)``, gives logits ``(N, num_classes)``.

    It has a parameter of its own beside its layers, BatchNorm of two kinds and of a derived class, a
    LayerNorm, a weight that two layers share, dropout, and a norm whose name begins like the head's.
    """
    import torch
    from torch import nn

    class NormAct(nn.BatchNorm2d):
        """BatchNorm and activation in one, as timm's networks have it."""

        def forward(self, x):
            return nn.functional.silu(super().forward(x))

    class Network(nn.Module):
        def __init__(self, registered: dict[str, nn.Module], order: list[str]) -> None:
            super().__init__()
            self.contrast = nn.Parameter(torch.ones(3, 1, 1))
            for name, part in registered.items():
                self.add_module(name, part)
            self._order = order

        def forward(self, x):
            x = x * self.contrast
            for name in self._order:
                x = self.get_submodule(name)(x)
            return x

    def convolution(inputs: int, outputs: int) -> nn.Module:
        return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)

    # SiLU everywhere: a unit that is off would hide what moves.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec["seed"])
        stem, low, high = spec["widths"]
        stages = [
            nn.Sequential(convolution(inputs, outputs), nn.BatchNorm2d(outputs), nn.SiLU())
            for inputs, outputs in ((stem, low), (low, high))
        ]
        # No bias in front of a BatchNorm, which would take it out again.
        ties = nn.Sequential(
            nn.Linear(high, high), nn.LayerNorm(high), nn.SiLU(), nn.Linear(high, high, bias=False)
        )
        ties[3].weight = ties[0].weight
        head: nn.Module = nn.Linear(high, spec["num_classes"])
        if spec["deep_head"]:
            head = nn.Sequential(nn.Linear(high, 6), nn.SiLU(), nn.Linear(6, spec["num_classes"]))
        parts = {
            spec["stem"]: nn.Sequential(convolution(3, stem), NormAct(stem)),
            **dict(zip(spec["stages"], stages, strict=True)),
            "pool": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            spec["ties"]: ties,
            head_norm(spec): nn.BatchNorm1d(high),
            spec["dropout_name"]: nn.Dropout(spec["dropout"]),
            spec["head"]: head,
        }
        registered: dict[str, nn.Module] = {}
        if "." not in spec["head"]:
            registered[spec["head"]] = head  # so that the last layer in the list is not the head
        for name, part in parts.items():
            container, _, own = name.rpartition(".")
            place = registered.setdefault(container, nn.Sequential()) if container else None
            if place is None:
                registered[own] = part
            else:
                place.add_module(own, part)
        order = list(dict.fromkeys(name.partition(".")[0] for name in parts))
        return Network(registered, order)


def head_norm(spec: dict[str, Any]) -> str:
    """Name of the BatchNorm in front of the dropout: it begins like the head's."""
    return f"{spec['head']}_norm"


def batch_norms(spec: dict[str, Any]) -> list[str]:
    """Names of all BatchNorm layers: of a derived class, of two dimensions, …, of one."""
    return [f"{spec['stem']}.1", *[f"{stage}.1" for stage in spec["stages"]], head_norm(spec)]


def freezing_batches(spec: dict[str, Any], seed: int, count: int, size: int = 10) -> list[tuple]:
    """Images and labels for ``freezing_network(spec)``: float32 ``(size, 3, H, W)``, int64 ``(size,)``."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    shape, classes = (size, 3, spec["size"], spec["size"]), spec["num_classes"]
    return [
        (
            torch.randn(shape, generator=generator) + 0.5,
            torch.randint(classes, (size,), generator=generator),
        )
        for _ in range(count)
    ]


def inside(names: Iterable[str], module: str) -> list[str]:
    """Those of ``names`` that belong to ``module``."""
    return [name for name in names if name.startswith(f"{module}.")]


def is_weight(name: str) -> bool:
    """Whether the ``state_dict``'s tensor ``name`` is a parameter, not a buffer."""
    return not name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def _frozen_at_random(model, seed: int):
    """``model`` with about half of its parameters frozen."""
    rng = np.random.default_rng(seed)
    for parameter in model.parameters():
        parameter.requires_grad_(bool(rng.random() < 0.5))
    return model


def _flagged_modules(model) -> list[str]:
    """Modules on which somebody has set an attribute ``requires_grad``."""
    return [name for name, module in model.named_modules() if "requires_grad" in vars(module)]


def _is_sound(before: dict, after: dict) -> bool:
    """Whether the model can still be asked: same device, same numbers, same tensors."""
    return all(after[kind] == before[kind] for kind in ("devices", "dtypes")) and (
        after["state"].keys() == before["state"].keys()
    )


def _moved(before: dict, after: dict, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that changed, were it by the last bit."""
    return [name for name in names if not np.array_equal(before.get(name), after.get(name))]


def _first(findings: Iterable[Finding | None]) -> Finding | None:
    return next((finding for finding in findings if finding), None)


def _is_unusable(effects: list[Finding], network: dict, after: dict) -> bool:
    """Whether the answer left a model that nobody can train as it was given."""
    return bool(effects) and any(after[kind] != network["before"][kind] for kind in ("devices", "dtypes"))


# ---------------------------------------------------------------- exercise 1


# ---------------------------------------------------------------- exercise 4


class FindTheBug(Exercise):
    """Repair a training that freezes a stage half way, and the stage goes on moving in three ways."""

    id = "freezing.find_the_bug"
    title = "Find the bug: frozen, and moving"
    signature = "freeze_midway(model, stage_name, first_batches, more_batches, learning_rate) -> model"
    points = 4
    minutes = 12
    difficulty = 3
    section = "Exercise 4: find the bug"

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network, which of its stages to freeze, and batches for before and after."""
        spec = freezing_spec(rng, nested=bool(rng.random() < 0.5), dropout=0.0)
        return {
            "spec": spec,
            "stage": spec["stages"][-1],  # an earlier one's name begins like it
            "first_batches": int(rng.integers(3, 5)),
            "more_batches": int(rng.integers(3, 5)),
            "learning_rate": float(rng.uniform(0.02, 0.04)),
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer, challenge: dict) -> dict:
        """Which batches the model saw with gradients on, and its condition before, between and after."""
        import torch

        spec, stage, seed = challenge["spec"], challenge["stage"], challenge["data_seed"]
        model = freezing_network(spec).eval()
        first = freezing_batches(spec, seed, challenge["first_batches"])
        more = freezing_batches(spec, seed + 1, challenge["more_batches"])
        known = [(f"first {i}", images.clone()) for i, (images, _) in enumerate(first)]
        known += [(f"more {i}", images.clone()) for i, (images, _) in enumerate(more)]
        seen: list[str] = []
        turns: dict[str, Any] = {}

        def watch(module, inputs):
            if not torch.is_grad_enabled() or len(seen) >= 100:
                return
            given = inputs[0] if inputs else None
            name = next((name for name, images in known if _same_images(given, images)), "other")
            seen.append(name)
            if name.startswith("more"):
                stage_now = module.get_submodule(stage)
                turns.setdefault("between", condition(module)["state"])
                turns.setdefault("open_at_first", _open_parameters(stage_now))
                turns["open_at_last"] = _open_parameters(stage_now)
                turns["gradients"] = [
                    name for name, parameter in stage_now.named_parameters() if parameter.grad is not None
                ]

        model.register_forward_pre_hook(watch)
        before = condition(model)
        result = answer(model, stage, first, more, challenge["learning_rate"])
        is_model = isinstance(result, torch.nn.Module)
        final = result if is_model else model
        return {
            "returned": "" if is_model else type(result).__name__,
            "seen": seen,
            "turns": turns,
            "before": before,
            "flagged_modules": _flagged_modules(final),
            "after": condition(final),
        }

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """A point each for the flags, the weights and the statistics of the stage, and one for the rest."""
        stuck = _explain_seen(evidence["seen"], expected["seen"])
        if stuck and stuck[0] == 0:
            return self.verdict(0, [stuck[1]])
        effects = side_effects(
            expected["before"], evidence["after"], {"state", "trainable", "training", "with_gradient"}
        )
        if evidence["after"]["state"].keys() != expected["before"]["state"].keys():
            effects.append(
                Finding(
                    text="The returned model has other tensors than the one that was given.",
                    hint="Freeze and train the model that is given; replace no layer.",
                )
            )
        if effects and not _is_sound(expected["before"], evidence["after"]):
            return self.verdict(0, effects[:1])
        flags = _judge_stage_flags(evidence, expected)
        if any(not np.isfinite(values).all() for values in evidence["after"]["state"].values()):
            not_finite = Finding(
                text="Afterwards the model holds numbers that are not finite (NaN or infinity): what moved, cannot be told.",
                hint="Use `learning_rate` as it is given, and the mean of the loss.",
            )
            return self.verdict(flags[0], [not_finite, flags[1]])
        parts = [
            flags,
            _judge_stage_weights(evidence, expected),
            _judge_stage_statistics(evidence, expected),
        ]
        points = sum(part for part, _ in parts)
        parts.append(_judge_rest(evidence, expected, points, stuck is None))
        points += parts[-1][0]
        findings = [finding for _, finding in parts]
        if stuck:
            points = min(points, stuck[0])
            findings.insert(0, stuck[1])
        if effects:
            points = min(points, 2)
            findings.insert(0, effects[0])
        if evidence["returned"]:
            points = min(points, 3)
            findings.append(
                Finding(
                    text=f"The function returned {evidence['returned']}, not the model.",
                    hint="End with `return model`.",
                )
            )
        return self.verdict(points, findings)


def _open_parameters(module) -> list[str]:
    return [name for name, parameter in module.named_parameters() if parameter.requires_grad]


def _same_images(given: Any, images: Any) -> bool:
    import torch

    return isinstance(given, torch.Tensor) and given.dtype == images.dtype and torch.equal(given, images)


def _explain_seen(seen: list, wanted: list[str]) -> tuple[int, Finding] | None:
    """The most points that are left for a run with this order of batches, and why."""
    if seen == wanted:
        return None
    if not seen:
        return 0, Finding(
            text="The model never trained: no batch reached it with gradients on.",
            hint="One step for each batch: clear old gradients, loss, `backward()`, `optimizer.step()`.",
        )
    if "other" in seen:
        return 0, Finding(
            text="The model was given images that stand in none of the batches.",
            hint="Give it the images as they are in `first_batches` and `more_batches`.",
        )
    phases = [str(name).split()[0] for name in seen]
    if "more" not in phases:
        return 0, Finding(
            text="`more_batches` were never used: whether the stage stands still could not be seen.",
            hint="After the stage is frozen, the rest goes on training on `more_batches`.",
        )
    if "first" not in phases:
        return 0, Finding(
            text="`first_batches` were never used: the stage was to train on them before it is frozen.",
            hint="Everything trains on `first_batches`; then the stage is frozen.",
        )
    if phases != sorted(phases):
        return 0, Finding(
            text="The batches of the two parts came mixed or in the wrong order.",
            hint="All of `first_batches`, one step each; then all of `more_batches`.",
        )
    counts = [phases.count(phase) for phase in ("first", "more")]
    due = [sum(name.startswith(phase) for name in wanted) for phase in ("first", "more")]
    return 3, Finding(
        text=f"The model trained on {counts[0]} first and {counts[1]} more batches, where each of {due[0]} and {due[1]} "
        "was to come once, in its order.",
        hint="One step for each batch.",
    )


def _stage_tensors(expected: dict) -> tuple[list[str], list[str]]:
    """Names of the stage's weights and of its statistics."""
    names = inside(expected["before"]["state"], expected["stage"])
    return [name for name in names if is_weight(name)], [name for name in names if not is_weight(name)]


def _judge_stage_flags(evidence: dict, expected: dict) -> tuple[int, Finding]:
    """Whether the stage's parameters are frozen while the rest trains on."""
    stage, turns = expected["stage"], evidence["turns"]
    still_open = [f"{stage}.{name}" for name in turns["open_at_last"]]
    weights, _ = _stage_tensors(expected)
    if not still_open:
        return 1, Finding(text="The parameters of the stage are frozen.")
    if evidence["flagged_modules"]:
        return 0, Finding(
            text=f"`requires_grad` was set on `{evidence['flagged_modules'][0] or 'the model itself'}`, which is a module: there it is "
            f"an attribute without effect. `{still_open[0]}` trains on.",
            hint="`module.requires_grad_(False)`, with the underscore, or a loop over `module.parameters()`.",
        )
    if len(still_open) < len(weights):
        return 0, Finding(
            text=f"Only a part of the stage is frozen: `{still_open[0]}` trains on.",
            hint="Every parameter has a flag of its own: loop over all of `stage.parameters()`.",
        )
    if not set(weights) & set(map(str, evidence["after"]["trainable"])):
        return 0, Finding(
            text="The stage is frozen in the end, but it was not yet so while the model trained on `more_batches`.",
            hint="Freeze between the two parts, before the first batch of `more_batches`.",
        )
    if not _moved(turns["between"], evidence["after"]["state"], weights):
        return 0, Finding(
            text=f"The stage's weights stand still, but they are not frozen: `{still_open[0]}` has `requires_grad=True`, and "
            "`backward()` computes gradients for it that nobody uses.",
            hint="Call `requires_grad_(False)` on the stage, whatever the optimizer holds.",
        )
    return 0, Finding(
        text=f"The stage was never frozen: `{still_open[0]}` trains on. `eval()`, `no_grad()` or another attribute "
        "freezes no weight.",
        hint="Set `requires_grad` to False on each parameter of the stage.",
    )


def _judge_stage_weights(evidence: dict, expected: dict) -> tuple[int, Finding]:
    """Whether the stage's weights stand still to the last bit."""
    turns = evidence["turns"]
    weights, _ = _stage_tensors(expected)
    moved = _moved(turns["between"], evidence["after"]["state"], weights)
    if len(_moved(expected["before"]["state"], turns["between"], weights)) < len(weights):
        return 0, Finding(
            text=f"The stage did not train on `first_batches`: `{weights[0]}` was frozen from the beginning, or not all of it "
            "was in the optimizer.",
            hint="Everything trains on `first_batches`; freeze only when they are through.",
        )
    if not moved:
        return 1, Finding(text="The weights of the stage stand still from then on.")
    if turns["open_at_last"]:
        return 0, Finding(
            text=f"`{moved[0]}` of the stage went on moving, since it is not frozen.",
            hint="Freeze the stage first; then see whether its weights stand still, to the last bit.",
        )
    if turns["open_at_first"]:
        return 0, Finding(
            text=f"`{moved[0]}` of the stage still moved on the first of `more_batches`: it was frozen too late.",
            hint="Freeze before the first batch of `more_batches` goes forward.",
        )
    if turns["gradients"]:
        return 0, Finding(
            text=f"`{moved[0]}` is frozen and moves all the same. Its gradient is there, as zeros or from an old step, "
            "and not None; so the optimizer goes on updating it, and the momentum of earlier steps carries it along.",
            hint="`zero_grad(set_to_none=True)`, PyTorch's own choice: SGD skips a parameter whose gradient is None.",
        )
    return 0, Finding(
        text=f"`{moved[0]}` of the frozen stage is not what it was when it was frozen.",
        hint="An old gradient or momentum moves it, or weight decay, or something writes to it.",
    )


def _judge_stage_statistics(evidence: dict, expected: dict) -> tuple[int, Finding]:
    """Whether the stage's BatchNorm statistics stand still, and did move before."""
    turns = evidence["turns"]
    _, statistics = _stage_tensors(expected)
    if len(_moved(expected["before"]["state"], turns["between"], statistics)) < len(statistics):
        return 0, Finding(
            text=f"`{statistics[0]}` did not follow `first_batches`: the stage was in eval mode from the beginning.",
            hint="`model.train()` before the first part; the stage's `eval()` when it is frozen.",
        )
    moved = _moved(turns["between"], evidence["after"]["state"], statistics)
    if not moved:
        return 1, Finding(text="The statistics of the stage stand still from then on.")
    if all(name.endswith("num_batches_tracked") for name in moved):
        return 0, Finding(
            text=f"`{moved[0]}` counts on: the stage's BatchNorm is still in training mode, with a momentum of 0, and "
            "normalises each batch by its own mean.",
            hint="Leave the layer's momentum alone and put the stage into eval mode.",
        )
    return 0, Finding(
        text=f"`{moved[0]}` of the frozen stage moved: frozen parameters do not stop BatchNorm's statistics, which follow "
        "every batch in training mode.",
        hint="Put the stage, and only the stage, into eval mode; a later `model.train()` would undo it.",
    )


def _goes_where(state: dict, wanted: dict, start: dict) -> bool:
    """Whether every tensor has moved from ``start`` as ``wanted`` has, up to a small part of the way.

    Several steps through BatchNorm enlarge float32's rounding; every mistake that we know goes far astray.
    """
    for name, target in wanted.items():
        way = np.linalg.norm(target.astype(float) - start[name])
        if np.linalg.norm(state[name].astype(float) - target) > 0.02 * way + 1e-4 * np.sqrt(target.size):
            return False
    return True


def _judge_rest(evidence: dict, expected: dict, mended: int, in_order: bool) -> tuple[int, Finding]:
    """Whether everything else trains as before. ``mended``: points for the stage."""
    turns, after, stage = evidence["turns"], evidence["after"]["state"], expected["stage"]
    between = turns["between"]
    rest = [name for name in expected["before"]["state"] if not name.startswith(f"{stage}.")]
    still = sorted(set(rest) - set(_moved(between, after, rest)), key=rest.index)
    frozen = [name for name in still if is_weight(name)]
    if frozen and all(name.startswith(stage) for name in frozen):
        return 0, Finding(
            text=f"`{frozen[0]}` stands still as well: its name begins like `{stage}`, but it is another stage's.",
            hint='Take the stage from `model.get_submodule(stage_name)`, or compare with the dot: `startswith(stage_name + ".")`.',
        )
    if frozen:
        return 0, Finding(
            text=f"`{frozen[0]}` stands still on `more_batches`, although it is not part of the stage `{stage}`: too much was frozen, "
            "or it is not in the optimizer.",
            hint="Freeze the one stage; everything else trains on.",
        )
    if still:
        return 0, Finding(
            text=f"`{still[0]}` outside the stage stands still on `more_batches`: the whole model was put into eval mode.",
            hint="Only the stage goes into eval mode: `model.get_submodule(stage_name).eval()`.",
        )
    if not mended:
        return 0, Finding(
            text="The rest of the network trains on. That counts as soon as one of the mistakes is mended.",
            hint="Compare the stage's `state_dict` before and after the second part, buffers too.",
        )
    start = expected["before"]["state"]
    if in_order and not _goes_where(between, expected["between"], start):
        return 0, Finding(
            text="On `first_batches` the model did not move as SGD with a momentum of 0.9 moves it, with everything "
            "trainable and in training mode.",
            hint="Leave the first part as it is in the program: its mistakes lie in the second.",
        )
    if in_order and mended == 3 and not any(_goes_where(after, e, start) for e in expected["endings"]):
        return 0, Finding(
            text="On `more_batches` the rest moved, but not as SGD with a momentum of 0.9 at `learning_rate` moves it.",
            hint="One step a batch, with the optimizer of the first part or a new one like it.",
        )
    if not in_order:
        return 0, Finding(text="Whether the rest trains rightly can be told when each batch comes once.")
    return 1, Finding(text="The rest of the network trains on.")
