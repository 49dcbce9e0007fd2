"""Schedules: text becomes a value over time, parsed once and never evaluated by Python."""
