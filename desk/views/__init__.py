"""What answers a request, a file per page."""
