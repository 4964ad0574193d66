"""The parts of the laboratory page: entering a sample, grades and scores, trends, changing a result."""
