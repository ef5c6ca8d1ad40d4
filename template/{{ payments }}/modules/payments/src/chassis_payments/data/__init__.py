"""What the data service has for payments."""
