"""The gates: what is checked is in gates.toml, how it is run and reported is here."""
