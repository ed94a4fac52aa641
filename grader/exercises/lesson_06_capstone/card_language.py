"""The plain words of a model card's text, and what people type to fill a field."""

import re


def listed(words: str) -> tuple[str, ...]:
    """The words of a line, to spare quotes and commas in long lists."""
    return tuple(words.split())


# Words that carry no meaning of their own.
FUNCTION_WORDS = frozenset(
    listed(
        "a about across after against all als also although among an and another any are as at auf aus "
        "be because been before bei between both but by can cannot could das dem den der did die do does "
        "done down during each ein eine einem einen einer es every for from für had has have he her here "
        "his how however i if im in into is ist it its least less may me might mit more most must my "
        "neither never nicht no nor not ob oder of off on one only onto or other our out over own per "
        "same she should sie since sind so still such than that the their them then there these they "
        "this those through to too und under until up us via von war was we were what when where whether "
        "which while who whom why will wir with within without would yet you your zu "
    )
)
_PLACEHOLDER = re.compile(
    r"\b(?:lorem|ipsum|dolor|asdf\w*|qwert\w*|foo|bar|baz|qux|todo|tbd|blah|bla|xyz|xxx+|placeholder|etc etc)\b"
)


def plain(text: str) -> str:
    """In lower case, with plain quotes, dashes and spaces."""
    for fancy, simple in (("’", "'"), ("‘", "'"), ("–", "-"), ("—", " - "), ("‑", "-"), ("\u00a0", " ")):
        text = text.replace(fancy, simple)
    text = re.sub(r"(?:^|(?<=\s))[*•·](?=\s)", "-", text)  # a list's marks
    return re.sub(r"\s+", " ", text).strip().lower().replace("can't", "cannot").replace("won't", "will not")


def words(text: str) -> list[str]:
    """The words of a plain text, numbers included."""
    return re.findall(r"[^\W_][\w']*(?:[.,]\d+)*", text)


def is_placeholder(text: str) -> bool:
    """Whether a plain text holds what people type to fill a field."""
    return _PLACEHOLDER.search(text) is not None
