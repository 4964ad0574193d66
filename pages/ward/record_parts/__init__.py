"""What the pages Treatments and Laboratory share: whose records they are, and when something was."""
