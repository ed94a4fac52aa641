"""Known mistakes of a model card's texts: what a field must say, and what it must not."""

from collections.abc import Callable
from typing import Any

from grader.exercises.lesson_06_capstone import card_leak
from grader.exercises.lesson_06_capstone.card_canonical import Canonical, canonical
from grader.exercises.lesson_06_capstone.card_data import (
    labelled_by_others,
    names_the_data,
    other_data,
    wrong_count,
    wrong_modules,
)
from grader.exercises.lesson_06_capstone.card_draw import wrong_draw
from grader.exercises.lesson_06_capstone.card_language import is_placeholder, plain, words
from grader.exercises.lesson_06_capstone.card_licence import licence_claims
from grader.exercises.lesson_06_capstone.card_limits import denies_limits, names_a_limit, wrong_limits
from grader.exercises.lesson_06_capstone.card_serious import in_jest, of_itself, other_subject, taken_back
from grader.exercises.lesson_06_capstone.card_split import helped, kept_apart
from grader.exercises.lesson_06_capstone.card_task import denies_the_task, speaks_of_the_task
from grader.exercises.lesson_06_capstone.card_word_order import is_word_list
from grader.exercises.machine.mistakes import Mistake

TEXTS = ("task", "data", "split", "limits", "leak_warning", "licence")
COST = 0.6  # points: a tenth of the exercise's
_LEAST_WORDS = {"licence": 4}
_USUAL_WORDS = 8
_READ = 3000  # characters of a text: no reader of a card reads further, and patterns take long
_TEMPLATE = (  # comments of the released cell, which are no answers
    "what goes in, what comes out, and for whom",
    "which photographs, how many, labelled by whom",
    "how the held-out cells were drawn and kept apart",
    "where it is known to fail, and what it has never seen",
    "what the modules have to do with this accuracy",
    "may it be used commercially, given the photographs' licence",
)


def empty_rows(name: str) -> list[Mistake]:
    """Of any field: it is missing, or nothing stands in it."""
    field = name.replace("_", "-")
    return [
        Mistake(f"{field}-missing", lambda card: name not in card.fields, f"`{name}` is missing from the card.", "Keep all ten keys of the template.", costs=COST),
        Mistake(f"{field}-empty", lambda card: card.is_empty(name), f"`{name}` is not filled in yet.", "Replace its `None`; the comment in the template says by what.", costs=COST),
    ]  # fmt: skip


def text_rows(name: str) -> list[Mistake]:
    """The table of a text field."""
    field, least = name.replace("_", "-"), _LEAST_WORDS.get(name, _USUAL_WORDS)

    def row(what: str, shows: Callable[[str], object], text: str, hint: str) -> Mistake:
        return Mistake(
            f"{field}-{what}", lambda card: shows(plain(card.texts[name][:_READ])), text, hint, costs=COST
        )

    def claim(what: str, shows: Callable[[Canonical], object], text: str, hint: str) -> Mistake:
        return Mistake(
            f"{field}-{what}", lambda card: shows(canonical(card.texts[name][:_READ])), text, hint, costs=COST
        )

    return [
        *empty_rows(name),
        Mistake(f"{field}-no-text", lambda card: name not in card.texts, f"`{name}` must be a sentence in quotes.", "Write it for a reader.", costs=COST),
        row("template", repeats_the_template, f"`{name}` repeats the question of the template.", "Answer it, for a reader who was not here."),
        row("placeholder", is_placeholder, f"`{name}` holds a placeholder: a reader cannot act on it.", "Write what you know of this inspector."),
        row("short", lambda text: _too_short(text, least), f"`{name}` has {{1}} words: a reader cannot act on so few.", f"Write a sentence of {least} words or more."),
        Mistake(f"{field}-word-list", lambda card: is_word_list(card.texts[name][:_READ]), f"`{name}` does not read as a sentence that says something: words are strung together, out of order, or repeated.", "Write whole sentences: who or what does what?", costs=COST),
*([Mistake(f"{field}-repeats", lambda card: _repeated(card, name), f"`{name}` repeats the words of `{{1}}`.", "Each field answers its own question.", costs=COST)] if name != TEXTS[0] else []),
        claim("taken-back", taken_back, f"`{name}` takes back what it says: “{{1}}”. A reader cannot tell what holds.", "Say what is so, and nothing else."),
        claim("of-itself", of_itself, f"`{name}` speaks of its own words: “{{1}}”.", "Speak of the inspector: say it, instead of saying what could be said."),
        claim("jest", in_jest, f"`{name}` reads as a joke: “{{1}}”.", "Write what a reader may rely on."),
        claim("other-subject", other_subject, f"`{name}` speaks of “{{1}}”, which this inspector has nothing to do with.", "It looks at photographs of solar cells: write of these."),
        *[claim(*said) for said in _SAID[name]],
    ]  # fmt: skip


def repeats_the_template(text: str) -> bool:
    """Whether it is a comment of the template, but for a word and the signs."""
    own = set(words(text))
    return any(len(own & theirs) >= 0.85 * len(own | theirs) for theirs in map(set, map(words, _TEMPLATE)))


def _too_short(text: str, least: int) -> int | str:
    count = len(words(text))
    return "" if count >= least else count or "no"


def _repeated(card: Any, name: str) -> str:
    """The first field above that has nearly the same words."""
    own = set(words(plain(card.texts[name][:_READ])))
    for other in TEXTS[: TEXTS.index(name)]:
        theirs = set(words(plain(card.texts.get(other, "")[:_READ])))
        if theirs and len(own & theirs) >= 0.8 * len(own | theirs):
            return other
    return ""


_MODULES = "{1[0]:,} modules are named; the data set has 44, and 2,624 cells cut from them."
_PANEL = "A module is a whole panel, a cell is one square of it."
_HOW_MANY = "ELPV has 2,624 cells of 44 modules; 1,968 are for training, 656 are held out."
# field: (what, shows, text, hint)
_SAID: dict[str, list[tuple[str, Callable[[Canonical], object], str, str]]] = {
    "task": [
        ("vague", lambda text: not speaks_of_the_task(text), "`task` does not name both what goes in (a photograph of a solar cell) and what comes out (good or defective).", "Say it in one sentence, and for whom it is."),
        ("denied", denies_the_task, "“{1}” in `task` reads as if the network did not tell good cells from defective ones, or did something else.", "It takes a photograph of one cell and gives a score for good and one for defective."),
    ],
    "data": [
        ("unnamed", lambda text: not names_the_data(text), "`data` does not say which photographs these are.", "Name the data set (ELPV), what it shows and how many cells there are."),
        ("other", other_data, "“{1}” in `data` reads as if the photographs were not those of the ELPV data set.", "They are ELPV's electroluminescence photographs of solar cells (Buerhop-Lutz et al. 2018)."),
        ("labels", labelled_by_others, "“{1}” in `data` reads as if somebody else than experts had given the labels, or nobody.", "Experts judged each cell of ELPV (Deitsch et al. 2019)."),
        ("count", wrong_count, "`data` speaks of {1}, which the data set does not have.", _HOW_MANY),
    ],
    "split": [
        ("held-out-helped", helped, "“{1}” in `split` reads as if the held-out cells were trained on, helped to choose, or were not kept apart: their accuracy is then too good.", "Choose with training cells that you put aside, ask the held-out ones once, and say so."),
        ("not-so", wrong_draw, "“{1}” in `split` is not how these cells were drawn: single cells at random, 656 held out, 1,968 to train on.", "How were they drawn, how many are they, and what were they not used for?"),
        ("not-apart", lambda text: not kept_apart(text), "`split` does not say how the held-out photographs were kept apart from training.", "How were they drawn, how many are they, and what were they not used for?"),
    ],
    "limits": [
        ("denied", denies_limits, "“{1}” in `limits` reads as if there were none. Every model has some, and this one has been tried on one data set.", "Which photographs has it never seen? How many defective cells does it miss?"),
        ("not-so", wrong_limits, "“{1}” in `limits` is not known of this network: it has been tried on ELPV's photographs alone, and what it misses are defective cells, the doubtful ones first.", "Which photographs has it never seen? How many defective cells does it miss?"),
        ("silent", lambda text: not names_a_limit(text), "`limits` does not say where the network fails or what it has never seen.", "Which photographs has it never seen? How many defective cells does it miss?"),
    ],
    "leak_warning": [
        ("without-modules", lambda text: not text.says(r"\bMODULE\b"), "`leak_warning` does not speak of modules: cells of one module may stand on both sides of the split, which flatters the accuracy.", "The cells were cut from 44 modules, and the split draws single cells."),
        ("other-meaning", card_leak.other_meaning, "“{1}” in `leak_warning` is of another kind of leak or module.", "Here a module is a solar panel, and what leaks is what the network knows of it."),
        ("denied", card_leak.denies, "“{1}” in `leak_warning` reads as if nothing leaked, as if it made no difference, or as if a new module were easier. The data set does not tell which cell is of which module, so the stratified split cannot promise that.", "Say what may stand on both sides of the split, and what that does to the accuracy."),
        ("modules", wrong_modules, f"In `leak_warning`, {_MODULES}", _PANEL),
        ("silent", lambda text: not card_leak.admits(text), "`leak_warning` names modules, but not what is wrong: cells of one module on both sides of the split.", "Say what that does to the accuracy on a new module."),
    ],
    "licence": [
        ("allows", lambda text: licence_claims(text)[1], "“{1}” in `licence` reads as if commercial use were allowed; the photographs are CC BY-NC-SA 4.0, which excludes it.", "Say non-commercial, and name the licence of the photographs."),
        ("silent", lambda text: not licence_claims(text)[0], "`licence` does not say that commercial use is excluded: the photographs are CC BY-NC-SA 4.0.", "Say non-commercial, and name the licence of the photographs."),
    ],
}  # fmt: skip
