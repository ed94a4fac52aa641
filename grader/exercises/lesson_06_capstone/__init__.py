"""Exercises of lesson 06_capstone."""

PREFIX = "capstone"
