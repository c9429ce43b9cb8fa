"""Tests of racer/executions/."""
