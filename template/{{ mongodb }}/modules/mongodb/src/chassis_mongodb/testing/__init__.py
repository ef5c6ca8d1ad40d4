"""What the tests of documents use."""
