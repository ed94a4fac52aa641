"""The course's Python package: what the lessons import, and what checks, builds and grades them.

Rooms, from the top down:

    cli
    class_commands
    desk                        # what an instructor reads and sends on
    doctor
    authoring
    autograde
    exercises
    quiz
    lab, sandbox, submissions
    progress, reset_answer      # points that saved notebooks show; a released cell again
    lesson_folder
    course
    atomic_write, cell_names, errors, late_iri_syntax, message_limit, nearest_name

Each imports only from floors below its own, also inside functions; neighbours on one floor know nothing of
each other. ``tests/test_rooms.py`` reads this list and the sentence "May import" of each room.
"""

__version__ = "0.1.0"
