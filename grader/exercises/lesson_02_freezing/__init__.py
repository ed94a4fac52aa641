"""Exercises of lesson 02_freezing."""

PREFIX = "freezing"
