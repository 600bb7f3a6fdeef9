"""What those are given who have a text's link: a page of its files, and each file, streamed from the provider."""
