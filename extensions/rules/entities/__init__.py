"""The data model: what the templates write down for each entity."""

from .model import data_model

__all__ = ["data_model"]
