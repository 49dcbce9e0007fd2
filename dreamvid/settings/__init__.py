"""Settings: the models with every default, their value types, TOML files and presets."""
