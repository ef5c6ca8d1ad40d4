"""What the data service has for messages."""
