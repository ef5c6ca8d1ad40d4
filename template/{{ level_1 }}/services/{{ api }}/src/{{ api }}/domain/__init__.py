"""Entities and their rules; imports nothing but the standard library."""
