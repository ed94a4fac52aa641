"""The words of the course on one page: ``glossary.yaml`` → ``glossary.md``, there and in ``notebooks/``.

The page lies twice, so that the link in a lesson's header leads there from the solution and from the release.
"""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from grader.course import ROOT
from grader.errors import CourseError
from grader.lesson_folder import NOTEBOOK

SOURCE, PAGE = "solutions/glossary.yaml", "glossary.md"
PLACES = ("solutions", "notebooks")


class Term(BaseModel):
    """One word.

    Attributes:
        means: one or two sentences.
        lesson: id of the lesson in which it first stands, and is explained.
        uses: a regular expression for what counts as a use of it; "" for the term itself, perhaps with an s.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    term: str = Field(min_length=1)
    means: str = Field(pattern=r"^[A-Z0-9].*\.$")
    lesson: str = Field(pattern=r"^\d\d_\w+$")
    uses: str = ""


def read_glossary(course: Path = ROOT) -> list[Term]:
    """All terms in alphabetical order.

    Raises:
        CourseError: the file is missing or breaks the schema.
    """
    try:
        content = yaml.safe_load((course / SOURCE).read_text(encoding="utf-8"))
        terms = TypeAdapter(list[Term]).validate_python(content)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CourseError(f"{SOURCE} cannot be read ({reason}): mend it there.") from error
    return sorted(terms, key=lambda one: one.term.casefold())


def glossary_page(terms: list[Term]) -> str:
    """The page as Markdown: a heading a term, which a link can lead to."""
    lines = [
        "# Glossary",
        "",
        "Words of this course, each with the lesson that explains it where it first stands.",
    ]
    for one in terms:
        link = f"[Lesson {int(one.lesson[:2])}]({one.lesson}/{NOTEBOOK})"
        lines += ["", f"## {one.term}", "", f"{one.means} {link}"]
    return "\n".join(lines) + "\n"


def glossary_is_stale(course: Path = ROOT) -> bool:
    """Whether a page says something else than its source. A course without that source has no page.

    Raises:
        CourseError: as :func:`read_glossary`.
    """
    if not (course / SOURCE).is_file():
        return False
    text = glossary_page(read_glossary(course))
    pages = [course / place / PAGE for place in PLACES]
    return any(not page.is_file() or page.read_text(encoding="utf-8") != text for page in pages)


def write_glossary(course: Path = ROOT) -> bool:
    """Renew the pages; whether they changed.

    Raises:
        CourseError: as :func:`read_glossary`.
    """
    if not glossary_is_stale(course):
        return False
    text = glossary_page(read_glossary(course))
    for place in PLACES:
        (course / place).mkdir(exist_ok=True)
        (course / place / PAGE).write_text(text, encoding="utf-8", newline="\n")
    return True
