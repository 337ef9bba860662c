"""Scores: the rubrics a judge applies, and the scores that need no judge. Pure: no I/O and no waiting."""
