"""The shapes that records have on disk. Pure: a row is the dict of one JSON object, never a file.

`records_from` takes any shape that `read.SHAPES` lists; `to_row` writes the one shape that instgen has.
"""

from instgen.formats.fields import RowError
from instgen.formats.read import records_from
from instgen.formats.record import from_row, rejection_row, to_row

__all__ = ["RowError", "from_row", "records_from", "rejection_row", "to_row"]
