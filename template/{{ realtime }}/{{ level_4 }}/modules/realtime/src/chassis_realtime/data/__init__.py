"""What data services have for devices; it needs the extra ``data``."""
