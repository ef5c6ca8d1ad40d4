"""Redis for business services: a cache in front of the data services, and idempotency keys."""
