"""Output of JSONL lines: one thread writes them, so that the event loop never waits for a disk or a pipe.

`writer` holds that thread, `destination` chooses what it writes to, `files` resumes or compresses files, and
`descriptors` opens, locks and writes at the lowest level.
"""

from instgen.jsonl.descriptors import locked, translated
from instgen.jsonl.destination import Destination, Stream, open_destination
from instgen.jsonl.files import PackedFile, ResumedFile, Together
from instgen.jsonl.writer import Writer

__all__ = [
    "Destination",
    "PackedFile",
    "ResumedFile",
    "Stream",
    "Together",
    "Writer",
    "locked",
    "open_destination",
    "translated",
]
