"""Who answers for which area (包联): leaders and units, paired with areas and zones by date."""
