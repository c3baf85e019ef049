"""Pictures: files become pixels, and pixels files; colour spaces, profiles and metadata."""
