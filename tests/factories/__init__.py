"""Makers of rows, one file per app."""
