"""The journal: a store of the completions bought, in one SQLite file that any number of runs may share.

`store` holds the interface that the engine uses, `sqlite` its implementation, `rows` the table and its statements, and
`failures` turns SQLite's exceptions into instgen's.
"""

from instgen.journal.rows import Bought, Entry, completion_from_json, completion_to_json
from instgen.journal.sqlite import SqliteJournal
from instgen.journal.store import Journal, NoJournal, Put, Settled

__all__ = [
    "Bought",
    "Entry",
    "Journal",
    "NoJournal",
    "Put",
    "Settled",
    "SqliteJournal",
    "completion_from_json",
    "completion_to_json",
]
