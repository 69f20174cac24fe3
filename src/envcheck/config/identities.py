"""Who may ask: the recipes of environment.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from envcheck.config.documents import EnvironmentDocument, IdentityDocument
from envcheck.config.nodes import Fields
from envcheck.config.problems import Problems
from envcheck.config.validation import located
from envcheck.model.environment import IdentitySpec
from envcheck.model.problem import Place

NOBODY = "nobody"


def identities(
    document: EnvironmentDocument | None, tree: Fields, problems: Problems
) -> dict[str, IdentitySpec]:
    """By name; nobody is there without being declared. Two recipes for one are noted."""
    found = {NOBODY: IdentitySpec(NOBODY, NOBODY)}
    written = tree.get("identities")
    for name in written.fields if isinstance(written, Fields) else ():
        place = located(tree, tree.place, ("identities", name)).place
        said = document.identities[name] if document else IdentityDocument()
        found[name] = _identity(name, said, place, problems)
    return found


def _identity(name: str, said: IdentityDocument, place: Place, problems: Problems) -> IdentitySpec:
    recipes = [recipe for recipe in type(said).model_fields if getattr(said, recipe) is not None]
    if len(recipes) > 1:
        problems.add(place, f"identity {name!r} has {' and '.join(recipes)}", "one recipe")
    if not recipes:
        return IdentitySpec(name, NOBODY, {}, place)
    recipe = getattr(said, recipes[0])
    fields: Mapping[str, Any] = recipe if isinstance(recipe, dict) else _fields(recipe)
    return IdentitySpec(name, recipes[0], fields, place)


def _fields(recipe: Any) -> dict[str, Any]:
    """By field name; what was not said is left out, unless it has a default worth saying."""
    named = {field.rstrip("_"): getattr(recipe, field) for field in type(recipe).model_fields}
    return {field: value for field, value in named.items() if value is not None}


def named_services(tree: Fields) -> Iterator[tuple[str, Place]]:
    """Services that identities and connections of environment.yaml name."""
    written = tree.get("identities")
    for name in written.fields if isinstance(written, Fields) else ():
        spot = located(tree, tree.place, ("identities", name, "login", "service"))
        value = getattr(spot.node, "value", None)
        if not spot.rest and isinstance(value, str):
            yield value, spot.place
    overridden = tree.get("connections")
    yield from overridden.keys.items() if isinstance(overridden, Fields) else ()
