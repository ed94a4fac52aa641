"""How much a page may send to its kernel in one message; a Jupyter server loads this as an extension.

Tornado, on which a Jupyter server runs, takes 10 MB. Over that it closes the connection, and neither page nor
kernel hears why: ipywidgets sends all files of an upload in one message, so three photographs of a telephone
can be lost in silence. Only the server can raise the limit, and ``message_limit.json``, which ``pip`` puts
where a server looks for extensions, has it done. A server in another environment than the course's keeps its
own; that the panel can say which limit holds, the server tells its kernels in their environment.
"""

import os
from typing import Any

VARIABLE = "FINETUNING_COURSE_MESSAGE_LIMIT"
TORNADOS_OWN = 10 * 1024**2
RAISED = 100_500_000  # 100 MB of files and what is said of them; page, server and kernel hold copies of it
_SETTING = "websocket_max_message_size"


def message_limit() -> int:
    """In bytes, of the server that started this kernel; Tornado's own where that server says nothing."""
    said = os.environ.get(VARIABLE, "")
    return int(said) if said.isdecimal() else TORNADOS_OWN


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Raise the limit unless the server's configuration has set one; ``server`` is a ``ServerApp``."""
    limit = server.web_app.settings.setdefault(_SETTING, RAISED)
    os.environ[VARIABLE] = str(min(limit, server.max_buffer_size))
