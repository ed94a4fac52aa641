"""The statements that a model card chooses from, by field. The lesson prints them; a test keeps the two the same.

Which of them are right, and what is said of each, stays with the instructor (``solutions/06_capstone/answers.py``)
and comes with the expected values: nothing here tells the one from the other.
"""

import re
import unicodedata
from dataclasses import dataclass

LETTERS = "ABCDE"


@dataclass(frozen=True)
class Statement:
    """One thing that a card may claim; ``id`` is stable, and with the field's name that of a known mistake."""

    id: str
    text: str


# field: what it answers; its letters are A, B, C… in this order.
QUESTIONS = {
    "task": "what goes in, and what comes out?",
    "data": "which photographs are these, and who labelled them?",
    "split": "which cells judge, and what may the others do?",
    "leak_warning": "what have the modules to do with the accuracy?",
    "licence": "may it be used commercially?",
    "limits": "what should a reader know besides? All that are true.",
}
STATEMENTS = {
    "task": (
        Statement("whole-module", "A photograph of a whole module goes in; a list of its defective cells comes out."),
        Statement("two-scores", "A photograph of a single cell goes in; two scores come out, for good and for defective."),
        Statement("kind-of-defect", "A photograph of a single cell goes in; the kind of its defect comes out, such as a crack."),
        Statement("power", "A photograph of a single cell goes in; the power that the cell still gives comes out."),
    ),
    "data": (
        Statement("experts", "2,624 photographs of cells, cut from 44 modules; experts gave each a probability of a defect."),
        Statement("power-measured", "2,624 photographs of cells, cut from 44 modules; the power of each was measured for its label."),
        Statement("independent", "2,624 photographs of cells, each from a module of its own; experts labelled them one by one."),
        Statement("certain", "2,624 photographs of cells, cut from 44 modules; a cell with an uncertain label was left out."),
    ),
    "split": (
        Statement("best-of-several", "The 656 test cells are drawn at random; the recipe that is best on them is kept, and new cells will give its accuracy too."),
        Statement("validation-judges", "The 656 test cells are drawn at random and choose; the 492 validation cells give this accuracy."),
        Statement("drawn-apart", "The 656 test cells are drawn at random and judge; to train and to choose is left to the other 1,968 cells."),
        Statement("certain-ones", "The 656 test cells are those of which the experts were certain; to train and to choose is left to the other 1,968."),
    ),
    "leak_warning": (
        Statement("random-is-fair", "Each cell is drawn at random and stands on one side; the accuracy holds for a new module too."),
        Statement("equal-shares", "Both sides have the same share of defective cells; the accuracy is the same for a new module."),
        Statement("no-numbers", "The network sees no module's number, so that it gains nothing from cells of the same module."),
        Statement("both-sides", "Cells of one module stand on both sides; on a new module the accuracy is most likely lower."),
    ),
    "licence": (
        Statement("weights-allow", "Commercial use is allowed: the ImageNet weights that it began with are under Apache-2.0."),
        Statement("photographs-exclude", "Commercial use is excluded: the photographs that trained it are under CC BY-NC-SA 4.0."),
        Statement("weights-exclude", "Commercial use is excluded: the ImageNet weights that it began with are for research alone."),
        Statement("public-package", "Commercial use is allowed: the photographs lie in a package that is public."),
    ),
    "limits": (
        Statement("another-camera", "It was tried on the photographs of one data set; with another camera nobody has tried it."),
        Statement("maps", "Grad-CAM's map shows why it gave an answer, so that a plausible map makes the answer right."),
        Statement("doubtful-labels", "Of about 15 in 100 cells the experts were not certain, so that some labels are doubtful."),
        Statement("interval", "The interval on this card covers other factories too: it holds for solar cells of any make."),
        Statement("preparation", "Photographs must be prepared as in training: the weights alone do not say how that is done."),
    ),
}  # fmt: skip
SINGLE = tuple(name for name in STATEMENTS if name != "limits")

_ALONE = re.compile(r"(?:(?:option|statement|letter|answer)s? )?([^\W\d_](?: (?:and )?[^\W\d_])*)")


def letters_of(name: str) -> str:
    """The letters of a field's statements, such as ``"ABCD"``."""
    return LETTERS[: len(STATEMENTS[name])]


def chosen(name: str, text: str) -> list[str] | None:
    """The letters that a text gives for a field, in upper case; ``None`` if it holds something else.

    A letter may stand in brackets, with a dot or behind "option"; several with commas or without ("A, C"; "ACD").
    A statement's own words stand for its letter, with the letter before them or without.
    """
    plain = _plain(text)
    for letter, statement in zip(LETTERS, STATEMENTS[name], strict=False):
        if plain in (_plain(statement.text), _plain(f"{letter} {statement.text}")):
            return [letter]
    if plain and set(plain.upper()) <= set(LETTERS):
        return list(plain.upper())
    if found := _ALONE.fullmatch(plain):
        return [part.upper() for part in found[1].split() if len(part) == 1]
    return None


def _plain(text: str) -> str:
    """Words in small letters with single blanks, without the signs between and around them."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))
