"""What every exercise runs on: evidence, judging, checking, the registry. Knows no lesson."""
