"""Colours, sizes and bars that everything shown shares."""
