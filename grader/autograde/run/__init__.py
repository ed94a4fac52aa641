"""A class from intake to gradebook: run, recheck, summary.

May import: steps, execute, judging.
"""
