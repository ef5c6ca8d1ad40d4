# Your own make targets; the Makefile includes this file.
