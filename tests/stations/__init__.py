"""Tests of the room `stations`."""
