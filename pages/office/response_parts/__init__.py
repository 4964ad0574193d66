"""The parts of the page of scans and ctDNA."""
