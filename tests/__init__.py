"""Tests of the service, one folder a room."""
