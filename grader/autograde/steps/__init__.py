"""What nbgrader calls: one preprocessor or plug-in a file.

May import: execute, judging.
"""
