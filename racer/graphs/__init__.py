"""What pictures of graphs are drawn from: data only, with exact counts and with what was cut."""
