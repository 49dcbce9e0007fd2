"""Schedules: text that describes a value over time, parsed once and never passed to eval."""
