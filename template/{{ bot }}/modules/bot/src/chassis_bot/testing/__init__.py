"""What the tests of bots use, and `make dev` where there is no token: a Bot API server."""
