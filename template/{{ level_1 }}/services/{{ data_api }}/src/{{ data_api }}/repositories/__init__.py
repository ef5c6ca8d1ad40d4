"""Access to the tables; every method is one transaction."""
