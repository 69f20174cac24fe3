"""The doors: every side effect leaves through one of these modules."""
