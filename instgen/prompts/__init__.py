"""Prompt files: every word sent to a teacher comes from a text file here, or from one of the user's own."""
