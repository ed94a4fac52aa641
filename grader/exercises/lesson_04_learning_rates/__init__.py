"""Exercises of lesson 04_learning_rates."""

PREFIX = "rates"
