"""What the tests of services use: fixtures, the marker of requirements, stand-ins."""
