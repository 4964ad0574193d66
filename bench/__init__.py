"""Measurements for `manage.py bench`: each figure beside a yardstick of the same run, on this machine."""
