"""Exercises of lesson 04_learning_rates: find a rate, give each part its own, read what a curve says."""

from typing import Any

import numpy as np

from grader.exercises.kit.comparing import nearest, same, same_state
from grader.exercises.kit.legacy_side_effects import condition, side_effects
from grader.exercises.kit.models import head_name, random_batch, random_cnn, random_cnn_spec
from grader.exercises.lesson_05_staged_unfreezing.exercises import (
    is_inside,
    staged_batches,
    staged_cnn,
    staged_cnn_spec,
)
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding, Verdict
from grader.quiz.sealing import unseal

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


# ---------------------------------------------------------------- networks


def build_network(network: dict[str, Any]) -> Any:
    """The model of one network of a challenge, in its mode, with its frozen parameters."""
    spec = network["spec"]
    model = staged_cnn(spec) if network["kind"] == "staged" else random_cnn(spec)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in network["frozen"])
    return model.train(network["training"])


def batches_of(network: dict[str, Any], seed: int, count: int) -> list[tuple]:
    """Images and labels for one network of a challenge."""
    if network["kind"] == "staged":
        return staged_batches(network["spec"], seed, count)
    return [random_batch(network["spec"], seed + number, 12) for number in range(count)]


def _random_network(rng: np.random.Generator) -> dict[str, Any]:
    # Without dropout a right answer gives the same numbers however it is written.
    spec = random_cnn_spec(rng) | {"dropout": 0.0}
    return {"kind": "random", "spec": spec, "frozen": [], "training": True}


def _staged_network(rng: np.random.Generator) -> dict[str, Any]:
    return {"kind": "staged", "spec": staged_cnn_spec(rng), "frozen": [], "training": True}


# ---------------------------------------------------------------- exercise 1


class RangeTest(Exercise):
    """Raise the rate from batch to batch and note the losses; the model comes out as it went in."""

    id = "rates.range_test"
    title = "A range test"
    signature = "range_test(model, batches, lowest, highest) -> (rates, losses)"
    points = 5
    minutes = 12
    difficulty = 2
    section = "Exercise 1: a range test"

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network with a frozen stem in training mode, and another in eval mode."""
        staged, other = _staged_network(rng), _random_network(rng)
        stem = staged["spec"]["stem"]
        names = [name for name, _ in staged_cnn(staged["spec"]).named_parameters()]
        staged["frozen"] = [name for name in names if is_inside(name, [stem])]
        other["training"] = False
        return {
            "runs": [
                {
                    "network": network,
                    "batches": batches,
                    "lowest": float(rng.uniform(2e-3, 5e-3)),
                    "highest": float(rng.uniform(0.4, 0.7)),
                    "data_seed": int(rng.integers(2**30)),
                }
                for network, batches in ((staged, 6), (other, 9))
            ]
        }

    def collect(self, answer, challenge: dict) -> dict:
        """What the test returned on each network, and the network afterwards."""
        return {"runs": [_run_range_test(answer, run) for run in challenge["runs"]]}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """One point for the rates, two for the losses, one each for the model's state and for the rest of it."""
        pairs = list(zip(evidence["runs"], expected["runs"], strict=True))
        sentences = expected["sentences"]
        for run, wanted in pairs:
            if run["problem"]:
                hint = "End with `return rates, losses`: two lists with a number for each batch."
                return self.verdict(0, [Finding(text=run["problem"], hint=hint)])
            if same(run["losses"], wanted["rates"]["right"]):
                text = "The results are swapped: the second list holds the rates."
                return self.verdict(0, [Finding(text=text, hint="End with `return rates, losses`.")])
        rates = _first(_explain_rates(*pair, sentences) for pair in pairs)
        loss_points, losses = min(
            (_judge_losses(*pair, sentences) for pair in pairs), key=lambda judged: judged[0]
        )
        points, findings = (not rates) + loss_points, [found for found in (rates, losses) if found]
        kept = [_judge_model(*pair) for pair in pairs]
        state = _first(found for found, _ in kept)
        rest = [found for _, several in kept for found in several]
        # Nothing is left as it was by an answer that never trained.
        if loss_points < 2 and not any(_trained(*pair) for pair in pairs):
            findings += [found for found in (state, *rest[:1]) if found]
            return self.verdict(points, findings)
        points += (not state) + (not rest)
        findings += [found for found in (state, *_distinct(rest)) if found]
        kind = next((kind for run, _ in pairs for kind in run["kinds"] if kind not in ("float", "int")), "")
        if kind:
            points = min(points, self.points - 1)
            findings.append(
                Finding(
                    text=f"The lists hold {'tensors' if kind == 'Tensor' else kind}, not plain numbers.",
                    hint="`.item()` makes a number of a tensor; a loss kept as tensor keeps its whole graph in memory.",
                )
            )
        if not findings:
            findings = [
                Finding(
                    text="The rates are even on a log scale, each loss is that of its batch before the update, and "
                    "the model is as it was."
                )
            ]
        return self.verdict(points, findings)


def _run_range_test(answer, run: dict) -> dict:
    model = build_network(run["network"])
    batches = batches_of(run["network"], run["data_seed"], run["batches"])
    result = answer(model, batches, run["lowest"], run["highest"])
    told = {"problem": "", "rates": [], "losses": [], "kinds": []}
    if not isinstance(result, tuple | list) or len(result) != 2:
        got = f"{len(result)} results" if isinstance(result, tuple | list) else type(result).__name__
        return told | {"problem": f"Rates and losses were expected, but the function returned {got}."}
    for name, values in zip(("rates", "losses"), result, strict=True):
        try:
            values = list(values)
        except TypeError:
            return told | {"problem": f"The {name} should be a list, but they are a {type(values).__name__}."}
        numbers = [_number(value) for value in values[:100]]
        if None in numbers:
            kind = type(values[numbers.index(None)]).__name__
            return told | {"problem": f"The {name} should be a list of numbers, but it holds a {kind}."}
        if len(values) != run["batches"]:
            text = f"There are {len(values)} {name} for {run['batches']} batches: one for each is asked for."
            return told | {"problem": text}
        told[name] = numbers
        # NumPy's numbers of double precision are floats, too.
        told["kinds"] += sorted(
            {"float" if isinstance(value, float) else type(value).__name__ for value in values}
        )
    return told | {"after": condition(model)}


def _number(value: object) -> float | None:
    if isinstance(value, str | bytes):
        return None
    if hasattr(value, "detach"):  # of a tensor with its graph, PyTorch would warn
        value = value.detach()
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError):
        return None


def _trained(run: dict, wanted: dict) -> bool:
    """Whether the losses show that the batches were run and anything was updated between two of them."""
    known, told = wanted["losses"], run["losses"]
    if not all(np.isfinite(told)):
        return False
    for mistake, losses in known.items():
        if same(told, losses["values"]):
            return mistake not in ("untouched", "untouched_eval")
    return same(told[:1], known["right"]["values"][:1])  # another mistake, after a right beginning


def _explain_rates(run: dict, wanted: dict, sentences: dict) -> Finding | None:
    got, right = np.array(run["rates"]), np.array(wanted["rates"]["right"])
    if _near(got, right):
        return None
    for mistake, rates in wanted["rates"].items():
        if mistake != "right" and _near(got, rates):
            return Finding(**sentences[mistake])
    place = next(i for i in range(len(right)) if not _near(got[i : i + 1], right[i : i + 1]))
    return Finding(
        text=f"Rate {place + 1} of {len(right)} is {got[place]:.4g}, where {right[place]:.4g} is the next on an even "
        "log scale.",
        hint="On a log scale each rate is the one before times a fixed factor: see `np.geomspace`.",
    )


def _near(got: Any, wanted: Any) -> bool:
    """As numbers that span several powers of ten are compared: by their ratio."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    return bool(np.all(np.abs(got - wanted) <= 2e-3 * np.abs(wanted)))


def _judge_losses(run: dict, wanted: dict, sentences: dict) -> tuple[int, Finding | None]:
    """Points of two, and what is wrong. A run at other rates than asked is right at the rates that it tells."""
    losses = wanted["losses"]
    if not all(np.isfinite(run["losses"])):
        number = next(i for i, loss in enumerate(run["losses"], start=1) if not np.isfinite(loss))
        return 0, Finding(
            text=f"The loss of batch {number} is {run['losses'][number - 1]}, not a finite number.",
            hint="At these rates the losses stay finite: is the rate the one of its batch?",
        )
    if same(run["losses"], losses["right"]["values"]):
        return 2, None
    told_rates = [mistake for mistake, rates in wanted["rates"].items() if _near(run["rates"], rates)]
    for mistake in told_rates:
        if mistake in losses and same(run["losses"], losses[mistake]["values"]):
            return 2, None
    if mistake := nearest(run, {name: {"losses": known["values"]} for name, known in losses.items()}):
        return losses[mistake]["points"], Finding(**sentences[mistake])
    place = next(
        i
        for i, pair in enumerate(zip(run["losses"], losses["right"]["values"], strict=True))
        if not same(*pair)
    )
    return 0, Finding(
        text=f"The loss of batch {place + 1} is {run['losses'][place]:.4g}, where one plain SGD step a batch gives "
        f"{losses['right']['values'][place]:.4g} there.",
        hint="For each batch in turn: set the rate, forward, note the loss, backward, step; in training mode.",
    )


def _judge_model(run: dict, wanted: dict) -> tuple[Finding | None, list[Finding]]:
    """What is wrong with the model's tensors, and with all else of it."""
    before, after = wanted["before"], run["after"]
    rest = side_effects(before, after, {"state"})
    if after["devices"] != before["devices"] or after["dtypes"] != before["dtypes"]:
        return rest[0], rest
    if same_state(after["state"], before["state"]):
        return None, rest
    changed = [name for name in before["state"] if not same(after["state"].get(name), before["state"][name])]
    if not changed:
        return Finding(text="Afterwards the model has other tensors than before."), rest
    if all(name.endswith(_STATISTICS) for name in changed):
        return Finding(
            text=f"The weights are as they were, but `{changed[0]}` is not: BatchNorm's statistics are buffers, not "
            "parameters, and they followed the batches.",
            hint="Restore the whole `state_dict`, of which a deep copy was taken, or work on a copy of the model.",
        ), rest
    return Finding(
        text=f"Afterwards the model is a trained one: `{changed[0]}` is not what it was.",
        hint="Work on `copy.deepcopy(model)`, or load a deep copy of the state at the end. `model.state_dict()` and "
        "its `.copy()` hold the living tensors, which train along.",
    ), rest


# ---------------------------------------------------------------- exercise 2


class GroupsByDepth(Exercise):
    """Parameter groups whose rate falls from the head to the stem."""

    id = "rates.groups_by_depth"
    title = "A rate for each depth"
    signature = "groups_by_depth(model, stages, head_name, head_rate, decay) -> list of parameter groups"
    points = 4
    minutes = 10
    difficulty = 2
    section = "Exercise 2: a rate for each depth"

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network that trains whole, one of two stages, and one that is frozen in part, its last stage wholly."""
        whole, short, partly = _staged_network(rng), _random_network(rng), _staged_network(rng)
        spec = partly["spec"]
        names = [name for name, _ in staged_cnn(spec).named_parameters()]
        some = {str(name) for name in rng.choice(names, size=len(names) // 3, replace=False)}
        partly["frozen"] = [
            name
            for name in names
            if is_inside(name, spec["stages"][-1:])
            or (name in some and not is_inside(name, [spec["head"], spec["stem"]]))
        ]
        partly["training"] = False
        parts = [
            (whole, whole["spec"]["stages"], whole["spec"]["head"]),
            (
                short,
                [short["spec"]["names"]["body"], short["spec"]["names"]["neck"]],
                head_name(short["spec"]),
            ),
            (partly, spec["stages"], spec["head"]),
        ]
        return {
            "networks": [
                {
                    "network": network,
                    "stages": stages,
                    "head": head,
                    "head_rate": float(rng.uniform(0.05, 0.2)),
                    "decay": float(rng.uniform(0.3, 0.6)),
                }
                for network, stages, head in parts
            ]
        }

    def collect(self, answer, challenge: dict) -> dict:
        """The groups as names and rates, and the model afterwards."""
        return {"networks": [_ask_for_groups(answer, asked) for asked in challenge["networks"]]}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """One point each for what the groups hold, and for the rates of the head, the stages and the rest."""
        pairs = list(zip(evidence["networks"], expected["networks"], strict=True))
        for got, _ in pairs:
            if got["problem"]:
                hint = 'Return a list of dicts: `{"params": [...], "lr": ...}` for each group.'
                return self.verdict(0, [Finding(text=got["problem"], hint=hint)])
        sentences = expected["sentences"]
        content = _first(_explain_content(*pair) for pair in pairs)
        head = _first(_explain_part(*pair, "head", sentences) for pair in pairs)
        stages = _first(_explain_part(*pair, "stages", sentences) for pair in pairs)
        rest = _first(_explain_part(*pair, "rest", sentences) for pair in pairs)
        wrong = [found for found in (content, head, stages, rest) if found]
        points = self.points - len(wrong)
        effects = _first(
            found for got, wanted in pairs for found in side_effects(wanted["before"], got["after"])
        )
        if effects:
            points, wrong = min(points, 2), [effects, *wrong]
        if not wrong:
            wrong = [Finding(text="Every trainable parameter is in one group, at the rate of its depth.")]
        return self.verdict(points, _distinct(wrong))


def _ask_for_groups(answer, asked: dict) -> dict:
    import torch

    model = build_network(asked["network"])
    result = answer(model, list(asked["stages"]), asked["head"], asked["head_rate"], asked["decay"])
    if isinstance(result, torch.optim.Optimizer):
        return {
            "problem": "The function returned an optimizer; asked for is the list of groups to give to one."
        }
    if not isinstance(result, tuple | list):
        kind = type(result).__name__
        return {"problem": f"A list of parameter groups was expected, but the function returned {kind}."}
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = []
    for number, group in enumerate(result[:500], start=1):
        if not isinstance(group, dict) or "params" not in group:
            kind = "a dict without `params`" if isinstance(group, dict) else f"a {type(group).__name__}"
            return {"problem": f"Group {number} is {kind}."}
        if "lr" not in group:
            return {"problem": f"Group {number} has no `lr`: it would train at the optimizer's one rate."}
        rate = _number(group["lr"])
        if rate is None:
            return {"problem": f"The `lr` of group {number} is a {type(group['lr']).__name__}, not a number."}
        held = group["params"]
        held = [held] if isinstance(held, torch.Tensor) else list(held)
        held = [item[1] if isinstance(item, tuple) and len(item) == 2 else item for item in held]
        strange = next((item for item in held if not isinstance(item, torch.Tensor)), None)
        if strange is not None:
            kind = type(strange).__name__
            return {"problem": f"Group {number} holds a {kind}, where parameters are expected."}
        groups.append({"rate": rate, "names": [names.get(id(parameter), "") for parameter in held]})
    return {"problem": "", "groups": groups, "after": condition(model)}


def _rates_by_name(got: dict) -> dict[str, float]:
    rates: dict[str, float] = {}
    for group in got["groups"]:
        for name in group["names"]:
            rates.setdefault(str(name), float(group["rate"]))
    return rates


def _explain_content(got: dict, wanted: dict) -> Finding | None:
    held = [str(name) for group in got["groups"] for name in group["names"]]
    part_of = wanted["parts"]
    if "" in held:
        return Finding(
            text="A group holds a parameter that is not one of the model's.",
            hint="Work on the model that is given, not on a copy.",
        )
    frozen = [name for name in held if name not in part_of]
    if frozen:
        return Finding(
            text=f"The groups also hold frozen parameters, `{frozen[0]}` among others.",
            hint="Take only parameters with `requires_grad`.",
        )
    twice = next((name for name in held if held.count(name) > 1), "")
    if twice:
        return Finding(
            text=f"The groups hold `{twice}` twice: an optimizer refuses that.",
            hint="Each parameter goes into one group: the head's, its stage's, or that of the rest.",
        )
    missing = [name for name in part_of if name not in held]
    if not missing:
        return None
    part = part_of[missing[0]]
    if all(part_of[name] == "" for name in missing):
        return Finding(
            text=f"`{missing[0]}` is in no group, so it would never train: it belongs neither to a stage nor to the head.",
            hint="Stem and norms outside the stages go into a group of their own, below the first stage.",
        )
    return Finding(
        text=f"`{missing[0]}` is in no group, so it would never train.",
        hint=f"It belongs to `{part or 'the rest'}`, and it is trainable.",
    )


def _explain_part(got: dict, wanted: dict, part: str, sentences: dict) -> Finding | None:
    """What is wrong with the rates of the head, of the stages or of the rest."""
    rates, head, stages = _rates_by_name(got), wanted["head"], wanted["stages"]
    members = {
        name: own
        for name, own in wanted["parts"].items()
        if ("head" if own == head else "rest" if own == "" else "stages") == part
    }
    right = wanted["rates"]["right"]
    wrong = [name for name, own in members.items() if not _near(rates.get(name, np.nan), right[own])]
    if not wrong:
        return None
    if len(set(rates.values())) == 1 and len(set(wanted["parts"].values())) > 1:
        return Finding(
            text=f"All parameters have one rate, {next(iter(rates.values())):.4g}.",
            hint="Each part has its own: the head `head_rate`, and every stage `decay` times that of the one above.",
        )
    held = {name: own for name, own in members.items() if name in rates}
    if not held:
        return Finding(text=f"The rate of `{wrong[0]}` cannot be judged: it is in no group.")
    for mistake, known in wanted["rates"].items():
        told = sentences.get(mistake)  # none for the right rates
        if told is None or told["part"] != part:
            continue
        if all(_near(rates[name], known[own]) for name, own in held.items()):
            return Finding(text=told["text"], hint=told["hint"])
    name = next((name for name in wrong if name in rates), wrong[0])
    alike = [
        module
        for module in (head, *stages)
        if name.startswith(module)
        and not is_inside(name, [module])
        and _near(rates.get(name, np.nan), right[module])
    ]
    if alike:
        return Finding(
            text=f"`{name}` has the rate of `{alike[0]}`: its name begins like that, but it is another module's.",
            hint='Take the parameters from `model.get_submodule(name)`, or compare with the dot: `startswith(name + ".")`.',
        )
    if name not in rates:
        return Finding(text=f"The rate of `{name}` cannot be judged: it is in no group.")
    where = {"head": "is the head's", "rest": "belongs to no stage"}.get(
        part, f"belongs to `{members[name]}`"
    )
    return Finding(
        text=f"`{name}` {where} and has the rate {rates[name]:.4g}, where it should be {right[members[name]]:.4g}.",
        hint="Head `head_rate`, last stage `head_rate * decay`, the one before `head_rate * decay**2`, and so on; "
        "everything else one power more than the first stage, whatever is frozen.",
    )


# ---------------------------------------------------------------- exercise 3

DIAGNOSES = ("too low", "about right", "too high", "nothing trains")
CURVES = ("A", "B", "C", "D")

# What one would see; no curve is named, so that no finding tells the right diagnosis.
_LOOKS = {
    "too low": "a loss that sinks only a little, and is still sinking where the run ends: the last ten steps lie on "
    "average below the first ten, by no more than single batches differ",
    "about right": "a loss that falls fast in the first steps, goes on falling, and ends far below its start",
    "too high": "a loss that jumps up in the first steps or swings widely, and at the end is hardly below its start",
    "nothing trains": "a loss with no trend at all: it differs from batch to batch, by as much at the end as at "
    "the start and around the same level",
}


class Diagnose(Exercise):
    """Tell from four loss curves what the learning rate was like."""

    id = "rates.diagnose"
    title = "Four curves"
    signature = 'diagnoses: dict of one diagnosis a curve, such as {"A": "too low", ...}'
    points = 4
    minutes = 6
    difficulty = 2
    section = "Exercise 3: four curves"
    answer_kind = "the dict of your diagnoses"
    time_limit = 10.0
    same_for_everybody = True

    def accepts(self, answer: object) -> bool:
        """A dict, from the curves' letters to a diagnosis or None."""
        return isinstance(answer, dict)

    def challenge(self, rng: np.random.Generator) -> dict:
        """The curves of the lesson: the same for everybody."""
        return {"curves": list(CURVES)}

    def collect(self, answer: dict, challenge: dict) -> dict:
        """The diagnoses, as they stand in the cell."""
        return {
            "diagnoses": {
                str(curve).strip().upper()[:60]: _words(said) for curve, said in list(answer.items())[:50]
            }
        }

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """A point for each curve. A wrong diagnosis does not tell the right one."""
        said, key = evidence["diagnoses"], unseal(expected["sealed"])
        findings, right = [], 0
        for curve, wanted in key.items():
            told = said.get(curve)
            if told is None:
                findings.append(Finding(text=f"{curve}: not answered yet."))
            elif told not in DIAGNOSES:
                findings.append(
                    Finding(
                        text=f"{curve}: “{told}” is none of the four diagnoses.",
                        hint=f"Choose one of: {', '.join(DIAGNOSES)}.",
                    )
                )
            elif told == wanted:
                right += 1
            else:
                findings.append(
                    Finding(
                        text=f"{curve}: “{told}” would show {_LOOKS[told]}. Curve {curve} looks otherwise.",
                        hint="Compare the first five steps, the last ten, and how far the two are apart.",
                    )
                )
        given = [said[curve] for curve in key if said.get(curve) in DIAGNOSES]
        twice = next((told for told in given if given.count(told) > 1), "")
        if twice:
            findings.append(
                Finding(text=f"“{twice}” stands more than once: each diagnosis fits just one curve.")
            )
        findings += [
            Finding(text=f"`{curve[:20]}` is no curve of this exercise.")
            for curve in sorted(said.keys() - key.keys())
        ]
        return self.verdict(right, [Finding(text=f"{right} of {len(key)} diagnoses are right."), *findings])


def _words(said: object) -> str | None:
    """A diagnosis, forgiving case, spaces, hyphens and underlines; None for no answer."""
    text = " ".join(str(said).lower().replace("_", " ").replace("-", " ").split()) if said is not None else ""
    return text.rstrip(".")[:40] or None


# ---------------------------------------------------------------- exercise 4


class FindTheBug(Exercise):
    """Repair a recipe whose rates were copied from another one."""

    id = "rates.find_the_bug"
    title = "Find the bug: the copied rate"
    signature = "fine_tune(model, head_name, batches, backbone_rate, head_rate, warm_up) -> model"
    points = 4
    minutes = 12
    difficulty = 3
    section = "Exercise 4: find the bug"

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network whose final norm is named like its head, and batches of different sizes."""
        backbone_rate = float(rng.uniform(0.01, 0.02))
        return {
            "network": _staged_network(rng) | {"training": False},
            "sizes": rng.permutation([8, 9, 10, 12, 13, 14, 11]).tolist(),
            "warm_up": int(rng.integers(3, 5)),
            "backbone_rate": backbone_rate,
            "head_rate": backbone_rate * float(rng.uniform(4, 6)),
            "data_seed": int(rng.integers(2**30)),
        }

    def collect(self, answer, challenge: dict) -> dict:
        """For each step: which batch, in which mode, and at which rate each part moved along its gradient."""
        import torch

        network = challenge["network"]
        model = build_network(network)
        batches = sized_batches(challenge)
        known = [images.clone() for images, _ in batches]
        steps: list[dict] = []

        def watch(module, inputs):
            if not torch.is_grad_enabled() or len(steps) >= 50:
                return
            seen = inputs[0] if inputs else None
            batch = next((i for i, images in enumerate(known) if _same_images(seen, images)), -1)
            steps.append({"batch": batch, "training": module.training, "state": condition(module)["state"]})

        model.register_forward_pre_hook(watch)
        given = condition(model)  # with the hook, which a copy of the model has, too
        result = answer(
            model,
            network["spec"]["head"],
            batches,
            challenge["backbone_rate"],
            challenge["head_rate"],
            challenge["warm_up"],
        )
        is_model = isinstance(result, torch.nn.Module)
        after = condition(result if is_model else model)
        states = [step["state"] for step in steps] + [after["state"]]
        batches = sized_batches(challenge)
        return {
            "returned": "" if is_model else type(result).__name__,
            "seen": [step["batch"] for step in steps],
            "training": [step["training"] for step in steps],
            "before": given,
            "start": states[0],
            "moves": [
                _moves_along_gradient(network, before, later, step["training"], batches[step["batch"]])
                for before, later, step in zip(states[:-1], states[1:], steps, strict=True)
            ][: len(batches)],
            "after": after,
        }

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """Two points for a mean loss, two for a rate of its own in each group, warmed up."""
        seen, wanted = evidence["seen"], expected["seen"]
        if not seen:
            text = "The model was never trained: no batch went through it with gradients on."
            findings = [Finding(text=text, hint="One step for each batch, in the given order.")]
            if evidence["returned"]:
                findings.append(_not_the_model(evidence["returned"]))
            return self.verdict(0, findings)
        if seen != wanted:
            return self.verdict(0, [_explain_order(seen, wanted)])
        if not same_state(evidence["start"], expected["before"]["state"]):
            text = "The model was changed before the training began: it comes with the head to train."
            return self.verdict(
                0, [Finding(text=text, hint="The first step starts from the weights as they are given.")]
            )
        points, findings = _judge_moves(evidence, expected)
        eval_steps = [number for number, training in enumerate(evidence["training"], start=1) if not training]
        if eval_steps:
            points = min(points, 3)
            findings.append(
                Finding(
                    text=f"Step {eval_steps[0]} ran in eval mode.",
                    hint="`model.train()` comes before the loop.",
                )
            )
        effects = side_effects(expected["before"], evidence["after"], {"state", "training", "with_gradient"})
        if effects:
            points, findings = min(points, 2), [*effects, *findings]
        elif points == self.points and not same_state(evidence["after"]["state"], expected["after"]):
            points = 3
            findings = [
                Finding(
                    text="Every step is right, but the model that came back is not the one that they lead to.",
                    hint="Change nothing after the last step, and return the model that was trained.",
                )
            ]
        if evidence["returned"]:
            points = min(points, 3)
            findings.append(_not_the_model(evidence["returned"]))
        return self.verdict(points, findings)


def sized_batches(challenge: dict) -> list[tuple]:
    """The batches of the bug hunt, of different sizes: a sum over a batch is no fixed multiple of its mean."""
    return [
        staged_batches(challenge["network"]["spec"], challenge["data_seed"] + number, 1, size)[0]
        for number, size in enumerate(challenge["sizes"])
    ]


def part_names(spec: dict) -> dict[str, list[str]]:
    """Parameters by part: the head, the final norm (whose name begins like the head's), the rest."""
    names = [name for name, _ in staged_cnn(spec).named_parameters()]
    head = [name for name in names if is_inside(name, [spec["head"]])]
    norm = [name for name in names if name.startswith(spec["head"]) and name not in head]
    return {"backbone": [name for name in names if name not in (*head, *norm)], "norm": norm, "head": head}


def _same_images(given: Any, images: Any) -> bool:
    import torch

    return isinstance(given, torch.Tensor) and given.shape == images.shape and bool((given == images).all())


def _moves_along_gradient(network: dict, before: dict, after: dict, training: bool, batch: tuple) -> dict:
    """At which rate each part moved along the gradient of the batch's mean loss, and how far beside it.

    A plain SGD step is ``-rate * gradient``: its rate is found by projection, whatever program did the step.
    """
    import torch

    model = build_network(network)
    named = dict(model.named_parameters())
    if any(before.get(name) is None or after.get(name) is None for name in named):
        return {}
    try:
        model.load_state_dict({name: torch.as_tensor(value) for name, value in before.items()})
        moved = {
            name: torch.as_tensor(after[name]).double() - torch.as_tensor(before[name]).double()
            for name in named
        }
        with torch.enable_grad():
            loss = torch.nn.functional.cross_entropy(model.train(training)(batch[0]), batch[1])
        gradients = dict(zip(named, torch.autograd.grad(loss, list(named.values())), strict=True))
    except RuntimeError:  # other shapes than the model's
        return {}
    told = {}
    for part, names in part_names(network["spec"]).items():
        move = torch.cat([moved[name].flatten() for name in names])
        gradient = torch.cat([gradients[name].double().flatten() for name in names])
        rate = -float(move @ gradient) / max(float(gradient @ gradient), 1e-30)
        beside = float((move + rate * gradient).norm()) / max(float(move.norm()), 1e-30)
        told[part] = {"rate": rate, "beside": beside}
    return told


def _not_the_model(kind: str) -> Finding:
    return Finding(text=f"The function returned {kind}, not the model.", hint="End with `return model`.")


def _explain_order(seen: list, wanted: list) -> Finding:
    if -1 in seen:
        return Finding(
            text="The model was trained on images that stand in none of the batches.",
            hint="Give it the images as they come.",
        )
    if sorted(seen) == wanted:
        return Finding(
            text="The batches came in another order than given.",
            hint="Go through `batches` from first to last.",
        )
    return Finding(
        text=f"The model was trained for {len(seen)} steps, where {len(wanted)} batches were given: one step a batch.",
        hint="A single loop over `batches`, with one forward pass in it.",
    )


def _judge_moves(evidence: dict, expected: dict) -> tuple[int, list[Finding]]:
    """Which loss and which schedule the moves are those of."""
    parts, sentences = ("backbone", "norm", "head"), expected["sentences"]
    if any(set(move) != set(parts) for move in evidence["moves"]):
        text = (
            "The weights could not be followed from step to step: they changed their type, shape or device."
        )
        return 0, [Finding(text=text, hint="Only `optimizer.step()` changes the model.")]
    rates = np.array([[float(move[part]["rate"]) for part in parts] for move in evidence["moves"]])
    beside = np.array([[float(move[part]["beside"]) for part in parts] for move in evidence["moves"]])
    if not np.isfinite(rates).all():
        step = int(np.argmin(np.isfinite(rates).all(axis=1))) + 1
        text = f"After step {step} weights or loss are no finite numbers: the rate was far too high."
        return 0, [Finding(text=text, hint="The rates are meant for a mean loss, each for its own group.")]
    if not rates.any():
        text = "No weight moved: the loss was computed, but no step was taken, or none at a rate above 0."
        return 0, [Finding(text=text, hint="`backward()`, then `optimizer.step()`, in every step.")]
    schedules = expected["schedules"]
    sizes = np.array(expected["sizes"], dtype=float)[:, None]
    straight = bool((beside[rates != 0] < 0.05).all())
    if straight:
        for loss, scale in (("mean", np.ones_like(sizes)), ("sum", sizes)):
            for name, schedule in schedules.items():
                if _follows(rates, np.array(schedule["rates"]) * scale):
                    findings = [Finding(**sentences[loss]), Finding(**sentences[name])]
                    return (2 if loss == "mean" else 0) + schedule["points"], findings
    head = {name: evidence["after"]["state"].get(name) for name in expected["head_names"]}
    if ending := nearest(head, expected["endings"]):
        return 2, [Finding(**sentences[ending])]
    if not straight:
        step, part = (int(place) for place in np.argwhere(beside >= 0.05)[0])
        return 1, [
            Finding(
                text=f"In step {step + 1} the {_called(parts[part])} did not move along the gradient of the batch's loss, "
                "as plain SGD does with all of it.",
                hint="No momentum, no weight decay, gradients cleared in each step, every parameter in a group.",
            )
        ]
    right = np.array(schedules["right"]["rates"])
    scales = rates[:, 2:] / np.where(right[:, 2:] == 0, 1, right[:, 2:])
    # Three steps, since the sum over one batch may by chance be what another factor makes of its mean.
    mean, summed = _follows(rates[-3:, 2:], right[-3:, 2:]), _follows(scales, sizes)
    scale = sizes if summed else np.ones_like(sizes)
    off = np.argwhere(np.abs(rates - right * scale) > 0.05 * right * scale)
    step, part = (int(place) for place in off[0])
    findings = [Finding(**sentences["mean" if mean else "sum"])] if mean or summed else []
    wanted = (right * scale)[step, part]
    return 2 if mean else 0, [
        *findings,
        Finding(
            text=f"In step {step + 1} the {_called(parts[part])} moved as at the rate {rates[step, part]:.4g} of a mean "
            f"loss, where it should be {wanted:.4g}.",
            hint="Step k, counted from 1, uses `rate * min(1, k / warm_up)`, with each group's own rate.",
        ),
    ]


def _called(part: str) -> str:
    return "final norm" if part == "norm" else part


def _follows(rates: np.ndarray, wanted: np.ndarray) -> bool:
    # Moves of float32 weights tell their rate to a percent or so.
    return bool((np.abs(rates - wanted) <= 0.04 * np.abs(wanted) + 1e-9).all())


def _first(findings) -> Finding | None:
    return next((finding for finding in findings if finding), None)


def _distinct(findings: list[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))
