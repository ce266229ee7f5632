"""Messages to people: in the app and by SMS, through an outbox that commits with the deed it tells of."""
