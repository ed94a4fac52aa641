"""Expected values of lesson 04_learning_rates. Stays with the instructor."""

import copy
import math
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from grader.exercises.kit.comparing import same
from grader.exercises.kit.legacy_side_effects import condition
from grader.exercises.lesson_04_learning_rates.exercises import (
    FindTheBug,
    RangeTest,
    build_network,
    part_names,
)
from grader.exercises.lesson_05_staged_unfreezing.exercises import is_inside
from grader.quiz.sealing import seal

# ---------------------------------------------------------------- a range test

_RATES: dict[str, tuple[Callable, str, str]] = {
    "right": (np.geomspace, "", ""),
    "linear": (
        np.linspace,
        "The rates are evenly spaced on a linear scale: all but the first few lie near the highest.",
        "Each rate is the one before times a fixed factor: see `np.geomspace`.",
    ),
    "without_highest": (
        lambda lowest, highest, count: np.geomspace(lowest, highest, count + 1)[:-1],
        "The rates are even on a log scale, but the last one is not `highest`: it would be the next.",
        "Between n rates there are n - 1 factors: `(highest / lowest) ** (i / (n - 1))`.",
    ),
    "without_lowest": (
        lambda lowest, highest, count: np.geomspace(lowest, highest, count + 1)[1:],
        "The rates are even on a log scale, but the first one is not `lowest`: it is one factor more.",
        "The first batch gets `lowest`, and the rate grows after its step.",
    ),
    "falling": (
        lambda lowest, highest, count: np.geomspace(highest, lowest, count),
        "The rates run from `highest` down to `lowest`.",
        "A range test goes up, so that it can be read until the loss gets worse.",
    ),
    "powers": (
        lambda lowest, highest, count: np.logspace(lowest, highest, count),
        "The rates run from 10**lowest to 10**highest: `logspace` takes exponents.",
        "Take `np.geomspace`, or give `np.logspace` the logarithms of both ends.",
    ),
    "exponents": (
        lambda lowest, highest, count: np.linspace(math.log10(lowest), math.log10(highest), count),
        "The numbers are the logarithms of the rates, not the rates.",
        "Take `10 ** exponent`.",
    ),
    "squared": (
        lambda lowest, highest, count: lowest + (highest - lowest) * np.linspace(0, 1, count) ** 2,
        "The rates grow with the square of the batch's number, which is not a log scale.",
        "Each rate is the one before times a fixed factor: see `np.geomspace`.",
    ),
    "constant": (
        lambda lowest, highest, count: np.full(count, lowest),
        "All rates are `lowest`: the rate never grows.",
        "Set `optimizer.param_groups[0]['lr']` anew for each batch, and note it.",
    ),
}


def _run(
    model,
    batches,
    rates,
    *,
    training=True,
    reduction="mean",
    told="before",
    lag=0,
    restore=False,
    clear=True,
    steps=1,
    make=torch.optim.SGD,
) -> list[float]:
    """The losses of a range test at given rates, with a mistake in any part. Works on a copy."""
    start, model = model, copy.deepcopy(model).train(training)
    rates, losses = [float(rate) for rate in rates], []
    optimizer = make(model.parameters(), lr=abs(rates[0]))
    for number, (images, labels) in enumerate(batches):
        if restore:
            model.load_state_dict(start.state_dict())
        for group in optimizer.param_groups:
            group["lr"] = rates[max(0, number - lag)]
        for _ in range(steps):
            if clear:
                optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels, reduction=reduction)
            loss.backward()
            optimizer.step()
        if told == "after":
            with torch.no_grad():
                loss = F.cross_entropy(model(images), labels)
        losses.append(loss.item() * (len(labels) if told == "summed" else 1))
    return losses


_LOSSES: dict[str, tuple[dict, int, str, str]] = {
    "right": ({}, 2, "", ""),
    "untouched": (
        {"restore": True},
        0,
        "The losses are those of the untouched model: nothing was updated, or the model was set back before each "
        "batch, so that no step could show what its rate does.",
        "All steps of a range test follow on each other; set the model back once, at the end.",
    ),
    "untouched_eval": (
        {"restore": True, "training": False},
        0,
        "The losses are those of the untouched model in eval mode: nothing was updated between the batches.",
        "One SGD step a batch, in training mode; set the model back once, at the end.",
    ),
    "eval_mode": (
        {"training": False},
        0,
        "The steps ran in eval mode: the losses are those of BatchNorm's stored statistics, not of the batches'.",
        "Call `model.train()` before the loop, whatever mode the model comes in, and go back to its mode at the end.",
    ),
    "after_update": (
        {"told": "after"},
        1,
        "Each loss was computed after its update: the batch has just been learned, so the loss flatters the rate.",
        "Note the loss from which `backward()` starts.",
    ),
    "summed_told": (
        {"told": "summed"},
        1,
        "The losses are summed over the batch; asked for is the mean.",
        "Note `F.cross_entropy(...)`, which is a mean, without multiplying it by the batch's size.",
    ),
    "summed": (
        {"reduction": "sum"},
        0,
        "The loss was summed over the batch, and so the steps were as many times too long as there are images.",
        "`F.cross_entropy` takes the mean unless it is told otherwise.",
    ),
    "late_rate": (
        {"lag": 1},
        1,
        "Each rate was set after the step that it belongs to: every batch trained at the rate of the one before.",
        "Set `param_groups[0]['lr']` first, then do the step.",
    ),
    "gradients_pile_up": (
        {"clear": False},
        0,
        "The gradients of earlier batches were never cleared: each update used the sum of all of them.",
        "Call `optimizer.zero_grad()` in each step, before `backward()`.",
    ),
    "two_steps": (
        {"steps": 2},
        0,
        "Each batch trained twice.",
        "One step a batch, and the loss comes from its one forward pass.",
    ),
    "momentum": (
        {"make": lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9)},
        1,
        "The losses are those of SGD with a momentum of 0.9; plain SGD is asked for.",
        "`torch.optim.SGD(…, lr=…)` has no momentum unless it is told so.",
    ),
    "adam": (
        {"make": torch.optim.Adam},
        0,
        "The losses are those of Adam; plain SGD is asked for.",
        "Use `torch.optim.SGD`.",
    ),
    "adamw": (
        {"make": torch.optim.AdamW},
        0,
        "The losses are those of AdamW; plain SGD is asked for.",
        "Use `torch.optim.SGD`.",
    ),
}


def range_test(challenge: dict) -> dict:
    """For each network: rates and losses of a right test and of the known mistakes, the model before."""
    exercise, runs = RangeTest(), []
    asked: list[tuple] = []

    def listen(model, batches, lowest, highest):
        asked.append((copy.deepcopy(model), batches))
        return [lowest] * len(batches), [0.0] * len(batches)

    exercise.collect(listen, challenge)
    for run, (model, batches) in zip(challenge["runs"], asked, strict=True):
        rates = {
            name: [float(rate) for rate in spaced(run["lowest"], run["highest"], run["batches"])]
            for name, (spaced, _, _) in _RATES.items()
        }
        losses = {
            name: {"values": _run(model, batches, rates["right"], **changes), "points": points}
            for name, (changes, points, _, _) in _LOSSES.items()
        }
        # Losses at other rates are right where these rates are told.
        for name in rates.keys() - {"right", "exponents"}:
            losses[name] = {"values": _run(model, batches, rates[name]), "points": 0}
        losses = {  # JSON of no more digits than are compared; what blew up cannot be recognised
            name: {"values": [round(loss, 6) for loss in known["values"]], "points": known["points"]}
            for name, known in losses.items()
            if np.isfinite(known["values"]).all()
        }
        runs.append({"rates": rates, "losses": losses, "before": condition(model)})
    told = {name: (text, hint) for name, (_, text, hint) in _RATES.items()}
    told |= {name: (text, hint) for name, (_, _, text, hint) in _LOSSES.items()}
    return {
        "runs": runs,
        "sentences": {name: {"text": text, "hint": hint} for name, (text, hint) in told.items()},
    }


# ---------------------------------------------------------------- a rate for each depth

# For each: the part that is wrong, the power of `decay` from the number of stages n and the place of the stage
# from the input on (0 for the first; for the rest n + 1 is right), a sentence and a hint.
_POWERS: dict[str, tuple[str, Callable[[int, int], float], str, str]] = {
    "wrong_way": (
        "stages",
        lambda n, place: place + 1,
        "The decay runs in the wrong direction: the first stage has the rate of the last, and the last one learns "
        "slowest.",
        "`stages` runs from input to output; count the powers from its end.",
    ),
    "late": (
        "stages",
        lambda n, place: n - 1 - place,
        "The decay begins one stage too late: the last stage has the head's rate.",
        "The head has power 0, the last stage power 1.",
    ),
    "early": (
        "stages",
        lambda n, place: n + 1 - place,
        "The decay begins one stage too early: the last stage has `head_rate * decay**2`.",
        "The head has power 0, the last stage power 1.",
    ),
    "rising": (
        "stages",
        lambda n, place: place - n,
        "The rates rise towards the input: they were divided by `decay`, which is below 1.",
        "Multiply: `head_rate * decay**power`.",
    ),
    "one_for_all_stages": (
        "stages",
        lambda n, place: 1,
        "All stages have one rate, `head_rate * decay`.",
        "Every further stage has one power more.",
    ),
    "stages_at_head_rate": (
        "stages",
        lambda n, place: 0,
        "All stages have the head's rate: there is no decay.",
        "Every stage has `decay` times the rate of the one above it.",
    ),
    "doubling": (
        "stages",
        lambda n, place: 2 ** (n - place) - 1,
        "The decay was applied to itself from stage to stage: the powers are 1, 3, 7 and so on.",
        "Each stage has `decay` times the rate above it, no more.",
    ),
    "rest_at_head_rate": (
        "rest",
        lambda n, place: 0,
        "What belongs to no stage, the stem for one, has the head's rate: the oldest layers learn fastest.",
        "It gets `head_rate * decay**(len(stages) + 1)`, the lowest rate of all.",
    ),
    "rest_as_first_stage": (
        "rest",
        lambda n, place: n,
        "What belongs to no stage has the rate of the first stage.",
        "It gets one power more: `head_rate * decay**(len(stages) + 1)`.",
    ),
    "rest_as_last_stage": (
        "rest",
        lambda n, place: 1,
        "What belongs to no stage, the stem for one, has the rate of the last stage.",
        "It gets `head_rate * decay**(len(stages) + 1)`, the lowest rate of all.",
    ),
    "rest_too_low": (
        "rest",
        lambda n, place: n + 2,
        "What belongs to no stage has one power of `decay` too many.",
        "It gets `head_rate * decay**(len(stages) + 1)`.",
    ),
    "rest_at_zero": (
        "rest",
        lambda n, place: math.inf,
        "What belongs to no stage has the rate 0: it stands still, as if it were frozen.",
        "It gets `head_rate * decay**(len(stages) + 1)`, which is low, but not nothing.",
    ),
    "head_decayed": (
        "head",
        lambda n, place: 1,
        "The head's rate was multiplied by `decay`, too.",
        "The head learns at `head_rate` itself: power 0.",
    ),
    "head_slowest": (
        "head",
        lambda n, place: n + 1,
        "The head has the lowest rate of all: it was taken as what belongs to no stage.",
        "The head learns at `head_rate` itself: power 0.",
    ),
    "head_as_first_stage": (
        "head",
        lambda n, place: n,
        "The head has the rate of the first stage: the rates are swapped.",
        "The head learns fastest, at `head_rate` itself.",
    ),
}


def groups_by_depth(challenge: dict) -> dict:
    """For each network: the part of each trainable parameter, and each part's rate, right and by known mistakes."""
    networks = []
    for asked in challenge["networks"]:
        model = build_network(asked["network"])
        head, stages, rate, decay = asked["head"], asked["stages"], asked["head_rate"], asked["decay"]
        n = len(stages)
        parts = {
            name: next((part for part in (head, *stages) if is_inside(name, [part])), "")
            for name, parameter in model.named_parameters()
            if parameter.requires_grad
        }
        right = {head: 0, "": n + 1} | {stage: n - place for place, stage in enumerate(stages)}
        powers = {"right": right}
        # A frozen stage is skipped where the powers are counted: looked for first, since it looks like another mistake.
        live = [stage for stage in stages if stage in parts.values()]
        if len(live) < n:
            powers["skips_frozen"] = right | {s: len(live) - place for place, s in enumerate(live)}
            powers["skips_frozen_rest"] = right | {"": len(live) + 1}
        for mistake, (part, power, _, _) in _POWERS.items():
            wrong = {"head": [head], "stages": stages, "rest": [""]}[part]
            powers[mistake] = right | {name: power(n, place) for place, name in enumerate(wrong)}
        networks.append(
            {
                "head": head,
                "stages": stages,
                "parts": parts,
                "rates": {
                    mistake: {part: rate * decay**power for part, power in known.items()}
                    for mistake, known in powers.items()
                },
                "before": condition(model),
            }
        )
    sentences = {
        mistake: {"part": part, "text": text, "hint": hint}
        for mistake, (part, _, text, hint) in _POWERS.items()
    }
    skipped = (
        "Where a stage is frozen, the {} below it {} a power of `decay` less: the frozen stage was not counted.",
        "The powers follow the place in `stages`, whatever is frozen.",
    )
    for name, part, verb in (("stages", "skips_frozen", "have"), ("rest", "skips_frozen_rest", "has")):
        sentences[part] = {"part": name, "text": skipped[0].format(name, verb), "hint": skipped[1]}
    return {"networks": networks, "sentences": sentences}


# ---------------------------------------------------------------- four curves


def diagnose(challenge: dict) -> dict:
    """The recorded runs of the lesson: rate 0.03, rate 0, rate 0.001, rate 0.00001."""
    return {"sealed": seal({"A": "too high", "B": "nothing trains", "C": "about right", "D": "too low"})}


# ---------------------------------------------------------------- find the bug

# Rates of (backbone, head) in step k (from 1), for a warm-up of w steps in a run of n; points of two.
_SCHEDULES: dict[str, tuple[Callable, int, str, str]] = {
    "right": (
        lambda k, w, n, b, h: (b * min(1, k / w), h * min(1, k / w)),
        2,
        "Each group warms up to a rate of its own.",
        "",
    ),
    "head_rate_for_both": (
        lambda k, w, n, b, h: (h * min(1, k / w), h * min(1, k / w)),
        0,
        "The warm-up writes one rate, `head_rate`, into every group: the backbone trains as fast as the new head, "
        "and `backbone_rate` is never used.",
        "`zip(optimizer.param_groups, [backbone_rate, head_rate])` gives each group its own full rate.",
    ),
    "backbone_rate_for_both": (
        lambda k, w, n, b, h: (b * min(1, k / w), b * min(1, k / w)),
        0,
        "The warm-up writes one rate, `backbone_rate`, into every group: the new head trains as slowly as the backbone.",
        "`zip(optimizer.param_groups, [backbone_rate, head_rate])` gives each group its own full rate.",
    ),
    "swapped": (
        lambda k, w, n, b, h: (h * min(1, k / w), b * min(1, k / w)),
        0,
        "The rates are swapped: the backbone trains at `head_rate` and the head at `backbone_rate`.",
        "Which group was given first?",
    ),
    "no_warm_up": (
        lambda k, w, n, b, h: (b, h),
        0,
        "There is no warm-up: both groups train at their full rate from the first step.",
        "Step k, counted from 1, uses `rate * min(1, k / warm_up)`.",
    ),
    "head_rate_without_warm_up": (
        lambda k, w, n, b, h: (h, h),
        0,
        "There is no warm-up, and both groups train at `head_rate`.",
        "Step k, counted from 1, uses `rate * min(1, k / warm_up)`, with each group's own rate.",
    ),
    "only_head": (
        lambda k, w, n, b, h: (b, h * min(1, k / w)),
        1,
        "Only the head warms up: the backbone trains at its full rate from the first step.",
        "The factor goes to every group, each with its own rate.",
    ),
    "only_backbone": (
        lambda k, w, n, b, h: (b * min(1, k / w), h),
        1,
        "Only the backbone warms up: the head trains at its full rate from the first step.",
        "The factor goes to every group, each with its own rate.",
    ),
    "from_zero": (
        lambda k, w, n, b, h: (b * min(1, (k - 1) / w), h * min(1, (k - 1) / w)),
        1,
        "The warm-up starts at rate zero: the first batch was computed for nothing, and each step comes one too late.",
        "Count the steps from 1: `enumerate(batches, start=1)`.",
    ),
    "one_ahead": (
        lambda k, w, n, b, h: (b * min(1, (k + 1) / w), h * min(1, (k + 1) / w)),
        1,
        "The warm-up is one step ahead: its first rate is that of the second step.",
        "Step k, counted from 1, uses `rate * min(1, k / warm_up)`.",
    ),
    "one_longer": (
        lambda k, w, n, b, h: (b * min(1, k / (w + 1)), h * min(1, k / (w + 1))),
        1,
        "The warm-up takes one step too many.",
        "Step number `warm_up` is the first at the full rate: `k / warm_up`.",
    ),
    "never_ends": (
        lambda k, w, n, b, h: (b * k / w, h * k / w),
        1,
        "The warm-up never ends: after it the rates go on growing beyond the full rates.",
        "`min(1, k / warm_up)` stops it.",
    ),
    "over_all_batches": (
        lambda k, w, n, b, h: (b * k / n, h * k / n),
        1,
        "The warm-up lasts for all batches, not for the first `warm_up` of them.",
        "Divide by `warm_up`, and take `min(1, …)`.",
    ),
    "compounded": (
        lambda k, w, n, b, h: tuple(
            rate * math.prod(min(1, j / w) for j in range(1, k + 1)) for rate in (b, h)
        ),
        1,
        "Each step multiplied the rate of the step before: the factors compound, and the rates never recover.",
        "Compute every rate from the full rate: `group['lr'] = rate * …`, not `group['lr'] *= …`.",
    ),
    "overwritten_in_warm_up": (
        lambda k, w, n, b, h: (h * k / w if k <= w else b, h * min(1, k / w)),
        1,
        "During the warm-up both groups have the head's rate; only after it has the backbone its own.",
        "The warm-up, too, goes to each group's own rate.",
    ),
    "overwritten_after_warm_up": (
        lambda k, w, n, b, h: (b * k / w if k <= w else h, h * min(1, k / w)),
        1,
        "During the warm-up each group has its own rate, but after it both have the head's.",
        "After the warm-up every group stays at its own full rate.",
    ),
    "falling": (
        lambda k, w, n, b, h: (b * max(1, w / k), h * max(1, w / k)),
        0,
        "The warm-up is upside down: it starts above the full rate and falls.",
        "`min(1, k / warm_up)` grows to 1.",
    ),
}
_NORM_WITH_HEAD = (
    "The final norm trains at the head's rate: its name begins like the head's, but it is another module's.",
    'Compare with the dot: `name.startswith(f"{head_name}.")`.',
)

_LOSS_SENTENCES = {
    "mean": ("The loss is the mean over the batch.", ""),
    "sum": (
        "The loss is a sum over the batch: each step is as many times too long as the batch has images, while the "
        "rates come from a recipe for a mean loss.",
        "`F.cross_entropy` takes the mean unless it is told otherwise.",
    ),
}

_ENDINGS: dict[str, tuple[dict, str, str]] = {
    "momentum": (
        {"make": lambda groups: torch.optim.SGD(groups, momentum=0.9)},
        "The weights moved as SGD with a momentum of 0.9 moves them; plain SGD is asked for.",
        "`torch.optim.SGD(groups)` has no momentum unless it is told so.",
    ),
    "adam": (
        {"make": torch.optim.Adam},
        "The weights moved as Adam moves them; plain SGD is asked for.",
        "Use `torch.optim.SGD`.",
    ),
    "adamw": (
        {"make": torch.optim.AdamW},
        "The weights moved as AdamW moves them; plain SGD is asked for.",
        "Use `torch.optim.SGD`.",
    ),
    "weight_decay": (
        {"make": lambda groups: torch.optim.SGD(groups, weight_decay=0.01)},
        "The weights moved as SGD with a weight decay of 0.01 moves them; plain SGD is asked for.",
        "`torch.optim.SGD(groups)` has no weight decay unless it is told so.",
    ),
    "gradients_pile_up": (
        {"clear": False},
        "The gradients of earlier batches were never cleared: each update used the sum of all of them.",
        "Call `optimizer.zero_grad()` in each step, before `backward()`.",
    ),
}


def _fine_tune(make: Callable = torch.optim.SGD, clear: bool = True) -> Callable:
    def fine_tune(model, head_name, batches, backbone_rate, head_rate, warm_up):
        named = list(model.named_parameters())
        head = [parameter for name, parameter in named if is_inside(name, [head_name])]
        backbone = [parameter for name, parameter in named if not is_inside(name, [head_name])]
        rates = (backbone_rate, head_rate)
        optimizer = make(
            [{"params": part, "lr": rate} for part, rate in zip((backbone, head), rates, strict=True)]
        )
        model.train()
        for step, (images, labels) in enumerate(batches, start=1):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * min(1, step / warm_up)
            if clear:
                optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
        return model

    return fine_tune


def find_the_bug(challenge: dict) -> dict:
    """The rates of each step, right and by known mistakes, and the head after other optimizers."""
    exercise = FindTheBug()
    right = exercise.collect(_fine_tune(), challenge)
    head_names = part_names(challenge["network"]["spec"])["head"]
    count, warm_up = len(challenge["sizes"]), challenge["warm_up"]
    given = (warm_up, count, challenge["backbone_rate"], challenge["head_rate"])
    schedules = {}
    for name, (rates, points, _, _) in _SCHEDULES.items():
        table = [rates(k, *given) for k in range(1, count + 1)]
        schedules[name] = {
            "points": points,
            "rates": [[backbone, backbone, head] for backbone, head in table],  # the norm is of the backbone
        }
        if name == "right":
            schedules["norm_with_head"] = {"points": 1, "rates": [[b, h, h] for b, h in table]}
    endings = {}
    for name, (changes, _, _) in _ENDINGS.items():
        after = exercise.collect(_fine_tune(**changes), challenge)["after"]["state"]
        endings[name] = {tensor: after[tensor] for tensor in head_names}
        assert not all(same(after[tensor], right["after"]["state"][tensor]) for tensor in head_names)
    told = {name: (text, hint) for name, (_, _, text, hint) in _SCHEDULES.items()}
    told |= {name: (text, hint) for name, (_, text, hint) in _ENDINGS.items()}
    told |= _LOSS_SENTENCES | {"norm_with_head": _NORM_WITH_HEAD}
    return {
        "seen": right["seen"],
        "sizes": challenge["sizes"],
        "before": right["before"],
        "after": right["after"]["state"],
        "head_names": head_names,
        "schedules": schedules,
        "endings": endings,
        "sentences": {name: {"text": text, "hint": hint} for name, (text, hint) in told.items()},
    }


EXPECT = {
    "rates.range_test": range_test,
    "rates.groups_by_depth": groups_by_depth,
    "rates.diagnose": diagnose,
    "rates.find_the_bug": find_the_bug,
}
