"""Settings: the models that hold every default, the values they take, TOML files and presets."""
