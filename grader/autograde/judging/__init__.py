"""From evidence to marks: what each student is asked, the secret, the judge of a cell.

May import: nothing of the other shelves.
"""
