"""Whether what was promised holds, at the load that is expected: docs/service-levels.md."""
