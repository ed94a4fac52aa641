"""How learning platforms name what they let an instructor download, one file a platform."""
