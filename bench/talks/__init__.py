"""Long conversations with customers, and what may be done with them before they are sent."""
