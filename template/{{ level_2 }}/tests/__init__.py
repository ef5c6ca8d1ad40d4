"""Tests of the services together; the tests of each one are beside its code."""
