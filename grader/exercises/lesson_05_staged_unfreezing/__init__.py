"""Exercises of lesson 05_staged_unfreezing."""

PREFIX = "staged"
