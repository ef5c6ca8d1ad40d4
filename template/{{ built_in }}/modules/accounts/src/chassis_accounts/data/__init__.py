"""What data services have for accounts; it needs the extra ``data``."""
