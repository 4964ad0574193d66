"""Grades from findings, pure: values in, values out; no database, no screen, no clock."""
