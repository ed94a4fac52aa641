"""What every exercise runs on: evidence, judging, checking, the registry. Knows no lesson.

May import: nothing of the other shelves.
"""
