"""The quiz room: questions and their schema, what is published of them, and the cell that draws them.

May import: nothing of the other rooms.
"""

from grader.quiz.cell import quiz

__all__ = ["quiz"]
