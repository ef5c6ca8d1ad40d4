"""The report to look at: one HTML file without scripts and without anything from elsewhere."""
