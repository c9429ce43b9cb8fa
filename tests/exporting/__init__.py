"""Tests of racer/exporting."""
