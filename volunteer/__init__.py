"""Volunteer: registration, activities, check-in, credited minutes, certificates and rates for one district or city."""

__version__ = "0.1.0"
