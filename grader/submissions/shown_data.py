"""Leave out of a notebook's file what its cells show: pictures and pages, of which nothing is taken."""

import re

# In JSON a quote within a text has a backslash before it, so that no text of a cell can look like a key. No
# part gives back what it took: whatever is handed in is read once.
_TEXT = rb'"(?:[^"\\]++|\\.)*+"'
_TEXTS = rb"\[\s*+(?:" + _TEXT + rb"\s*+,?+\s*+)*+\]"
_KEY = rb'"[\w.+-]{1,60}+/[\w.+-]{1,100}+"\s*+:\s*+'
_SHOWN = re.compile(rb"(%b)(?:%b|%b)" % (_KEY, _TEXT, _TEXTS), re.DOTALL)


def without_shown_data(raw: bytes) -> bytes:
    """The same notebook; what a MIME type such as ``image/png`` names, a text or a list of texts, is empty.

    Args:
        raw: the bytes of the file; what is no notebook comes back with as little harm.

    >>> without_shown_data(b'{"data": {"image/png": "iVBORw0KGgo="}}')
    b'{"data": {"image/png": ""}}'
    """
    return _SHOWN.sub(rb'\1""', raw)
