"""Find built files that no longer follow from the sources, without touching one of them."""

import nbformat

from grader.authoring.lesson import read_built
from grader.authoring.published import checks_text, published_files, quiz_text
from grader.authoring.release import fresh_release, present_release
from grader.authoring.rounding import same_but_for_rounding
from grader.authoring.source import read_lesson
from grader.authoring.stamp import has_stamp, stamp_of
from grader.errors import CourseError
from grader.lesson_folder import CHECKS, NOTEBOOK, QUESTIONS, QUIZ, LessonFolder
from grader.quiz.published import is_withheld
from grader.quiz.quiz_file import load_quiz, recalled_questions


def stale(folder: LessonFolder) -> list[str]:
    """One sentence for each built file of the lesson that a build would change; empty if all is well."""
    rebuild = f"run `grader build {folder.lesson}`."
    try:
        quiz = load_quiz(folder.source(QUESTIONS))
        recalled = recalled_questions(quiz, folder.solution.parent)
        unexecuted = read_lesson(folder, quiz, recalled)
        wanted = {
            (f"notebooks/{folder.lesson}", CHECKS): checks_text(folder),
            (f"solutions/{folder.lesson}", QUIZ): quiz_text(folder, quiz, recalled, is_withheld(folder)),
        }
    except CourseError as error:
        return [str(error)]
    present = published_files(folder)
    sentences = [
        f"{place}/{name} differs from what its sources give: {rebuild}"
        for (place, name), text in wanted.items()
        if name not in present or not same_but_for_rounding(present[name], text)
    ]
    notebook = read_built(folder)
    if notebook is None:
        return [*sentences, f"solutions/{folder.lesson}/{NOTEBOOK} was not built: {rebuild}"]
    if not has_stamp(notebook, stamp_of(unexecuted, folder, present)):
        sentences.append(f"solutions/{folder.lesson}/{NOTEBOOK} is older than its sources: {rebuild}")
    return sentences + _stale_release(folder, rebuild)


def _stale_release(folder: LessonFolder, rebuild: str) -> list[str]:
    try:
        fresh = fresh_release(folder)
    except (CourseError, nbformat.ValidationError) as error:
        return [str(error)]
    present = {name: content for name, content in present_release(folder).items() if name != CHECKS}
    differing = [name for name, content in fresh.items() if present.get(name) != content]
    extra = [name for name in present if name not in fresh]
    here = f"notebooks/{folder.lesson}"
    return [f"{here}/{name} differs from what the solution gives: {rebuild}" for name in differing] + [
        f"{here}/{name} is no part of the release: move it elsewhere." for name in extra
    ]
