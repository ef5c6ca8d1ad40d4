"""How fast answers are, while clients use all that there is: docs/load.md."""
