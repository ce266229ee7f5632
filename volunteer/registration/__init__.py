"""Becoming and remaining a volunteer: the only room with personal data."""
