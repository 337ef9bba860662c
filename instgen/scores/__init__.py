"""Scores: the rubrics that a judge is asked by, and the scores that need no judge. Pure."""
