"""Reports from tables, folders and XML, cut into their sections."""
