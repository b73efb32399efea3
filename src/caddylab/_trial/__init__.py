"""What the users of a site would feel of each failure, and the lines that would spare them."""
