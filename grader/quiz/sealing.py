"""A light seal for keys and feedback that a student's files carry.

It keeps an answer from being read by accident, no more: these quizzes teach at once, so the feedback
has to be there. An examination is built with the feedback withheld instead (``grader.quiz.publish``).
"""

import base64
import binascii
import json
import zlib
from typing import Any

from grader.errors import CourseError


def seal(content: Any) -> str:
    """Compress JSON-able ``content`` (zlib) and write it as base64 text.

    The browser reads it with ``DecompressionStream("deflate")``, the same format.

    >>> unseal(seal({"what-for": "B"}))
    {'what-for': 'B'}
    """
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode(), level=9)).decode("ascii")


def unseal(text: str) -> Any:
    """What was given to :func:`seal`.

    Raises:
        CourseError: the text is damaged.
    """
    try:
        return json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
    except (TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise CourseError(
            "The sealed part of a quiz or check is damaged: fetch a fresh copy of the lesson's folder."
        ) from error
