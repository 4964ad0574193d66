"""The demonstration: made-up patients, entered through the same actions as real ones."""
