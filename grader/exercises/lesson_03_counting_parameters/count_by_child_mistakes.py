"""Known mistakes of a table by child: its form, its names, its numbers."""

from grader.exercises.lesson_03_counting_parameters.numbers_of_a_model import listed
from grader.exercises.machine.mistakes import Mistake

FORM = [
    Mistake(
        "not-a-table",
        lambda f: f.not_counts,
        "A dict from names to numbers was expected, but the function returned {1}.",
        "Wanted is `count_by_child(model) -> dict from each child's name to its number of parameters`.",
    )
]

NAMES = [
    Mistake(
        "no-child",
        lambda f: f.first(lambda t: t.children and not t.named),
        "The returned dict names no child of the model.",
        "Start from `for name, child in model.named_children()`.",
    ),
    Mistake(
        "deeper",
        lambda f: f.first(lambda t: next((name for name in t.named if "." in name), "")),
        "The dict goes deeper than the direct children: `{1}` lies inside of one.",
        "`named_children()` gives just the direct children, `named_modules()` every layer at every depth.",
    ),
    Mistake(
        "empty-child-missing",
        lambda f: f.first(lambda t: t.missing[0] if t.missing and set(t.missing) <= set(t.empty) else ""),
        "`{1}` is missing: a child without parameters has 0 of them, and stands in the table too.",
        "Give each name of `named_children()` a 0 first, then add.",
    ),
    Mistake(
        "child-missing",
        lambda f: f.first(lambda t: t.missing[0] if t.missing else ""),
        "The child `{1}` is missing.",
        "One entry for each pair of `model.named_children()`, under its own name.",
    ),
    Mistake(
        "no-such-child",
        lambda f: f.first(lambda t: t.strange[0] if t.strange else ""),
        "`{1}` is no child of the model.",
        'The direct children\'s names, and "" for parameters of the model itself: nothing else.',
    ),
    Mistake(
        "other-order",
        lambda f: f.first(lambda t: listed(t.named) if t.named != t.children else ""),
        "The children stand in another order than in the model: {1}.",
        "`named_children()` gives them in the order in which the model was built; a dict keeps it.",
    ),
]

_COUNTED: dict[str, tuple[str, str]] = {
    "shared-twice": (
        "A parameter that two children share is counted in both of them: the sum is more than the total.",
        "Remember which parameters are counted already, or go over `model.named_parameters()`, which gives each just once, "
        "under its first name.",
    ),
    "shared-in-last": (
        "A parameter that two children share is counted in the last of them; it belongs to the first.",
        "Count a parameter where it comes up first.",
    ),
    "tied": (
        "The numbers are wrong only on networks whose layers share a parameter: it counts once, in the first child.",
        "`model.named_parameters()` gives each parameter just once, under its first name.",
    ),
    "own-lost": (
        'Parameters of the model itself are missing: they lie in no child, and stand under the key "".',
        "`model.parameters(recurse=False)` gives just those of the model itself; their names have no dot.",
    ),
    "whole-as-own": (
        'Under "" stands the number of all parameters: only those that lie in no child belong there.',
        "`model.parameters(recurse=False)` gives just those of the model itself.",
    ),
    "rest-as-own": (
        'Under "" stands the total less the children\'s numbers, which are not right themselves.',
        "Mend the children's numbers first, and the rest is right.",
    ),
    "own-wrong": (
        'The number under "" is not that of the parameters of the model itself, which lie in no child.',
        "`model.parameters(recurse=False)` gives just those of the model itself.",
    ),
    "tensors": ("The numbers count tensors, not elements.", "Add up `parameter.numel()`."),
    "bytes": (
        "The numbers are in bytes; the number of elements is asked for.",
        "Add up `parameter.numel()`.",
    ),
    "buffers": (
        "The numbers count the buffers in: BatchNorm's running statistics are no parameters.",
        "`child.parameters()` leaves the buffers out, `child.state_dict()` does not.",
    ),
    "only-trainable": (
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
    "state-dict": (
        "The numbers are the sizes of each child's `state_dict()`: that has the buffers too, and a shared tensor under "
        "each of its names.",
        "Add up over `child.parameters()`, and remember which parameters are counted already.",
    ),
    "names-twice": (
        "A shared parameter is counted under each of its names, inside a child and in two of them.",
        "`model.named_parameters()` gives each parameter just once, under its first name.",
    ),
    "nested": (
        "Most parameters are counted several times: each module's `parameters()` already has those of the modules inside.",
        "One sum over `child.parameters()` looks at every depth.",
    ),
    "direct": (
        "The numbers have only the parameters that belong to each child directly: most lie in layers inside of it.",
        "`child.parameters()` looks at every depth, unless it is told `recurse=False`.",
    ),
    "names-inside": (
        "A child has parameters of another child as well: a part inside of that one has its name.",
        'Only the first part of a name is the child: `name.split(".")[0] == child_name`.',
    ),
    "beginning": (
        "A child has the parameters of another one whose name begins like its own.",
        'Compare the whole name: `name.split(".")[0] == child_name`, not `name.startswith(child_name)`.',
    ),
}


def _row(name: str) -> Mistake:
    text, hint = _COUNTED[name]
    return Mistake(name, lambda facts: name in facts.made, text, hint)


COUNTS = [
    *map(_row, _COUNTED),
    Mistake(
        "other-counts",
        lambda f: f.unexplained,
        "{1}",
        "Add up `parameter.numel()` over `child.parameters()`, which looks into every layer inside.",
    ),
]
