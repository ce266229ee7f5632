"""How HTTP meets the rooms: route declarations, guard, problems, schemas, idempotency keys, the OpenAPI document."""
