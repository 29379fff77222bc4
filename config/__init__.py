"""The configuration file: its schema, its defaults and the errors it can have."""
