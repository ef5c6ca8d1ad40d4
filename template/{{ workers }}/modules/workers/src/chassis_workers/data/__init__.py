"""What data services have for workers; it needs the extra ``data``."""
