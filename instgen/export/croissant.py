"""Croissant metadata (version 1.0): each file's name, size and checksum, and the fields of its rows.

The fields are derived from the same columns as the rows; a list of turns is a repeated field with subfields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from instgen.export.columns import Column, Holds
from instgen.export.format import DataFile, Exported

_TYPES = {Holds.FLAG: "sc:Boolean", Holds.NUMBER: "sc:Float"}
VERSION = "http://mlcommons.org/croissant/1.0"
_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification prescribes, verbatim: validators warn about any other."""


def croissant(exported: Exported) -> str:
    """The text of the JSON-LD document that describes the exported files."""
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": exported.title,
        "description": f"Rows for {exported.kind.value}, written by instgen.",
        "conformsTo": VERSION,
        "license": exported.license,
        "version": "1.0.0",
        "distribution": [_file(file) for file in exported.files],
        "recordSet": [_records(file, exported) for file in exported.files],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _file(file: DataFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": "application/jsonlines",
        "sha256": file.sha256,
    }


def _records(file: DataFile, exported: Exported) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": file.split,
        "name": file.split,
        "description": f"{file.rows} rows.",
        "field": list(_fields(file, exported)),
    }


def _fields(file: DataFile, exported: Exported) -> Iterator[dict[str, Any]]:
    for column in exported.columns:
        field = _field(f"{file.split}/{column.name}")
        if column.holds.keys is None:
            kind = _TYPES.get(column.holds, "sc:Text")
            yield field | {"dataType": kind, "source": _source(file, column)}
            continue
        parts = [
            _field(f"{file.split}/{column.name}/{key}")
            | {"dataType": "sc:Text", "source": _source(file, column) | {"transform": {"jsonPath": key}}}
            for key in column.holds.keys
        ]
        yield field | ({"repeated": True} if column.holds.many else {}) | {"subField": parts}


def _field(name: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": name, "name": name.rpartition("/")[2]}


def _source(file: DataFile, column: Column) -> dict[str, Any]:
    return {"fileObject": {"@id": file.name}, "extract": {"column": column.name}}
