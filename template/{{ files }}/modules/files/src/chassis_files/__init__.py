"""Files: their bytes are in an object store, what is known of them is in the data service.

A file is `pending` while it comes, `uploaded` once it is there, and `clean` or `rejected` when a
worker has looked at it. Nothing but a clean file is ever given out. What is in a file never
changes: a new version is a new file, which may take the place of another one.
"""
