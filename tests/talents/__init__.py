"""Tests of the talent pool."""
