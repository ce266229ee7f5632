"""Administrative areas: city, district, street, community, grid; the third tree beside units and stations."""
