"""Parts of the handover sheet."""
