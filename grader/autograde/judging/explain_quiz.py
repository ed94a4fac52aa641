"""A graded quiz, question by question: what was answered, and what is to be said about it."""

from grader.exercises.machine.verdict import Finding, Verdict
from grader.quiz.schema import Quiz


def explain_quiz(quiz: Quiz, letters: dict[str, object], verdict: Verdict, withheld: bool) -> Verdict:
    """The verdict with one finding a question: the chosen option's feedback, never another option's.

    Args:
        letters: the answers, decoded from evidence; untrusted.
        withheld: after an examination: only whether each answer is right.
    """
    findings = [verdict.findings[0]] if verdict.findings else []
    for question in quiz.questions:
        letter = letters.get(question.id)
        place = question.letters.find(letter) if isinstance(letter, str) and len(letter) == 1 else -1
        if place < 0:
            findings.append(Finding(text=f"`{question.id}`: not answered."))
            continue
        right = "right" if letter == question.answer else "not right"
        feedback = "" if withheld else question.options[place].feedback
        findings.append(Finding(text=f"`{question.id}`: {letter} is {right}.", hint=feedback))
    return verdict.model_copy(update={"findings": findings})
