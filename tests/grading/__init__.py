"""Tests of the grades: against the worked cases, the tables typed again and a second implementation."""
