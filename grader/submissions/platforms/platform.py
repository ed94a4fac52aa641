"""What the recogniser of one platform's downloads has to know."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence

from grader.submissions.download_contents import Download
from grader.submissions.platforms.sender import Sender


class Platform(ABC):
    """One learning platform.

    Only the outermost part of a path was written by the platform. What follows may be a student's, who can
    name it like a neighbour's submission: it never says who handed in what.

    Attributes:
        name: shown to the instructor.
        unnamed: why a file of such a download has no sender, a clause.
    """

    name: str
    unnamed: str

    @abstractmethod
    def reads(self, outermost: str) -> bool:
        """Does the platform name a student's file or folder like this?"""

    def fits(self, outermost: Collection[str]) -> int:
        """How many of these names are the platform's; none if they cannot all be of one download."""
        return sum(map(self.reads, outermost))

    def is_own(self, path: str) -> bool:
        """Did the platform write this file, not a student?"""
        return False

    @abstractmethod
    def senders(self, downloads: Sequence[Download], logins: Collection[str]) -> list[list[Sender]]:
        """For each file who handed it in: nobody that is known, one, or a group.

        Args:
            downloads: all of them; what is common to them is told apart from what is a student's.
            logins: those of the roster, in lower case; none without a roster.
        """


def outermost(path: str) -> tuple[str, str]:
    """The part of a path that the platform wrote, and the rest.

    >>> outermost("Ada_1_assignsubmission_file_/a/lesson.ipynb")
    ('Ada_1_assignsubmission_file_', 'a/lesson.ipynb')
    """
    first, _, rest = path.partition("/")
    return first, rest
