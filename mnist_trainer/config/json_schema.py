"""The JSON Schema of a configuration file, for editors that complete and check YAML."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from mnist_trainer.component import key_descriptions
from mnist_trainer.config.schema import Config
from mnist_trainer.config.search.keys import searchable_keys


def config_json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of everything a YAML file may hold, component sections included."""
    schema = Config.model_json_schema(schema_generator=_Generator)
    schema["$defs"]["SearchConfig"]["properties"]["space"]["propertyNames"] = {"enum": searchable_keys()}
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema, "title": "mnist-train configuration"}


def schema_text() -> str:
    """Return the schema as the text of a file."""
    return json.dumps(config_json_schema(), indent=2, ensure_ascii=False) + "\n"


class _Generator(GenerateJsonSchema):
    """Adds what each key is for; a component's section is any of several, named unless it is the default one."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Return the schema of a section."""
        section = super().model_schema(schema)
        for key, description in key_descriptions(schema["cls"]).items():
            section["properties"][key]["description"] = description
        return section

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Return the schema of a component's section."""
        name_of: Any = schema["discriminator"]
        choices = {name: self.generate_inner(choice) for name, choice in schema["choices"].items()}
        unnamed = name_of({})
        return {
            "anyOf": [
                choice if name == unnamed else {**choice, "required": ["name"]} for name, choice in choices.items()
            ]
        }
