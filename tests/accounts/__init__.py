"""Tests of accounts, sign-in and grants."""
