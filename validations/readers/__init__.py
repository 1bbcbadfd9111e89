"""What human readers find in edited radiographs; judged from their answers."""
