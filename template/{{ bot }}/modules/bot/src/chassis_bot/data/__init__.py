"""What data services have for bots; it needs the extra ``data``."""
