"""Read whole tasks from a reply that labels their parts: Instruction, Input, Output, in any style and language.

Only labels determine where a part begins. Numbers and positions in a list do not, as teachers skip, repeat and misspell
them. The rules weigh the evidence:

- An Instruction label begins a task, unless it uses another word than the first one, is indented more, is in a code
  fence, or looks like a list item or a comment. If no line says Instruction, words such as Task take its place.
- In a task, the first Output label ends the input, and the first Input label before it ends the instruction. Labels
  in the style of the Instruction label take precedence over others ("# Output: 3" in code, "- Input: 5" in a list).
- What follows is the output, including any further labels. However, after a task with an input, an Input and an Output
  in the same style as its own are the next instance of its instruction, unless a line ending in a colon precedes them.
- Separators, numbers, titles and fences between tasks belong to none. Text that a separator divides from the last task
  is not part of it.

Nothing vanishes: text that makes no task is a leftover with a reason; only a preamble before the tasks is dropped.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from instgen.recipes.between import divided, is_title, trimmed, unfenced
from instgen.recipes.labels import Kind, Label, is_no_input
from instgen.recipes.parts import Leftover, ReadTask, ReadTasks, content, leftover


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The text of one task, from its Instruction label to the end of its output, and the labels in it."""

    text: str
    start: Label
    labels: list[Label]
    end: int


def read_labelled_tasks(text: str, labels: list[Label], whole: bool) -> ReadTasks:
    """The tasks in a text, given its labels; in a cut text (not `whole`), the last one is left over."""
    outside, wraps = unfenced(text, labels, whole)
    starts = _starts(text, outside, whole)
    begin = starts[0].line if starts else len(text)
    pieces = list(_pieces(text, outside, starts, wraps, whole))
    tasks = tuple(piece for piece in pieces if isinstance(piece, ReadTask))
    before: list[Leftover] = []
    if not starts and not whole:
        before = leftover("truncated", text)
    elif any(label.kind == "output" and label.line < begin for label in outside):
        before = leftover("missing-instruction", text[:begin])
    elif not tasks and not is_title(text[:begin]):
        before = leftover("unparsed", text[:begin])
    return ReadTasks(tasks, (*before, *(piece for piece in pieces if isinstance(piece, Leftover))))


def _starts(text: str, labels: list[Label], whole: bool) -> list[Label]:
    """The labels that begin tasks."""
    named = [label for label in labels if label.kind == "instruction"]
    named = [label for label in named if label.firm] or named
    if named and not whole and not named[-1].colon and text.find("\n", named[-1].end) < 0:
        named.pop()  # cut inside the line: "### Instruction" may yet become "### Instructions for use"
    return [label for label in named if not _is_content(label, named[0])]


def _is_content(label: Label, first: Label) -> bool:
    """Whether an Instruction label is part of some content rather than the start of a task, compared with the first."""
    deeper = label.indent - first.indent
    if label.word != first.word or deeper > 3 or (deeper > 0 and not label.numbered):
        return True
    return bool(label.style) and label.style != first.style and not label.emphatic


def _pieces(
    text: str, labels: list[Label], starts: list[Label], wraps: set[int], whole: bool
) -> Iterator[ReadTask | Leftover]:
    """The tasks and leftovers from each starting label to the next, and from the last one to the end of the text."""
    titled = bool(starts) and is_title(text[: starts[0].line].rstrip().rpartition("\n")[2])
    lines = [label.line for label in labels]
    separators: set[str] = set()
    for start, following in zip(starts, [*starts[1:], None], strict=False):
        end = following.line if following else len(text)
        own = labels[bisect_left(lines, start.line) + 1 : bisect_left(lines, end)]
        output = _chosen(own, "output", start)
        begin = (output or start).end
        if following:
            stop, between = trimmed(text, begin, end, wraps, titled and not following.numbered)
            separators.update(between)
            yield from _tasks(_Stretch(text, start, own, stop), output)
        elif whole:
            behind = divided(text, begin, end, separators, wraps)
            stop, _ = trimmed(text, begin, behind, wraps, False)
            yield from _tasks(_Stretch(text, start, own, stop), output)
            yield from leftover("unparsed", _without_title(text[behind:]))
        elif text[start.end :].strip():
            yield from leftover("truncated", text[start.line :])


def _without_title(text: str) -> str:
    """The text after the last separator; "" if it is only the number or title of a task that never came."""
    lines = text.strip().partition("\n")[2].strip()
    return "" if "\n" not in lines and is_title(lines) else lines


def _tasks(stretch: _Stretch, output: Label | None) -> Iterator[ReadTask | Leftover]:
    """The task in a stretch, one per instance; a leftover if a part is missing."""
    text, start = stretch.text, stretch.start
    if not output:
        if text[start.end : stretch.end].strip():
            yield from leftover("missing-output", text[start.line : stretch.end])
        return
    given = _chosen([label for label in stretch.labels if label.line < output.line], "input", start)
    instruction = _part(stretch, start, (given or output).line)
    instances = [(given, output), *_more_instances(stretch, given, output)]
    ends = [again.line for again, _ in instances[1:] if again] + [stretch.end]
    begin = start.line
    for (asked, answered), end in zip(instances, ends, strict=True):
        condition = _part(stretch, asked, answered.line) if asked else ""
        answer = _part(stretch, answered, end)
        if instruction and answer:
            yield ReadTask(instruction, "" if is_no_input(condition) else condition, answer)
        else:
            yield from leftover("missing-output" if instruction else "missing-instruction", text[begin:end])
        begin = end


def _chosen(labels: list[Label], kind: Kind, start: Label) -> Label | None:
    """The label that opens a part of a task: the first of those most like its Instruction label; None without any."""
    named = (label for label in labels if label.kind == kind)
    return min(named, key=lambda label: (label.strangeness(start), not label.firm, label.line), default=None)


def _part(stretch: _Stretch, label: Label, end: int) -> str:
    """The text between a label and `end`; the label "Output 1:" is kept if "Output 2:" is in the part as well."""
    text = stretch.text
    if label.qualifier and any(
        other.kind == label.kind and other.qualifier and label.line < other.line < end for other in stretch.labels
    ):
        return content(text[label.line : end])
    return content(_closed(text[label.end : end], label.unclosed))


def _closed(value: str, mark: str) -> str:
    """The value without the mark that closes the emphasis opened before its label, after its first or last line."""
    first, newline, rest = value.partition("\n")
    if mark and first.rstrip().endswith(mark):
        return first.rstrip().removesuffix(mark) + newline + rest
    return value.rstrip().removesuffix(mark) if mark and value.count(mark) % 2 else value


def _more_instances(stretch: _Stretch, given: Label | None, output: Label) -> list[tuple[Label, Label]]:
    """The Input and Output labels of further instances after the first output."""
    if not given or is_no_input(_part(stretch, given, output.line)):
        return []
    like = [
        label
        for label in stretch.labels
        if label.line > output.line and (label.style, label.indent) == (given.style, given.indent)
    ]
    found: list[tuple[Label, Label]] = []
    last = output
    for again, answer in pairwise(like):
        before = stretch.text[last.end : again.line].rstrip()
        if (again.kind, answer.kind) == ("input", "output") and before and not before.endswith((":", "：")):
            found.append((again, answer))
            last = answer
    return found
