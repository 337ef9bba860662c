"""The row shapes of records on disk. Pure: a row is the dict of one JSON object; no module here opens a file.

`records_from` reads any shape listed in `read.SHAPES`; `to_row` writes instgen's own shape, the only one it writes.
"""

from instgen.formats.fields import RowError
from instgen.formats.read import records_from
from instgen.formats.record import from_row, rejection_row, to_row

__all__ = ["RowError", "from_row", "records_from", "rejection_row", "to_row"]
