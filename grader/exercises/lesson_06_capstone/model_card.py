"""What a model card of the capstone must say: one check a field, on plain values alone.

The idea of a card that travels with a model: Mitchell et al. 2019, "Model Cards for Model Reporting"
(arXiv 1810.03993).
"""

import math
import re
from collections.abc import Callable

import numpy as np

from grader.exercises.machine.verdict import Finding

TEXTS = ("task", "data", "split", "limits", "leak_warning", "licence")
NUMBERS = ("accuracy", "balanced_accuracy", "baseline")
FIELDS = ("task", "data", "split", "accuracy", "interval", "balanced_accuracy", "baseline", *TEXTS[3:])

_WORDS = {"licence": 4}  # least number of words, where it is not the usual one
_USUAL_WORDS = 8
_INTERVAL_OFF = 0.01  # a bound may be rounded to whole percent
_BASELINE_OFF = 0.005
_MODULES = 44  # of the ELPV data set (Deitsch et al. 2019)

_APART = r"held[- ]?out|never|not (?:used|seen|trained|in)|kept|apart|separate|aside|unseen|disjoint|test"
_CHOSEN_ON_HELD_OUT = (
    r"\b(?:chose|chosen|picked|selected|tuned|stopped|stopping)\b(?: \w+){0,3} (?:on|with|by|using|from) "
    r"(?:the |our |these |those |656 )*(?:held[- ]?out|test)"
)
_NO_LIMITS = r"\b(?:no|without|not any|zero|nothing) (?:\w+ ){0,2}(?:limit|limits|limitation|limitations|weakness|weaknesses)\b"
_NO_LEAK = r"\b(?:no|without|without any|free of|never a|not a) (?:\w+ )?leak|\b(?:does|do|did|can|could) ?n[o']t leak"
_ONE_MODULE_ON_BOTH_SIDES = r"44|both|same|share|one module|split|side|leak|train|held|neighbo|random|block"
_NON_COMMERCIAL = (
    r"non[- ]?commercial|\bnot (?:\w+ ){0,4}commercial|\bno commercial|\bBY[- ]NC\b|\bNC[- ]SA\b"
)
_COMMERCIAL = r"commercial(?:ly)? (?:use|usage) (?:is |as well )?(?:allowed|permitted|fine|possible|welcome)"


def filled_in(card: dict) -> dict[str, object]:
    """The fields of a card as evidence: texts, numbers, pairs of numbers; else the name of the type."""
    return {str(name)[:60]: _plain(value) for name, value in list(card.items())[:40]}


def _plain(value: object) -> object:
    if hasattr(value, "tolist"):  # a tensor, an array or one of their scalars
        value = value.tolist()
    if isinstance(value, list | tuple) and len(value) == 2 and all(_is_number(_plain(v)) for v in value):
        return [float(_plain(v)) for v in value]
    if value is None or isinstance(value, str) or _is_number(value):
        return value
    return {"type": type(value).__name__}


def mistakes(fields: dict, total: int, baseline: float) -> dict[str, Finding]:
    """What is wrong with a card, by field; a field that is right is absent.

    Args:
        fields: from ``filled_in``; untrusted.
        total: number of held-out photographs.
        baseline: accuracy of the majority baseline on them, a fraction.
    """
    if "licence" not in fields and "license" in fields:
        fields = {**fields, "licence": fields["license"]}
    found: dict[str, Finding] = {}
    for name in FIELDS:
        value = fields.get(name)
        finding = _empty(name, fields) or _CHECKS[name](value, fields, total, baseline)
        if finding is not None:
            found[name] = finding
    return found


def _empty(name: str, fields: dict) -> Finding | None:
    if name not in fields:
        return Finding(text=f"`{name}` is missing from the card.", hint="Keep all ten keys of the template.")
    if fields[name] is None or (isinstance(fields[name], str) and not fields[name].strip(" .…")):
        return Finding(
            text=f"`{name}` is not filled in yet.", hint="Replace its `None`; the comment says by what."
        )
    return None


def _text(name: str) -> Callable[..., Finding | None]:
    """The check of a text field: enough words of its own, and then what this field must say."""

    def check(value: object, fields: dict, total: int, baseline: float) -> Finding | None:
        if not isinstance(value, str):
            return Finding(text=f"`{name}` must be a sentence in quotes.", hint="Write it for a reader.")
        words = re.findall(r"\w[\w'’.-]*", value.lower())
        least = _WORDS.get(name, _USUAL_WORDS)
        if len(words) < least or len(set(words)) < least * 0.6:
            return Finding(
                text=f"`{name}` says too little in {len(words)} words: a reader cannot act on it.",
                hint=f"Write a sentence of {least} words or more.",
            )
        for other in TEXTS[: TEXTS.index(name)]:
            if isinstance(fields.get(other), str) and fields[other].strip() == value.strip():
                return Finding(
                    text=f"`{name}` repeats the words of `{other}`.", hint="Each answers its own question."
                )
        return _SAID[name](value) if name in _SAID else None

    return check


def _data(text: str) -> Finding | None:
    if _says(r"elpv|buerhop|2[ ,.]?624|electroluminescence|solar|\bcells?\b", text):
        return None
    return Finding(
        text="`data` does not say which photographs these are.",
        hint="Name the data set (ELPV), what it shows and how many cells there are.",
    )


def _split(text: str) -> Finding | None:
    if _says(_CHOSEN_ON_HELD_OUT, text):
        return Finding(
            text="`split` says that the held-out cells helped to choose the recipe: their accuracy is then too good.",
            hint="Choose with training cells that you put aside, and ask the held-out ones once.",
        )
    if _says(_APART, text):
        return None
    return Finding(
        text="`split` does not say how the held-out photographs were kept apart from training.",
        hint="How were they drawn, how many are they, and what were they not used for?",
    )


def _limits(text: str) -> Finding | None:
    if not _says(_NO_LIMITS, text):
        return None
    return Finding(
        text="`limits` claims that there are none. Every model has some, and this one has been tried on one data set.",
        hint="Which photographs has it never seen? How many defective cells does it miss?",
    )


def _leak_warning(text: str) -> Finding | None:
    if _says(_NO_LEAK, text):
        return Finding(
            text="`leak_warning` says that nothing leaks. The data set does not tell which cell is of which module, "
            "so the stratified split cannot promise that.",
            hint="Say what may stand on both sides of the split, and what that does to the accuracy.",
        )
    if not _says(r"\bmodules?\b", text):
        return Finding(
            text="`leak_warning` does not speak of modules: cells of one module may stand on both sides of the split, "
            "which flatters the accuracy.",
            hint="The cells were cut from 44 modules, and the split draws single cells.",
        )
    named = [int(number.replace(",", "")) for number in re.findall(r"(\d[\d,]*) (?:\w+ )?modules", text)]
    if any(number > _MODULES for number in named):
        return Finding(
            text=f"`leak_warning` speaks of {max(named):,} modules; the data set has {_MODULES}, and 2,624 cells cut from them.",
            hint="A module is a whole panel, a cell is one square of it.",
        )
    if _says(_ONE_MODULE_ON_BOTH_SIDES, text):
        return None
    return Finding(
        text="`leak_warning` names modules, but not what is wrong: cells of one module on both sides of the split.",
        hint="Say what that does to the accuracy on a new module.",
    )


def _licence(text: str) -> Finding | None:
    if _says(_NON_COMMERCIAL, text) and not _says(_COMMERCIAL, text):
        return None
    return Finding(
        text="`licence` does not say that commercial use is excluded: the photographs are CC BY-NC-SA 4.0.",
        hint="Say non-commercial, and name the licence of the photographs.",
    )


def _says(pattern: str, text: str) -> bool:
    return re.search(pattern, text, flags=re.IGNORECASE) is not None


def _fraction(name: str, value: object) -> Finding | None:
    if not _is_number(value) or not math.isfinite(value):
        return Finding(text=f"`{name}` must be a number, a fraction from 0 to 1.")
    if 1 < value <= 100:
        return Finding(
            text=f"`{name}` is {value:g}: that is percent, and the card wants a fraction.",
            hint=f"Divide by 100: {value / 100:g}.",
        )
    if not 0 <= value <= 1:
        return Finding(text=f"`{name}` is {value:g}, which is no fraction from 0 to 1.")
    return None


def _accuracy(value: object, fields: dict, total: int, baseline: float) -> Finding | None:
    return _fraction("accuracy", value)


def _balanced(value: object, fields: dict, total: int, baseline: float) -> Finding | None:
    problem = _fraction("balanced_accuracy", value)
    accuracy = fields.get("accuracy")
    if problem is not None or _fraction("accuracy", accuracy) is not None:
        return problem
    lowest, highest = _lowest_balanced(accuracy, baseline), 1 - _lowest_balanced(1 - accuracy, baseline)
    if lowest - 0.006 <= value <= highest + 0.006:
        return None
    return Finding(
        text=f"A balanced accuracy of {value:g} cannot belong to an accuracy of {accuracy:g} on these cells: "
        f"it lies between {lowest:.3f} and {highest:.3f}.",
        hint="It is the mean of two accuracies: that on the good cells and that on the defective ones.",
    )


def _lowest_balanced(accuracy: float, majority: float) -> float:
    """The balanced accuracy if the right answers fall on the more frequent class first."""
    if accuracy <= majority:
        return accuracy / majority / 2
    return (1 + (accuracy - majority) / (1 - majority)) / 2


def _baseline(value: object, fields: dict, total: int, baseline: float) -> Finding | None:
    problem = _fraction("baseline", value)
    if problem is not None:
        return problem
    if abs(value - baseline) <= _BASELINE_OFF:
        return None
    if abs(value - 0.5) <= _BASELINE_OFF:
        return Finding(
            text="A baseline of 0.5 would need as many defective cells as good ones: it is the baseline of balanced accuracy.",
            hint="Which accuracy has a program that calls every held-out cell good?",
        )
    if abs(value - (1 - baseline)) <= _BASELINE_OFF:
        return Finding(
            text=f"{value:g} is the share of defective cells; the baseline always gives the more frequent class.",
            hint="Take one minus that.",
        )
    return Finding(
        text=f"The majority baseline on the held-out cells is not {value:g}.",
        hint="`cells.majority_baseline(held_out)` counts it.",
    )


def _interval(value: object, fields: dict, total: int, baseline: float) -> Finding | None:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list) or len(value) != 2 or not all(_is_number(bound) for bound in value):
        return Finding(text="`interval` must be a pair of numbers, `(low, high)`.")
    for bound in value:
        problem = _fraction("interval", bound)
        if problem is not None:
            return problem
    low, high = value
    if low > high:
        return Finding(text="The interval's bounds stand in the wrong order.", hint="`(low, high)`.")
    accuracy = fields.get("accuracy")
    if _fraction("accuracy", accuracy) is not None:
        return Finding(
            text="`interval` cannot be compared with an accuracy that is not right itself.",
            hint="Mend `accuracy` first.",
        )
    if not low <= accuracy <= high:
        return Finding(
            text=f"The accuracy of {accuracy:g} lies outside its own interval of {low:g} to {high:g}.",
            hint="Both must come from one count of right photographs.",
        )
    wanted = wilson(round(accuracy * total), total)
    if max(abs(low - wanted[0]), abs(high - wanted[1])) <= _INTERVAL_OFF:
        return None
    return _another_interval(low, high, wanted, total)


def _another_interval(low: float, high: float, wanted: tuple[float, float], total: int) -> Finding:
    width, right_width = high - low, wanted[1] - wanted[0]
    if width < 0.8 * right_width:
        return Finding(
            text=f"The interval of {low:g} to {high:g} is too narrow for {total} photographs: it would need about "
            f"{_photographs(width, right_width, total)}.",
            hint="Was it computed with all 2,624 cells, or as one standard error? Held out are 656.",
        )
    if width > 1.2 * right_width:
        return Finding(
            text=f"The interval of {low:g} to {high:g} is too wide for {total} photographs: it fits about "
            f"{_photographs(width, right_width, total)}.",
            hint="`confidence_interval(correct, total)` wants the count of all held-out cells.",
        )
    return Finding(
        text=f"{low:g} to {high:g} is not the 95 % interval of this accuracy on {total} photographs.",
        hint="`confidence_interval(round(accuracy * 656), 656)`.",
    )


def _photographs(width: float, right_width: float, total: int) -> str:
    """How many photographs an interval of this width fits: it shrinks with their square root."""
    return f"{total * (right_width / max(width, 1e-4)) ** 2:,.0f}"


def wilson(correct: int, total: int) -> tuple[float, float]:
    """95 % Wilson score interval (Wilson 1927), as fractions."""
    from scipy.stats import binomtest

    low, high = binomtest(correct, total).proportion_ci(0.95, method="wilson")
    return float(low), float(high)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_SAID = {
    "data": _data,
    "split": _split,
    "limits": _limits,
    "leak_warning": _leak_warning,
    "licence": _licence,
}
_CHECKS = {name: _text(name) for name in TEXTS} | {
    "accuracy": _accuracy,
    "interval": _interval,
    "balanced_accuracy": _balanced,
    "baseline": _baseline,
}
