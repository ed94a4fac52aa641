"""The page that a student gets and an instructor opens: nothing in it runs, nothing is fetched for it."""

import re
from typing import Any

from nbformat import NotebookNode

from grader.autograde.steps.page_rendering import SharedPages

# Styles and pictures stand in the page itself. Whatever markup got into it by a way that we did not think of,
# a browser neither runs it nor asks another machine for anything.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'"
_META = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
# nbconvert's template asks other machines for scripts, which the policy would not run.
_SCRIPT = re.compile(r"<script\b.*?</script>", flags=re.DOTALL | re.IGNORECASE)


class FeedbackPage(SharedPages):
    """Stands in ``GenerateFeedback.exporter_class``: nbgrader's own page with a policy for browsers."""

    def from_notebook_node(  # type: ignore[override]  # as nbconvert's own exporter of HTML has it
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page as HTML.

        Raises:
            ValueError: nbgrader's template has no head to put the policy in.
        """
        page, resources = super().from_notebook_node(nb, resources, **options)
        start, head, rest = page.partition("<head>")
        if not head:
            raise ValueError("the template of the feedback page has no <head>")
        return f"{start}{head}\n{_META}{_SCRIPT.sub('', rest)}", resources
