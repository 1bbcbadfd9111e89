"""What a run came to, handed on to systems that watch models: numbers and words of it, no case and no pixel."""
