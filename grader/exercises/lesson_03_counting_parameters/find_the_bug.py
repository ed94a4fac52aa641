"""Repair a report on a frozen network with a new head: wrong head, wrong total, wrong count of what trains."""

from typing import Any

import numpy as np

from grader.exercises.kit.condition import condition
from grader.exercises.kit.networks import network, network_spec
from grader.exercises.kit.numbers import as_number, described
from grader.exercises.kit.returned import returned_model
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.lesson_03_counting_parameters.counted_networks import (
    counted_network,
    counted_network_spec,
)
from grader.exercises.lesson_03_counting_parameters.find_the_bug_mistakes import (
    AS_RELEASED,
    FLAGS,
    FORM,
    HEAD,
    TOTAL,
    TRAINABLE,
)
from grader.exercises.lesson_03_counting_parameters.reports import ReportEvidence, Reports
from grader.exercises.machine.asking import AnswerRaised, ask
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import first_mistake, judge_by_tables
from grader.exercises.machine.verdict import Finding, Verdict

_OUTER = ["network", "body", "encoder"]
# None comes with gradients: a copy, which may come back, has none either.
_EFFECTS = [row for row in side_effects("state", "trainable") if row.id != "gradients-cleared"]


class FindTheBug(Exercise):
    """Repair a report on a frozen network with a new head: wrong head, wrong total, wrong count of what trains."""

    id = "counting.find_the_bug"
    title = "Find the bug: the report"
    signature = "new_head_report(model, head_name, num_classes) -> (model, total, trainable)"
    points = 4
    minutes = 10
    difficulty = 3
    section = "Exercise 4: find the bug"
    evidence = ReportEvidence
    mistakes = [*AS_RELEASED, *FORM, *HEAD, *FLAGS, *TOTAL, *TRAINABLE, *_EFFECTS]

    def challenge(self, rng: np.random.Generator) -> dict:
        """Three networks: a head three modules deep; a head alone, in eval mode; a head that shares its weight.

        Each new head is wider than any layer, so that a new layer in a wrong place is always seen.
        """
        return {
            "networks": [
                {**_spec_of_other_outputs(rng, nested=True), "inside": str(rng.choice(_OUTER))},
                {**_spec_of_other_outputs(rng, nested=False), "training": False},
                {**counted_network_spec(rng, "tied", "own", frozen="none"), "training": True},
            ],
            "more_classes": [int(number) for number in rng.permutation([11, 13, 14])],
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """Both numbers, and what the returned network consists of and gives for a batch."""
        asked = zip(challenge["networks"], challenge["more_classes"], strict=True)
        return {"runs": [_ask_for_report(answer, spec, more) for spec, more in asked]}

    def judge(self, evidence: ReportEvidence, expected: dict) -> Verdict:
        """Two points for the new head, which alone trains, and one for either number."""
        if len(evidence.runs) != len(expected["networks"]):
            return self.verdict(0, [Finding(text="A report on each network was expected.")])
        facts = Reports(evidence.runs, expected["networks"])
        for fatal in (FORM, AS_RELEASED):
            if mistake := first_mistake(facts, fatal):
                return self.verdict(0, [mistake.finding(facts)])
        head = HEAD if first_mistake(facts, HEAD) else FLAGS  # what trains is judged of the right network
        right = "The head is new, it alone is trainable, and both numbers are right."
        tables = [head, TOTAL, TRAINABLE, _EFFECTS]
        return self.verdict(*judge_by_tables(self.points, facts, tables, right))


def _spec_of_other_outputs(rng: np.random.Generator, *, nested: bool) -> dict[str, Any]:
    """A network whose head gives another number than it takes: a layer hung on behind it does not fit by luck."""
    while True:
        spec = network_spec(rng, nested=nested)
        head = network(spec).get_submodule(spec["head"])
        if head.in_features != head.out_features:
            return spec


def report_head(spec: dict) -> str:
    """Name of the head of a network of this exercise."""
    if "traits" in spec:
        return spec["children"][-1]
    return f"{spec['inside']}.{spec['head']}" if "inside" in spec else spec["head"]


def report_network(spec: dict):
    """A network of this exercise as it is given: everything trainable, in its mode."""
    import torch

    if "traits" in spec:
        return counted_network(spec).requires_grad_(True).train()
    made = network(spec)
    if "inside" in spec:
        outer = torch.nn.Sequential()
        outer.add_module(spec["inside"], made)
        made = outer
    return made.requires_grad_(True).train(spec.get("training", True))


def report_classes(spec: dict, more: int) -> int:
    """How many outputs the new head is to have: ``more`` than the old one."""
    return (spec["width"] if "traits" in spec else spec["num_classes"]) + more


def _ask_for_report(answer: Any, spec: dict, more: int) -> dict[str, Any]:
    model, name, classes = report_network(spec), report_head(spec), report_classes(spec, more)
    given, before = _consists_of(model), condition(model)
    result = ask(answer, model, name, classes)
    nothing = {"problem": "", "total": 0, "trainable": 0, "given": given, "before": before, "network": None}
    if not isinstance(result, tuple | list) or len(result) != 3:
        got = f"{len(result)} results" if isinstance(result, tuple | list) else described(result)
        return nothing | {
            "problem": f"A model and two numbers were expected, but the function returned {got}."
        }
    returned, instead = returned_model(result[0])
    if instead:
        return nothing | {"problem": f"The first result should be the model, but it is {instead}."}
    for which, number in zip(("total", "trainable"), result[1:], strict=True):
        if as_number(number) is None:
            return nothing | {"problem": f"`{which}` is {described(number)}, not a number."}
    return nothing | {
        "total": as_number(result[1]),
        "trainable": as_number(result[2]),
        "network": _described_network(returned, name, spec),
    }


def _described_network(model: Any, head_name: str, spec: dict) -> dict[str, Any]:
    import torch

    after, consists = condition(model), _consists_of(model)
    training = [module.training for module in model.modules()]
    outputs, forward_error = [], ""
    try:
        with torch.no_grad():
            for module in model.modules():  # by hand: an answer may have hidden `train`
                module.training = False
            outputs = list(ask(model, torch.zeros(2, 3, spec.get("size", 10), spec.get("size", 10))).shape)
    except AnswerRaised as raised:  # the network is what the answer made of it
        forward_error = " ".join(str(raised.error).split())[:200] or type(raised.error).__name__
    for module, mode in zip(model.modules(), training, strict=False):
        module.training = mode
    linear = [m for m in model.modules() if isinstance(m, torch.nn.Linear)]
    return {
        "after": after,
        "consists": consists,
        "outputs": outputs,
        "forward_error": forward_error,
        "modules": [name for name, _ in model.named_modules()],
        "claimed": [int(m.out_features) for m in linear if m.out_features != m.weight.shape[0]],
        "flagged_modules": [name for name, m in model.named_modules() if "requires_grad" in vars(m)],
        "dotted_children": [
            name for module in model.modules() for name, _ in module.named_children() if "." in name
        ],
    }


def _consists_of(model: Any) -> dict[str, Any]:
    """Parameters and buffers: names, sizes, flags, and the number of each shared tensor."""
    numbers: dict[int, int] = {}
    kept = set(model.state_dict(keep_vars=True))

    def number_of(tensor: Any) -> int:
        return numbers.setdefault(id(tensor), len(numbers))

    return {
        "parameters": [
            {"name": name, "size": _size(p), "flag": p.requires_grad, "number": number_of(p)}
            for name, p in model.named_parameters(remove_duplicate=False)
        ],
        "buffers": [
            {"name": name, "size": _size(b), "flag": name in kept, "number": number_of(b)}
            for name, b in model.named_buffers(remove_duplicate=False)
        ],
    }


def _size(tensor: Any) -> int:
    try:
        return int(tensor.numel())
    except (RuntimeError, ValueError):  # a lazy layer that has not seen a batch
        return 0
