"""The commands do not wait for what they never use, and what is asked for is there."""

import subprocess
import sys

ASKS = """
import sys
import grader.cli, nbformat
stood_in = not hasattr(sys.modules["rfc3987_syntax"], "__path__")
from jsonschema import Draft202012Validator
checker = Draft202012Validator.FORMAT_CHECKER
print(stood_in, "lark" in sys.modules)
asked = (("https://example.org/ä", "iri"), ("no iri at all", "iri"), ("ä", "iri-reference"))
print(*(checker.conforms(value, term) for value, term in asked))
print(hasattr(sys.modules["rfc3987_syntax"], "__path__"))
"""

NOT_INSTALLED = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "rfc3987_syntax" else find(name, *rest)
import grader.cli
print("rfc3987_syntax" in sys.modules)
"""


def test_where_it_is_not_installed_nothing_stands_in():
    """jsonschema then leaves the format out, and would break if it thought that it could ask."""
    words = [sys.executable, "-c", NOT_INSTALLED]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_parsers_are_made_when_an_address_is_checked():
    done = subprocess.run([sys.executable, "-c", ASKS], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True False", "True False True", "True"]
