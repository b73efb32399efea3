"""The control panel: load, fire, break and mend by clicking."""
