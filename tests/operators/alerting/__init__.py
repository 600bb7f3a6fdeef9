"""Tests of how operators are told."""
