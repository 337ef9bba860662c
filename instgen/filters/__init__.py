"""Rules and filters: a record in, a verdict with a reason out. Pure."""

from instgen.filters.repairs import REPAIRS, repaired
from instgen.filters.table import ADMISSION, ANSWER_RULES, INSTRUCTION_RULES, OPTIONAL_RULES, RULES, first_failing

__all__ = [
    "ADMISSION",
    "ANSWER_RULES",
    "INSTRUCTION_RULES",
    "OPTIONAL_RULES",
    "REPAIRS",
    "RULES",
    "first_failing",
    "repaired",
]
