"""Message Batches: created, worked in the background, looked up, canceled, read, deleted."""
