"""What a briefing of an area says."""
