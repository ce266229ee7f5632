"""Reports: rates, station figures, monthly and annual reports; they read every room and write none."""
