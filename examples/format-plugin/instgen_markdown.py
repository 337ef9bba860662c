"""`instgen export markdown`: each row is a conversation as one Markdown text, for trainers that take documents.

instgen export markdown data.jsonl -o documents
"""

from collections.abc import Mapping

from instgen.export.columns import Column, Holds, Row
from instgen.export.example import Example
from instgen.export.format import Exported, Format, Layout
from instgen.export.kinds import Kind

HEADINGS = {"system": "Setting", "user": "Question", "assistant": "Answer"}


def document(example: Example) -> Row:
    """The row of an example; it must have exactly the columns of the layout, in order."""
    parts = (f"## {HEADINGS[turn.role]}\n\n{turn.content.strip()}\n" for turn in example.conversation)
    return {"text": "\n".join(parts)}


def read_me(exported: Exported) -> Mapping[str, str]:
    """An accompanying file that describes the rows."""
    files = "\n".join(f"- `{file.name}`: {file.rows} documents" for file in exported.files)
    return {"README.md": f"# {exported.title or 'Conversations'}\n\nOne document per line, in `text`.\n\n{files}\n"}


FORMAT = Format(
    "markdown",
    "trainers that take documents, such as Axolotl's completion datasets",
    {Kind.SFT: Layout((Column("text", Holds.TEXT),), document)},
    side_files=read_me,
)
