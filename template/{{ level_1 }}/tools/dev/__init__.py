"""The system on this machine without Docker: what runs is in services.toml, how is here."""
