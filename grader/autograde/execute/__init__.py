"""Executing submissions: jobs, workers, the spool, the client of a kernel.

May import: judging.
"""
