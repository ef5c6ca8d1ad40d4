"""What tests of payments stand on, and `make dev` where there are no keys: providers of this machine."""
