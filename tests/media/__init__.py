"""Tests of the page of a text's files."""
