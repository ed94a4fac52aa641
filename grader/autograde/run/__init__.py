"""A class from intake to gradebook: run, recheck, summary."""
