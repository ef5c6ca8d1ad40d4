"""Access to the collections."""
