"""Models: fetched, checked, loaded, and kept on the device."""
