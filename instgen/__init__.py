"""Instruction data from a handful of seed tasks: Self-Instruct, Alpaca and Evol-Instruct in shell pipelines.

In Python, `from instgen import self_instruct, evolve, …` gives the same recipes: see docs/api.md. The rule: a name is
imported on first access, so that `import instgen` costs nothing.
"""

from importlib import import_module

TYPE_CHECKING = False  # type checkers take it as true; importing `typing` would cost more than the rest of this module
if TYPE_CHECKING:
    from instgen.api.recipes import converse, evolve, rank, respond, score, self_instruct
    from instgen.api.result import Result, Spent
    from instgen.api.rows import read, write
    from instgen.api.sifted import filter_records
    from instgen.errors import InstgenError
    from instgen.records import Message, Record

__version__ = "0.1.0"
__all__ = [
    "InstgenError",
    "Message",
    "Record",
    "Result",
    "Spent",
    "converse",
    "evolve",
    "filter_records",
    "rank",
    "read",
    "respond",
    "score",
    "self_instruct",
    "write",
]

_ELSEWHERE = {
    "InstgenError": "errors",
    "Message": "records",
    "Record": "records",
    "Result": "api.result",
    "Spent": "api.result",
    "filter_records": "api.sifted",
    "read": "api.rows",
    "write": "api.rows",
}
"""The submodule that defines each name; the names not listed here are recipes."""


if not TYPE_CHECKING:  # type checkers must not see it: with `__getattr__`, they would accept unknown names

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"instgen.{_ELSEWHERE.get(name, 'api.recipes')}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
