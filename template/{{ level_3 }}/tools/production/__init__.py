"""Production under Docker Compose: secrets, certificate, images, releases that replace each other."""
