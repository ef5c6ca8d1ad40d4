"""Whether the files that production runs with are right; what reads them is used where it is."""
