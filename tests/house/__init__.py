"""Tests of settings, clock, commands and documents."""
