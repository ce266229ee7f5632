"""Sign-in: accounts, phone codes, bearer tokens and sessions, grants of roles with their scopes, devices."""
