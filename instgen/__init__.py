"""Instruction data from a handful of seed tasks: Self-Instruct, Alpaca and Evol-Instruct in shell pipelines."""

__version__ = "0.1.0"
