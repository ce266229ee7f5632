"""Tests of what leaves as a sheet."""
