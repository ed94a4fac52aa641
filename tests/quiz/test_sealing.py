import base64
import zlib

import pytest

from grader.errors import CourseError
from grader.quiz.sealing import seal, unseal


def test_what_is_sealed_comes_back() -> None:
    content = {"b": [1, 2.5, None, True], "a": "✓ naïve <b>"}
    assert unseal(seal(content)) == content


def test_the_seal_hides_the_text_and_is_the_same_each_time() -> None:
    sealed = seal({"feedback": "edges and textures", "answer": "B"})
    assert "edges" not in sealed
    assert sealed == seal({"answer": "B", "feedback": "edges and textures"})


def test_the_browser_can_read_the_format() -> None:
    # DecompressionStream("deflate") takes a zlib stream, whose first byte is 0x78.
    assert base64.b64decode(seal({}))[0] == 0x78


@pytest.mark.parametrize(
    "damaged",
    ["", "not base64!", seal([1])[:-8], base64.b64encode(zlib.compress(b"{")).decode(), "ünïcode", None],
)
def test_a_damaged_seal_is_refused(damaged: str) -> None:
    with pytest.raises(CourseError, match="is damaged: fetch a fresh copy"):
        unseal(damaged)
