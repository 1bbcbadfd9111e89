"""The RSNA Pediatric Bone Age sets."""
