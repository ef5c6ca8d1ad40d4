"""RabbitMQ: events between services, through an outbox in the data service."""
