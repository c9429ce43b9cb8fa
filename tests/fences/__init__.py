"""Tests of racer/fences."""
