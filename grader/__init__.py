"""The course's Python package: what the lessons import, and what checks, builds and grades them.

Six rooms, and imports point only downward: ``cli`` → ``build`` → ``autograde`` → ``exercises`` →
``quiz`` → ``lab``. ``course`` and ``errors`` lie below them all.
"""

__version__ = "0.1.0"
