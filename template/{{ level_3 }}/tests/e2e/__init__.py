"""What clients do, through the same door as they: over HTTP, from the first call to the last."""
