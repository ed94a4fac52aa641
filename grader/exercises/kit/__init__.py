"""What exercises are made of: networks, batches, tensors, side effects, tables of mistakes.

May import: machine.
"""
