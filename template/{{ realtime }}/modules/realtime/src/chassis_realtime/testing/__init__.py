"""What the tests of real-time communication use."""
