"""Google's discovery document as a judge: bodies against its schemas, operations against its methods."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import googleapiclient.discovery_cache

DOCUMENT = Path(googleapiclient.discovery_cache.__file__).parent / "documents" / "calendar.v3.json"
_TYPES: dict[str, Any] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
    "any": (object,),
}
_FORMATS = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "date-time": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})"),
}


class Discovery:
    """The document with its methods by id without the `calendar.` in front."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = json.loads(DOCUMENT.read_text("utf-8"))
        self.methods: dict[str, dict[str, Any]] = {}
        for resource in self.document["resources"].values():
            for method in resource["methods"].values():
                self.methods[method["id"].removeprefix("calendar.")] = method

    def parameters(self, operation: str) -> set[str]:
        """The query parameters of an operation, the common ones too."""
        own = self.methods[operation].get("parameters", {})
        return {name for name, given in own.items() if given["location"] == "query"} | set(
            self.document["parameters"]
        )

    def problems(self, operation: str, body: Any) -> list[str]:
        """What in a successful answer the schema of the operation does not allow."""
        response = self.methods[operation].get("response")
        if response is None:
            return [] if body is None else ["a body where none belongs"]
        return list(self._problems({"$ref": response["$ref"]}, body, response["$ref"]))

    def _problems(self, schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
        if "$ref" in schema:
            schema = self.document["schemas"][schema["$ref"]]
        kind = schema.get("type", "any")
        if not isinstance(value, _TYPES[kind]) or (kind in ("integer", "number") and isinstance(value, bool)):
            yield f"{where}: {type(value).__name__} for {kind}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is none of {schema['enum']}"
        pattern = _FORMATS.get(schema.get("format", ""))
        if pattern and not pattern.fullmatch(value):
            yield f"{where}: {value!r} is no {schema['format']}"
        if kind == "array":
            for number, item in enumerate(value):
                yield from self._problems(schema["items"], item, f"{where}[{number}]")
        elif kind == "object":
            yield from self._members(schema, value, where)

    def _members(self, schema: dict[str, Any], value: dict[str, Any], where: str) -> Iterator[str]:
        known = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for name, item in value.items():
            if name in known:
                yield from self._problems(known[name], item, f"{where}.{name}")
            elif others is not None:
                yield from self._problems(others, item, f"{where}.{name}")
            else:
                yield f"{where}.{name}: unknown"
