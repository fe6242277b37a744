"""The REST API under /api/v1/: one module per resource, each of which loads, authorises, calls one service and renders."""
