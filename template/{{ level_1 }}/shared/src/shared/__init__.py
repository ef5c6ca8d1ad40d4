"""Data that the services exchange."""
