"""Exercises of lesson 03_counting_parameters."""

PREFIX = "counting"
