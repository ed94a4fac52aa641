"""Right and wrong penalties towards the start, on the public challenge and on secret ones."""

import copy
import functools

import pytest
import torch
from torch.nn import functional as F

from grader.exercises.machine.registry import find_exercise

ID = "rates.decay_towards"


def after_the_dot(name, head_name):
    return name.startswith(f"{head_name}.")


def penalty(
    model,
    start,
    head_name,
    strength,
    *,
    is_head=after_the_dot,
    takes=lambda p: p.requires_grad,
    square=lambda p, s: ((p - s) ** 2).sum(),
    start_value=lambda s: s.detach(),
    add=sum,
    factor=0.5,
    named=lambda model: model.named_parameters(),
):
    """The sum by the names of the parameters, with a mistake in any part."""
    terms = [
        square(p, start_value(start[name]))
        for name, p in named(model)
        if takes(p) and not is_head(name, head_name)
    ]
    return factor * strength * add(terms)


def variant(**changes):
    """The penalty with some of its keyword arguments set; still a function of the asked signature."""
    return functools.partial(penalty, **changes)


# ------------------------------------------------------------------ right


def in_a_loop(model, start, head_name, strength):
    total = torch.zeros(())
    for name, parameter in model.named_parameters():
        if name.startswith(head_name + ".") or not parameter.requires_grad:
            continue
        total = total + torch.sum(torch.square(parameter - start[name].data))
    return total * strength / 2


def by_modules(model, start, head_name, strength):
    """The head's parameters by what they are, the others by their modules."""
    seen = {id(p) for p in model.get_submodule(head_name).parameters()}
    terms = []
    for prefix, module in model.named_modules():
        for name, p in module.named_parameters(recurse=False):
            if id(p) not in seen and p.requires_grad:
                seen.add(id(p))
                terms.append(
                    F.mse_loss(p, start[f"{prefix}.{name}".lstrip(".")].clone().detach(), reduction="sum")
                )
    return torch.stack(terms).sum() * (strength / 2)


def as_one_vector(model, start, head_name, strength):
    names = [n for n, p in model.named_parameters() if p.requires_grad and not n.startswith(f"{head_name}.")]
    now = torch.cat([model.get_parameter(n).flatten() for n in names])
    with torch.no_grad():
        then = torch.cat([start[n].flatten() for n in names])
    way = now - then
    return strength * way.dot(way) / 2


def by_length(model, start, head_name, strength):
    lengths = [
        torch.linalg.vector_norm(p - start[n].detach())
        for n, p in model.named_parameters()
        if p.requires_grad and n[: len(head_name) + 1] != f"{head_name}."
    ]
    return strength / 2 * torch.linalg.vector_norm(torch.stack(lengths)) ** 2


def in_double(model, start, head_name, strength):
    return penalty(
        model, start, head_name, strength, square=lambda p, s: ((p.double() - s.double()) ** 2).sum()
    )


def on_a_copy_of_the_start(model, start, head_name, strength):
    kept = {name: tensor.detach().clone() for name, tensor in start.items()}
    return penalty(model, kept, head_name, strength)


def expanded(model, start, head_name, strength):
    """The square written out."""
    terms = [
        p.pow(2).sum() - 2 * (p * start[n].detach()).sum() + start[n].detach().pow(2).sum()
        for n, p in model.named_parameters()
        if p.requires_grad and not n.startswith(head_name + ".")
    ]
    return strength / 2 * sum(terms)


def with_foreach(model, start, head_name, strength):
    pairs = [
        (p, start[n].detach())
        for n, p in model.named_parameters()
        if p.requires_grad and not n.startswith(head_name + ".")
    ]
    ways = torch._foreach_sub([p for p, _ in pairs], [s for _, s in pairs])
    return (strength / 2) * sum((way * way).sum() for way in ways)


def strength_as_tensor(model, start, head_name, strength):
    return penalty(model, start, head_name, torch.tensor(strength))


RIGHT = [
    penalty,
    in_a_loop,
    by_modules,
    as_one_vector,
    by_length,
    in_double,
    on_a_copy_of_the_start,
    expanded,
    with_foreach,
    strength_as_tensor,
]


@pytest.mark.parametrize("answer", RIGHT)
def test_right_penalties_pass(answer, everywhere):
    for verdict in everywhere(ID, answer):
        assert verdict.passed, verdict


# ------------------------------------------------------------------ wrong


def with_buffers(model, start, head_name, strength):
    return penalty(model, start, head_name, strength) + strength / 2 * sum(
        ((b - start[n]) ** 2).sum() for n, b in model.named_buffers()
    )


def with_running_statistics(model, start, head_name, strength):
    return penalty(model, start, head_name, strength) + strength / 2 * sum(
        ((b - start[n]) ** 2).sum() for n, b in model.named_buffers() if b.is_floating_point()
    )


def from_the_state(model, start, head_name, strength):
    state = model.state_dict()
    return (
        strength
        / 2
        * sum(((state[n] - start[n].detach()) ** 2).sum() for n in state if not n.startswith(head_name + "."))
    )


def head_towards_zero(model, start, head_name, strength):
    head = model.get_submodule(head_name)
    return penalty(model, start, head_name, strength) + strength / 2 * sum(
        (p**2).sum() for p in head.parameters()
    )


def by_its_top(name, head_name):
    return name.split(".")[0] == head_name.split(".")[0]


def of_children(model, start, head_name, strength):
    """What belongs to the model itself is no child's."""
    own = [name for name, _ in model.named_parameters(recurse=False)]
    return penalty(
        model,
        start,
        head_name,
        strength,
        named=lambda m: [x for x in m.named_parameters() if x[0] not in own],
    )


def backward_too(*given):
    found = penalty(*given)
    found.backward()
    return found


def backward_and_kept(*given):
    found = penalty(*given)
    found.backward(retain_graph=True)
    return found


def from_the_model_itself(model, start, head_name, strength):
    return penalty(model, dict(copy.deepcopy(model).named_parameters()), head_name, strength)


def pulled_from_behind(model, start, head_name, strength):
    return penalty(
        model,
        start,
        head_name,
        strength,
        square=lambda p, s: ((p.detach() - s) ** 2).sum(),
        start_value=lambda s: s,
    )


def without_gradients(*given):
    with torch.no_grad():
        return penalty(*given)


def start_emptied(model, start, *rest):
    found = penalty(model, start, *rest)
    start.clear()
    return found


def start_frozen_in_place(model, start, *rest):
    for tensor in start.values():
        if tensor.is_floating_point():
            tensor.requires_grad_(False)
    return penalty(model, start, *rest)


def start_moved_along(model, start, *rest):
    found = penalty(model, start, *rest)
    for name, parameter in model.named_parameters():
        start[name] = parameter.detach().clone()
    return found


def unfrozen_first(model, *rest):
    model.requires_grad_(True)
    return penalty(model, *rest)


def beside(behave):
    def answer(model, *rest):
        found = penalty(model, *rest)
        behave(model)
        return found

    return answer


def every_name(model):
    return model.named_parameters(remove_duplicate=False)


WRONG = {
    # what is pulled
    "the head too": (variant(is_head=lambda name, head: False), 2, "head-included"),
    "the head towards zero": (head_towards_zero, 2, "head-towards-zero"),
    "the head's beginning": (
        variant(is_head=lambda name, head: name.startswith(head)),
        2,
        "namesakes-left-out",
    ),
    "the head's name inside": (variant(is_head=lambda name, head: head in name), 2, "namesakes-left-out"),
    "the head's last name inside": (
        variant(is_head=lambda name, head: head.split(".")[-1] in name),
        2,
        "namesakes-left-out",
    ),
    "all beside the head": (variant(is_head=by_its_top), 2, "container-left-out"),
    "no biases and norms": (variant(takes=lambda p: p.requires_grad and p.ndim > 1), 2, "vectors-left-out"),
    "only convolutions": (variant(takes=lambda p: p.requires_grad and p.ndim == 4), 2, "left-out"),
    "only children": (of_children, 2, "left-out"),
    "every name of a shared weight": (variant(named=every_name), 2, "shared-twice"),
    "frozen ones too": (variant(takes=lambda p: True), 2, "frozen-counted"),
    "buffers too": (with_buffers, 2, "buffers-counted"),
    "running statistics too": (with_running_statistics, 2, "buffers-counted"),
    "head and frozen ones": (
        variant(is_head=lambda name, head: False, takes=lambda p: True),
        1,
        ["head-included", "frozen-counted"],
    ),
    "unfrozen first": (unfrozen_first, 2, "flags-changed"),
    # the formula
    "without half": (variant(factor=1), 2, "without-half"),
    "a quarter": (variant(factor=0.25), 2, "scaled"),
    "strength squared": (lambda m, s, h, strength: penalty(m, s, h, strength**2), 2, "scaled"),
    "no strength": (lambda m, s, h, strength: penalty(m, s, h, 1), 2, "strength-missing"),
    "no strength, no half": (lambda m, s, h, strength: penalty(m, s, h, 2), 2, "strength-missing"),
    "negative": (variant(factor=-0.5), 2, "negated"),
    "the mean of each": (variant(square=F.mse_loss), 2, "mean"),
    "the mean of each, without half": (variant(square=F.mse_loss, factor=1), 2, "mean"),
    "the mean of the sums": (variant(add=lambda terms: sum(terms) / len(terms)), 2, "mean"),
    "the mean of the means": (variant(square=F.mse_loss, add=lambda t: sum(t) / len(t)), 2, "mean"),
    "the mean of all": (
        lambda m, *rest: penalty(m, *rest) / sum(p.numel() for p in m.parameters()),
        2,
        "mean",
    ),
    "lengths": (variant(square=lambda p, s: (p - s).norm()), 2, "not-squared"),
    "the length of all": (variant(add=lambda terms: sum(terms).sqrt()), 2, "not-squared"),
    "absolute": (variant(square=lambda p, s: (p - s).abs().sum()), 2, "absolute"),
    "towards zero": (variant(square=lambda p, s: (p**2).sum()), 1, "towards-zero"),
    "difference of squares": (variant(square=lambda p, s: (p**2 - s**2).sum()), 1, "towards-zero"),
    "products": (variant(square=lambda p, s: (p * s).sum()), 1, "formula-otherwise"),
    "fourth powers": (variant(square=lambda p, s: ((p - s) ** 4).sum()), 1, "formula-otherwise"),
    "the sum": (variant(square=lambda p, s: ((p + s) ** 2).sum()), 1, "formula-otherwise"),
    "not finite": (variant(factor=float("nan")), 1, "formula-otherwise"),
    "one more": (lambda *given: penalty(*given) + 1, 2, "value-otherwise"),
    # where the gradient flows
    "into the start": (variant(start_value=lambda s: s), 2, "gradient-into-start"),
    "into the start alone": (pulled_from_behind, 0, "pulls-the-start"),
    "towards itself": (from_the_model_itself, 0, "pulls-nothing"),
    "a number": (lambda *given: penalty(*given).item(), 0, "a-plain-number"),
    "detached": (lambda *given: penalty(*given).detach(), 0, "no-gradient"),
    "without gradients": (without_gradients, 0, "no-gradient"),
    "from the state": (from_the_state, 0, "no-gradient"),
    "data of the weights": (variant(square=lambda p, s: ((p.data - s) ** 2).sum()), 0, "no-gradient"),
    "backward inside": (backward_too, 0, "used-up"),
    "one element": (lambda *given: penalty(*given).reshape(1), 2, "one-element"),
    # no penalty
    "nothing": (lambda *given: None, 0, "no-number"),
    "a list": (variant(add=lambda terms: torch.stack(terms)), 0, "no-number"),
    "a name": (lambda model, start, head_name, strength: head_name, 0, "no-number"),
    # beside
    "backward, graph kept": (backward_and_kept, 2, "gradients-left"),
    "start emptied": (start_emptied, 2, "arguments-changed"),
    "start frozen in place": (start_frozen_in_place, 2, "arguments-changed"),
    "start moved along": (start_moved_along, 2, "arguments-changed"),
    "mode": (beside(lambda model: model.train(not model.training)), 2, "mode-changed"),
    "weights": (beside(lambda model: next(model.parameters()).data.mul_(2)), 2, "weights-changed"),
    "half": (beside(lambda model: model.half()), 0, "dtype-changed"),
    "gradients off": (beside(lambda model: torch.set_grad_enabled(False)), 2, "settings-changed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_penalties_are_named_and_cost_the_same(name, graded):
    answer, points, told = WRONG[name]
    for seed in (101, 102):
        verdict = graded(ID, answer, seed)
        found = [finding.id for finding in verdict.findings]
        assert found == ([told] if isinstance(told, str) else told), verdict
        assert verdict.points == points, verdict


OWN = [
    mistake.id
    for mistake in find_exercise(ID).mistakes
    if not mistake.id.endswith(("-changed", "-replaced", "-left", "-cleared"))
]


def test_every_known_mistake_of_its_own_is_reached():
    told = [one for _, _, ids in WRONG.values() for one in ([ids] if isinstance(ids, str) else ids)]
    assert sorted(set(OWN) - set(told)) == []


def test_what_separates_right_from_wrong_is_in_every_challenge(graded):
    """Two seeds are asked for every wrong answer; here the public challenge, for those that hang on structure."""
    for name in (
        "all beside the head",
        "every name of a shared weight",
        "frozen ones too",
        "the head's name inside",
    ):
        answer, points, told = WRONG[name]
        verdict = graded(ID, answer, None)
        assert [finding.id for finding in verdict.findings] == [told], verdict
        assert verdict.points == points
