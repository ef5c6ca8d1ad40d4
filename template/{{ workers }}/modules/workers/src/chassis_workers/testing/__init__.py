"""What the tests of workers use."""
