"""Reads JSON schemas as Pydantic writes them: a short text of the type, and an example value."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]
"""By name."""

_WORDS = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
}
_HUGE = 10**15
"""A limit beyond this is one of the database's, and tells a reader nothing."""


def name_of(schema: Schema) -> str:
    """Returns the name of the model that a schema refers to, or an empty text."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def type_text(schema: Schema) -> str:
    """Returns for instance ``list of <LabelBody>`` or ``integer, 1 to 100``."""
    if name := name_of(schema):
        return f"<{name}>"
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(type_text(each) for each in options))
    if "const" in schema or "enum" in schema:
        return ", ".join(map(str, schema.get("enum", [schema.get("const")])))
    if "prefixItems" in schema:
        return f"[{', '.join(type_text(each) for each in schema['prefixItems'])}]"
    if schema.get("type") == "array":
        return f"list of {type_text(schema.get('items', {}))}"
    if isinstance(values := schema.get("additionalProperties"), Mapping) and values:
        return f"object of {type_text(values)}"
    if schema.get("format") == "binary":
        return "file"
    if schema.get("format") == "date-time":
        return "time"
    return _WORDS.get(str(schema.get("type")), "any value") + _limits(schema)


def _limits(schema: Schema) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    low, high = (each if each is None or abs(each) < _HUGE else None for each in (low, high))
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    if low is not None:
        return f", {low:g} or more"
    return f", at most {schema['maxLength']} characters" if "maxLength" in schema else ""


def example_of(schema: Schema, schemas: Schemas) -> Any:
    """Returns a value that has what the schema requires, and nothing else."""
    if name := name_of(schema):
        return example_of(schemas[name], schemas)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return example_of(options[0], schemas)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "prefixItems" in schema:
        return [example_of(each, schemas) for each in schema["prefixItems"]]
    kind = schema.get("type")
    if kind == "array":
        count = min(schema.get("minItems", 1), 4)
        return [example_of(schema.get("items", {}), schemas) for _ in range(count)]
    if kind == "object":
        properties = schema.get("properties", {})
        fixed = [each for each, inner in properties.items() if "const" in inner]
        wanted = dict.fromkeys([*fixed, *schema.get("required", ())]) or list(properties)[:1]
        return {each: example_of(properties[each], schemas) for each in wanted}
    values: dict[str, Any] = {"string": "…", "integer": 1, "number": 0.5, "boolean": True}
    return values.get(str(kind))
