"""The settings file: TOML to frozen attrs, without coercion. Knows no operation."""
