"""What the exported detector makes of the test clips."""
