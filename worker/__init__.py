"""Workers: take items from the queue and render them, one process per device."""
