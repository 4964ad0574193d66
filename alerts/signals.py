"""What should raise an alert, pure: values in, signals out."""
