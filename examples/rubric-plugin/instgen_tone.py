"""`--rubric tone`, which asks a judge, and `--rubric exclamations`, which needs none.

instgen score data.jsonl --rubric tone --rubric exclamations -t openai/MODEL -o scored.jsonl
"""

from collections.abc import Callable, Mapping

from instgen.records import Record
from instgen.scores.free import Measure

TONE = """
about = "Whether the answer's tone is that of a colleague: friendly, to the point, not selling anything, 1 to 5."
of = "answer"
question = "How well does the tone of this answer suit a question among colleagues?"

[scores.tone]
from = 1
to = 5
means = "1: it flatters, preaches or is rude. 3: neutral, or stiff. 5: friendly and plain, without a word too many."

[scores.warmth]
from = 1
to = 5
means = "1: cold. 3: neutral. 5: warm."
"""


def exclamations() -> Callable[[Record], Mapping[str, float]]:
    """Create a scorer for a new run; a scorer that compares records would keep them in this scope."""

    def score(record: Record) -> Mapping[str, float]:
        return {"exclamations": sum(record.output.count(mark) for mark in "!！")}

    return score


EXCLAMATIONS = Measure("exclamations", "How many exclamation marks the answer has.", exclamations, ("exclamations",))
