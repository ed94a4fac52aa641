"""The autograde room: what the course adds to nbgrader, from a class's submissions to its gradebook.

May import: exercises, quiz, lab, sandbox, submissions.

Shelves, from the top down:

    run                         # a class from intake to gradebook
    steps                       # what nbgrader calls: one preprocessor or plug-in a file
    execute                     # jobs, workers, the spool, the client of a kernel
    judging                     # from evidence to marks
    failures
    course_config, execution, grading_folder
"""
