"""Exercises of lesson 00_start_here."""

PREFIX = "start"
