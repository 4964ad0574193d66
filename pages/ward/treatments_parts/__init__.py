"""The parts of the treatments page: what goes on, what was given so far, recording and changing one."""
