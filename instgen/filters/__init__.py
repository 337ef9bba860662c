"""Rules: a record in, a verdict with a reason out. Pure."""
