"""Adapters, named by the technology they speak."""
