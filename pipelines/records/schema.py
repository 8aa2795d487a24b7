"""The JSON Schema of the records, generated from the classes in ``pipelines.model``.

``python -m pipelines.records.schema DIR`` writes ``article.schema.json``, ``rejection.schema.json`` and
``change.schema.json``.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import json
import sys
import textwrap
import types
import typing
from pathlib import Path
from typing import Any

from pipelines import model

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", types.NoneType: "null"}


def schema(record: type) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a record class."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://broadsheet.invalid/schema/{model.SCHEMA_VERSION}/{record.__name__.lower()}.json",
        "title": record.__name__,
        **_object(record),
    }


def _object(record: type) -> dict[str, Any]:
    hints = typing.get_type_hints(record)
    docs = field_docs(record)
    properties = {}
    for field in dataclasses.fields(record):
        properties[field.name] = _type(hints[field.name])
        if field.name in docs:
            properties[field.name] = {**properties[field.name], "description": docs[field.name]}
    generated = f"{record.__name__}("  # the docstring that dataclass makes where there is none
    doc = record.__doc__ or generated
    return {
        "description": record.__name__ if doc.startswith(generated) else inspect.cleandoc(doc),
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _type(hint: Any) -> dict[str, Any]:
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    if isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        return {"enum": [str(member) for member in hint]}
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return {"enum": list(args)}
    if origin is tuple:
        return {"type": "array", "items": _type(args[0])}
    if origin in (types.UnionType, typing.Union):
        parts = [_type(arg) for arg in args]
        names = [part.get("type") for part in parts]
        if all(set(part) == {"type"} for part in parts):
            return {"type": names}
        return {"anyOf": parts}
    raise TypeError(f"no JSON Schema for {hint!r}")


def field_docs(record: type) -> dict[str, str]:
    """The docstrings that stand below the fields of a class."""
    body = ast.parse(textwrap.dedent(inspect.getsource(record))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    last = None
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
        elif last and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docs[last] = inspect.cleandoc(str(node.value.value)).replace("\n", " ")
            last = None
        else:
            last = None
    return docs


def main(folder: str) -> None:
    for record in (model.Article, model.Rejection, model.Change):
        path = Path(folder) / f"{record.__name__.lower()}.schema.json"
        path.write_text(json.dumps(schema(record), indent=2, ensure_ascii=False) + "\n", "utf-8")
        print(path)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "docs/schema")
