"""A verdict for the eye and the ear: HTML for notebooks, plain text for terminals."""

import html
import re

from grader.exercises.machine.verdict import Finding, Verdict

_GREEN, _AMBER, _RED = "#2e7d32", "#a86400", "#c62828"  # white text on each has a contrast of at least 4.5:1


def as_text(verdict: Verdict, printed: str = "", pointer: str = "", unfolded: bool = False) -> str:
    """The verdict as lines of plain text; the fixes only if they are ``unfolded``."""
    mark, _ = _badge(verdict)
    lines = [f"{mark} {verdict.exercise}: {_points(verdict)}"]
    for finding in verdict.findings:
        lines.append(f"  - {finding.text}")
        if finding.hint:
            lines.append(f"    Hint: {finding.hint}")
        if finding.fix and unfolded:
            lines.append(f"    The fix: {finding.fix}")
    if pointer:
        lines.append(f"  See the section “{pointer}” above.")
    if printed:
        lines += ["  Your code printed:", printed]
    return "\n".join(lines)


def as_html(verdict: Verdict, printed: str = "", pointer: str = "", unfolded: bool = False) -> str:
    """The verdict as a small box: badge, points, a line for each finding, hints to unfold or ``unfolded``."""
    mark, colour = _badge(verdict)
    parts = [
        f'<section role="group" aria-label="Verdict on {html.escape(verdict.exercise)}" style="'
        f"border:1px solid var(--jp-border-color1,#bdbdbd);border-left:5px solid {colour};border-radius:6px;"
        'padding:10px 14px;margin:4px 2px;max-width:46rem;line-height:1.5;color:var(--jp-content-font-color1,inherit)">',
        f'<div><span aria-hidden="true" style="display:inline-block;min-width:1.5em;text-align:center;'
        f'border-radius:1em;color:#fff;background:{colour};margin-right:.6em;font-weight:700">{mark}</span>'
        f"<strong>{_points(verdict)}</strong> <code>{html.escape(verdict.exercise)}</code></div>",
        '<ul style="margin:.4em 0 0;padding-left:1.4em">',
        *(_finding(finding, unfolded) for finding in verdict.findings),
        "</ul>",
    ]
    if pointer:
        parts.append(
            f'<div style="margin-top:.4em">Third attempt or more: read <a href="#{html.escape(_anchor(pointer))}">'
            f"{html.escape(pointer)}</a> once again.</div>"
        )
    if printed:
        parts.append(
            '<details style="margin-top:.4em"><summary>What your code printed</summary>'
            f'<pre style="white-space:pre-wrap;max-height:20em;overflow:auto">{html.escape(printed)}</pre></details>'
        )
    return "".join(parts) + "</section>"


def _badge(verdict: Verdict) -> tuple[str, str]:
    if not verdict.judged:
        return "!", _AMBER
    if verdict.passed:
        return "✓", _GREEN
    return ("◐", _AMBER) if verdict.points > 0 else ("✗", _RED)


def _points(verdict: Verdict) -> str:
    if not verdict.judged:
        return "not judged"
    return f"{verdict.points:g} of {verdict.max_points:g} point{'' if verdict.max_points == 1 else 's'}"


def _finding(finding: Finding, unfolded: bool) -> str:
    """What is seen; behind a fold where to look, and behind a fold in that one what to write."""
    fix = _fold("The fix", _with_code(finding.fix), unfolded) if finding.fix else ""
    hint = _fold("Hint", _with_code(finding.hint) + fix, unfolded) if finding.hint or fix else ""
    return f"<li>{_with_code(finding.text)}{hint}</li>"


def _fold(summary: str, content: str, unfolded: bool) -> str:
    if unfolded:
        return f"<div>{content}</div>"
    return f"<details><summary>{summary}</summary><div>{content}</div></details>"


def _with_code(text: str) -> str:
    """Escaped text, with `code` between backquotes."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _anchor(heading: str) -> str:
    """As JupyterLab names the anchor of a heading."""
    return heading.replace(" ", "-")
