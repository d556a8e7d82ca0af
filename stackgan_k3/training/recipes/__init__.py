"""The phases of each system, in order."""
