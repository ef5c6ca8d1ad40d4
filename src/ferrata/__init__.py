"""Ferrata: from validated answers to a Python microservice monorepo that can climb."""
