"""Read the instances of a known instruction: inputs first ("Example 1", an input, "Output: …") or class labels first.

An input is whatever precedes its output, one field or several ("Text: …", "Question: …"); a lone "Input:" before it is
removed. A line that begins like the first input opens the next instance, so instances without an "Example 2" between
them are read too. A second output for the same input, and text that belongs to another task, are dropped.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from instgen.recipes.between import unfenced
from instgen.recipes.labels import Kind, Label, is_no_input, labels_in
from instgen.recipes.parts import Instance, content

_FIELD = re.compile(r"\s*((?:[*_#>-]+[ \t]*)?[^\W\d_][\w '’-]{0,40}?)[ \t]{0,3}(?:\d{1,3}[ \t]{0,3})?[*_]{0,3}[:：]")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


def input_first(text: str, whole: bool) -> tuple[Instance, ...]:
    """The instances in a text that gives each input before its output; in a cut text (not `whole`), without the last.

    If no line is labelled Output, the text under each Example heading is an output without an input.
    """
    text, closed = _this_task(text, ("output", "example"))
    whole = whole or closed
    labels = _labels(text, whole)
    headings = [label for label in labels if label.kind == "example" and label.numbered]
    bounds = [label.line for label in headings] + [len(text)]
    bodies = [text[label.end : end] for label, end in zip(headings, bounds[1:], strict=True)]
    last = len(bodies) - 1
    if any(label.kind == "output" for label in labels):
        found = _pairs(_without_preamble(text[: bounds[0]]), whole or bool(bodies))
        for number, body in enumerate(bodies):
            found += _pairs(body, whole or number < last)
        return tuple(found)
    alone = [content(body) for body in (bodies if whole else bodies[:-1])]
    return tuple(Instance("", output) for output in alone if output and _input(output) == output)


def output_first(text: str, whole: bool) -> tuple[Instance, ...]:
    """The instances in a text that gives each class label before its input; in a cut text, without the last."""
    text, closed = _this_task(text, ("class",))
    labels = _labels(text, whole or closed)
    marks = _alike(labels, "class")
    if not marks:
        return ()
    bounds = sorted({label.line for label in marks} | {label.line for label in labels if _is_heading(text, label)})
    found = []
    for mark in marks:
        place = bisect_right(bounds, mark.line)
        if place == len(bounds) and not (whole or closed):
            break
        body = text[mark.end : bounds[place] if place < len(bounds) else len(text)].lstrip()
        output, _, rest = body.partition("\n")
        if output.strip():
            found.append(Instance(_input(rest), content(output)))
    return tuple(found)


def _this_task(text: str, parts: tuple[Kind, ...]) -> tuple[str, bool]:
    """The text after the task's own Instruction line, up to the next task; and whether another task followed."""
    begin = 0
    started = False
    for label in labels_in(text):
        started = started or label.kind in parts
        if label.kind == "instruction" and started:
            return text[begin : label.line], True
        if label.kind == "instruction":
            begin = text.find("\n", label.end) + 1 or len(text)
    return text[begin:], False


def _labels(text: str, whole: bool) -> list[Label]:
    return unfenced(text, list(labels_in(text)), whole)[0]


def _is_heading(text: str, label: Label) -> bool:
    """Whether the label is a numbered heading such as "Example 2" on a line of its own."""
    end = text.find("\n", label.end)
    return label.kind == "example" and label.numbered and not text[label.end : end if end >= 0 else None].strip()


def _alike(labels: Sequence[Label], kind: Kind) -> list[Label]:
    """The labels of a kind that have the style and indent of the plainest one; firm words take precedence."""
    named = [label for label in labels if label.kind == kind]
    named = [label for label in named if label.firm] or named
    base = min(named, key=lambda label: (label.indent, bool(label.style) and not label.emphatic), default=None)
    return [label for label in named if base and (label.style, label.indent) == (base.style, base.indent)]


def _pairs(body: str, whole: bool) -> list[Instance]:
    """The pairs of input and output in a text; in a cut text, without the one that was cut."""
    outputs = _alike(_labels(body, whole), "output")
    if not outputs:
        return []
    openings = _openings(body, outputs[0])
    found = []
    begin = 0
    for output, following in pairwise([*outputs, None]):
        if not output or output.line < begin:
            continue
        place = bisect_right(openings, output.line)
        opening = openings[place] if place < len(openings) else len(body)
        end = min(opening, following.line if following else len(body))
        answer = content(body[output.end : end])
        if answer and (whole or end < len(body)):
            found.append(Instance(_input(body[begin : output.line]), answer))
        begin = opening
    return found


def _openings(body: str, output: Label) -> list[int]:
    """The offsets of lines after the first output that begin like its input."""
    field = _FIELD.match(body[: output.line])
    if not field:
        return [label.line for label in labels_in(body) if label.kind == "input" and label.line > output.line]
    again = re.compile(
        rf"^[ \t]*{re.escape(field[1])}[ \t]{{0,3}}(?:\d{{1,3}}[ \t]{{0,3}})?[*_]{{0,3}}[:：]", re.MULTILINE
    )
    return [match.start() for match in again.finditer(body, output.end)]


def _without_preamble(text: str) -> str:
    """The text without a first paragraph that ends in a colon and has no label."""
    blank = _BLANK_LINE.search(text.lstrip())
    before = text.lstrip()[: blank.start()] if blank else ""
    if blank and before.rstrip().endswith((":", "：")) and not any(labels_in(before)):
        return text.lstrip()[blank.end() :]
    return text


def _input(text: str) -> str:
    """The input in the text before an output or after a class label, without a lone "Input:" at its start."""
    label = next((label for label in labels_in(text) if label.kind == "input"), None)
    if label and not text[: label.line].strip() and not label.qualifier:
        text = text[label.end :]
    value = content(text)
    return "" if is_no_input(value) else value
