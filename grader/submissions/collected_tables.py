"""What ``grader collect`` says. Nothing that it names is cut off."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.submissions.collect import Collected, Placed
from grader.submissions.person_names import printable
from grader.submissions.placing import DOUBTFUL

_MOST_NAMES = 8  # of files that nobody handed in


def show(collected: Collected, console: Console) -> None:
    """Tables of what was done, or would be."""
    would = "would be " if collected.dry_run else ""
    console.print(_safe(f"The download is {collected.recognised}."))
    for note in collected.notes:
        console.print(_safe(note))
    placed, unchanged = len(collected.placed), len(collected.unchanged)
    console.print(f"{_counted(placed, 'submission')} {would}placed, {unchanged:,} unchanged.")
    rows = [_row(placed) for placed in collected.placed]
    rows += [_row(placed) for placed in collected.unchanged if placed.late or placed.remarks]
    _print_table(console, f"{would}placed", ("student", "file", "remarks"), rows)
    title = f"{would}put into {DOUBTFUL}/: look at these"
    _print_table(console, title, ("file", "why"), collected.aside)
    if collected.missing:
        console.print(_safe(f"Without a submission: {', '.join(collected.missing)}."))
    written, hidden = "that the platform wrote itself", "that systems hide"
    for names, what in ((collected.own, written), (collected.passed_over, hidden)):
        if names:
            console.print(_safe(f"Left out: {_counted(len(names), 'file')} {what} ({_kinds(names)})."))


def _row(placed: Placed) -> tuple[str, str, str]:
    return placed.student, placed.file, "; ".join(["late"] * placed.late + list(placed.remarks))


def _print_table(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(_safe, row))
    console.print(table)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _kinds(names: list[str]) -> str:
    """File names without their folders, the most frequent first."""
    counted = Counter(PurePosixPath(name).name for name in names).most_common()
    told = [f"{name}, {count} times" if count > 1 else name for name, count in counted[:_MOST_NAMES]]
    return "; ".join(
        [*told, f"and {len(counted) - _MOST_NAMES:,} other names"] if counted[_MOST_NAMES:] else told
    )


def _safe(text: str) -> Text:
    """As it stands, without what Rich would make of brackets or of a word between colons."""
    return Text(printable(text))
