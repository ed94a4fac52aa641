"""The autograde room: what the course adds to nbgrader, one preprocessor a module."""
