"""Growing in breadth: new entities and fields in a project that is there."""

from ferrata.growing.entities import new_entity
from ferrata.growing.fields import new_fields
from ferrata.growing.growth import Growth
from ferrata.growing.migrations import on_top_of

__all__ = ["Growth", "new_entity", "new_fields", "on_top_of"]
