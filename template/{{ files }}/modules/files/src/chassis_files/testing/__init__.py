"""What tests of files stand on."""
