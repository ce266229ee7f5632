"""What is shown at a door: codes on a phone, cards, tickets, spoken digits, the offline pack."""
