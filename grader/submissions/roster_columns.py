"""What the columns of a class list are called, by learning platforms and in several languages."""

import re
from collections.abc import Iterable, Sequence

from grader.submissions.person_names import normalised
from grader.submissions.platforms.moodle import PARTICIPANT

WANTED = (
    "a column id, or what a platform calls it (Username, SIS Login ID, ID number, Email address), and "
    "beside it, if you have them, first_name, last_name or Full name, email, lms_user_id"
)
# By the field that they fill; the earlier of a list is taken for the id, if there is no column "id".
_HEADERS = {
    "id": """id, nbgrader id""",
    "login": """
        username, user name, login, login id, sis login id, benutzername, anmeldename, nom d'utilisateur,
        identifiant de connexion, nombre de usuario, nome utente, nome de utilizador, nome de usuário,
        gebruikersnaam, eid, net id, orgdefinedid, sis user id, id number, student id, student number,
        id-nummer, matrikelnummer, numéro d'identification, número de id, número de identificación,
        numero id, sid, display id""",
    "email": """
        email, e-mail, email address, e-mail address, mail, e-mail-adresse, mailadresse,
        adresse de courriel, courriel, dirección de correo, correo electrónico, indirizzo email,
        endereço de email, e-mailadres""",
    "first": """first name, first, given name, forename, vorname, prénom, nombre, nome, voornaam""",
    "last": """
        last name, last, surname, family name, nachname, nom, nom de famille, apellido(s), apellidos,
        apellido, cognome, apelido, sobrenome, achternaam""",
    "name": """
        full name, name, student, student name, display name, preferred name, vollständiger name,
        nom complet, nombre completo, nome completo, volledige naam""",
    "user_number": """lms_user_id, platform_id, number, canvas id, user id""",
    "participant": """
        participant, participant number, identifier, identifiant, identificador, identificativo""",
}
FIELDS = {normalised(header): field for field, headers in _HEADERS.items() for header in headers.split(",")}
_ORDER = list(FIELDS)
_SHORT = 2  # letters that may stand before the number of an id
_PARTICIPANT = re.compile(r"(?P<word>[^\W\d_][^\d]*?)\s*(?P<number>\d{1,18})")


def fields_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The field that each column fills, "" where it fills none.

    Args:
        rows: what stands below; a column "ID" of Moodle's or Canvas's is told by it.
    """
    fields = [FIELDS.get(normalised(name), "") for name in header]
    canvas = _is_canvas(header)
    for place, name in enumerate(header):
        values = column(rows, place)
        numbers = all(value.isdecimal() for value in values)
        if canvas and name.strip() == "ID" and numbers:
            fields[place] = "user_number"
        elif fields[place] in ("", "id", "participant") and participant_word(place, name, values):
            fields[place] = "participant"
        elif fields[place] == "participant" and not numbers:
            fields[place] = "login"  # somebody's own word for an id
    return fields


def _is_canvas(header: Sequence[str]) -> bool:
    names = {name.strip() for name in header}
    return {"Student", "ID"} <= names and any(name.startswith(("SIS", "Section", "Root")) for name in names)


def column(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    """What stands in a column."""
    return [row[place].strip() for row in rows if place < len(row) and row[place].strip()]


def participant_word(place: int, header: str, values: Sequence[str]) -> str:
    """ "Participant" of "Participant 123", as it is compared, if a column holds nothing else; otherwise "".

    In a language that is not known here it has to be the first column, with another number in each row, and
    be told from ids such as "s123" by its name or by a blank.
    """
    found = [_PARTICIPANT.fullmatch(value) for value in values]
    words = {normalised(match["word"]) if match else "" for match in found}
    if len(words) != 1 or "" in words:
        return ""
    [word] = words
    named = FIELDS.get(normalised(header), "participant") == "participant" and len(word) > _SHORT
    told = named or all(" " in value for value in values)
    unknown = place == 0 and told and len(set(values)) == len(values)
    return word if word in PARTICIPANT or unknown else ""


def id_column(header: Sequence[str], fields: Sequence[str]) -> int | None:
    """The column that ids are taken from; ``None`` if there is none."""
    for wanted in ("id", "login", "email", "user_number"):
        places = [place for place, field in enumerate(fields) if field == wanted]
        if places:
            return min(places, key=lambda place: _ORDER.index(normalised(header[place])))
    return None


def how_many_known(header: Iterable[str]) -> int:
    """Names of columns that are known here: which line is the header."""
    return sum(normalised(name) in FIELDS for name in header)
