"""What people who look and act are given: who they are, what happened to a text in words, the page, and a redrive."""
