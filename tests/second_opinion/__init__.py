"""A second grader, written apart from the product's, and the published tables typed a second time."""
