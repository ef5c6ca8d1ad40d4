"""What the data service has for files."""
