"""Who handed a file in, as far as the platform tells it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sender:
    """As the name of a download tells it; what a platform does not tell is empty.

    Attributes:
        name: of the student, as the platform writes it; shown to the instructor.
        names: the ways in which ``name`` can be read, the likeliest first; none where the platform hid it.
        file: the file's own name.
        user_number: the platform's number of the user, the same in every course: ``lms_user_id``.
        participant: Moodle's number of a participant of one assignment. It says nothing of any other.
        other_numbers: numbers of users that the name could hold as well, if it is read otherwise.
        login, email: of the student.
        attempt: by the platform's clock; larger is later.
        order: larger is later; compared where ``attempt`` is the same.
        late: the platform marked it as late.
        only_ascii: the platform leaves out of a name what is not ASCII.
        doubt: why even this reading is uncertain, a clause.
    """

    name: str
    names: tuple[str, ...] = ()
    file: str = ""
    user_number: str = ""
    participant: str = ""
    other_numbers: tuple[str, ...] = ()
    login: str = ""
    email: str = ""
    attempt: str = ""
    order: int = 0
    late: bool = False
    only_ascii: bool = False
    doubt: str = ""

    @property
    def number(self) -> str:
        """The platform's number, of whatever kind."""
        return self.user_number or self.participant

    @property
    def identity(self) -> str:
        """What tells two people of one name apart."""
        return self.number or self.login.casefold() or self.email.casefold()
