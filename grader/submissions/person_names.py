"""Names of people and files as text: how they are compared, what of them becomes an id or a file's name."""

import hashlib
import unicodedata

ID_BYTES, FILE_BYTES = (
    120,
    160,
)  # a file system takes 255 bytes; a letter may have four, and something is added
_ACCENTS = 200  # combining classes from here on are accents; vowel signs and the virama have lower ones


def normalised(name: str) -> str:
    """Letters and digits alone, lower case, without accents: how names are compared.

    Marks that are no accents stay: in Hindi or Japanese they make another letter, and another name.

    >>> normalised("Zoë O'Neil") == normalised("ZOE ONEIL")
    True
    """
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", name) if unicodedata.combining(sign) < _ACCENTS
    )
    folded = unicodedata.normalize("NFKD", plain.casefold())
    return "".join(sign for sign in folded if _is_of_a_word(sign))


def as_written(name: str) -> str:
    """The same text in one form, whatever system wrote it: two names that differ here are two names."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def as_student_id(name: str) -> str:
    """A name as nbgrader's id of a student: no folder, no blank, nothing hidden; "" if nothing is left."""
    kept = "".join(
        sign if _is_of_a_word(sign) or sign in "-_.@+" else "-" for sign in as_written(name).strip()
    )
    return cut(kept.strip("-."), ID_BYTES)


def as_file_name(name: str) -> str:
    """A path of a download as the beginning of one file's name."""
    kept = "".join(
        sign if _is_of_a_word(sign) or sign in "-_.@+" else "-" for sign in unicodedata.normalize("NFC", name)
    )
    return cut(kept.strip("-."), FILE_BYTES) or "file"


def cut(text: str, most: int) -> str:
    """At most ``most`` bytes of UTF-8; what is cut off is told apart by a few digits of its hash."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= most:
        return text
    digest = hashlib.sha256(raw).hexdigest()[:8]
    return f"{raw[: most - 9].decode('utf-8', 'ignore')}-{digest}"


def printable(text: str) -> str:
    """Safe to print: names from a download must not steer the terminal."""
    return "".join(
        sign if sign.isprintable() else " " if unicodedata.category(sign) == "Zs" else "?" for sign in text
    )


def _is_of_a_word(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign).startswith("M")
