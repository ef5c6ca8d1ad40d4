"""How a release gets from a commit to the machines that run it: docs/delivery.md."""
