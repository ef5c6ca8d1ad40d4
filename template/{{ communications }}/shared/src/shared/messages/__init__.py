"""Messages of this project: what is sent when, in `messages.toml`; what people read, in the folders beside it."""
