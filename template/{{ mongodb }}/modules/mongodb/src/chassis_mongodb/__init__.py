"""Documents in MongoDB: what the document service stands on, and what others ask it for over HTTP."""
