"""The `generateContent` format."""
