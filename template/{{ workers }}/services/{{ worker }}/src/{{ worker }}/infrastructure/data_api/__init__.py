"""Everything that is kept by the data service, over HTTP."""
