"""Exercises of lesson 01_scratch_vs_finetuning."""

PREFIX = "scratch"
