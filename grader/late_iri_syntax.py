"""``rfc3987_syntax`` is imported when jsonschema first asks it, not whenever a notebook is read.

It compiles about 35 parsers while it is imported, 0.9 s of processor time, and nbformat brings it into every
command through ``jsonschema[format-nongpl]``. No schema of nbformat's or nbgrader's has the format "iri", the
only one that it checks (github.com/python-jsonschema/jsonschema/issues/1428).
"""

import importlib.util
import sys
from types import ModuleType

NAME = "rfc3987_syntax"


def import_iri_syntax_late() -> None:
    """Put a stand-in in its place, unless the module is imported already, or not installed."""
    if NAME not in sys.modules and importlib.util.find_spec(NAME):
        stand_in = ModuleType(NAME, "Imported when it is first asked.")
        stand_in.__dict__["is_valid_syntax"] = _is_valid_syntax
        sys.modules[NAME] = stand_in


def _is_valid_syntax(term: str, value: str) -> bool:
    """As ``rfc3987_syntax.is_valid_syntax``."""
    if not hasattr(sys.modules.get(NAME), "__path__"):  # still the stand-in
        sys.modules.pop(NAME, None)
    return importlib.import_module(NAME).is_valid_syntax(term, value)
