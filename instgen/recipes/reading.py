"""Read tasks, instructions, instances or a yes or no from a teacher's free-text reply: the entry point to all readers.

The rule: no reader relies on numbers, positions in a list, one separator or one spelling. Each keeps the case, spaces
and lines of what it finds, and takes nothing that a cut reply may have left unfinished.
"""

from __future__ import annotations

import re

from instgen.recipes.instances import input_first, output_first
from instgen.recipes.items import is_item, read_items
from instgen.recipes.json_tasks import read_json_tasks
from instgen.recipes.labelled import read_labelled_tasks
from instgen.recipes.labels import labels_in, yes_or_no
from instgen.recipes.parts import Instance, ReadInstructions, ReadTasks

_JSON = re.compile(r"```|~~~|\{|\[\s*(?:[{\]]|$)")


def read_tasks(reply: str, *, whole: bool, begun: str = "") -> ReadTasks:
    """The whole tasks in a reply, and what is left over.

    If the reply is not `whole` (it was cut by the token limit), its last task counts as cut. `begun` is the beginning
    of the reply that the prompt ended with ("4. Instruction:"); it is ignored if the reply starts anew.
    """
    first = _first_line(reply)
    anew = ("{" not in begun and _JSON.match(first)) or any(label.kind == "instruction" for label in labels_in(first))
    text = _lines(reply if anew else begun + reply)
    labels = list(labels_in(text))
    brace = text.find("{")
    if brace >= 0 and not any(label.kind == "instruction" and label.line < brace for label in labels):
        read = read_json_tasks(text, whole)
        if read:
            return read
    return read_labelled_tasks(text, labels, whole)


def read_instructions(reply: str, *, whole: bool, begun: str = "") -> ReadInstructions:
    """The instructions in a reply that lists them, and what is left over.

    `begun` is the number that the prompt ended with ("9."). Talk before the list is dropped; text after a blank line in
    the last item is left over, unless other items have blank lines too.
    """
    return read_items(_lines(reply if is_item(_first_line(reply)) else begun + reply), whole)


def read_instances_input_first(reply: str, *, whole: bool) -> tuple[Instance, ...]:
    """The instances in a reply that gives each input before its output; in a cut reply, without the last one."""
    return input_first(_lines(reply), whole)


def read_instances_output_first(reply: str, *, whole: bool) -> tuple[Instance, ...]:
    """The instances in a reply that gives a class label before each input; in a cut reply, without the last one."""
    return output_first(_lines(reply), whole)


def read_yes_no(reply: str) -> bool | None:
    """The answer in the first line of a reply or, if that has none, in the last; None if neither has a clear one."""
    lines = [line for line in reply.split("\n") if line.strip()]
    answers = (yes_or_no(line) for line in (lines[0], lines[-1])) if lines else iter(())
    return next((answer for answer in answers if answer is not None), None)


def _first_line(reply: str) -> str:
    return reply.lstrip().partition("\n")[0]


def _lines(text: str) -> str:
    """The text with CRLF line ends replaced by LF."""
    return text.replace("\r\n", "\n")
