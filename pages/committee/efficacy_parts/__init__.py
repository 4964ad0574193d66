"""The parts of the efficacy page: the tables behind its pictures."""
