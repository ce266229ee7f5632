"""Practice centres, institutes, stations and points, and where on earth they are."""
