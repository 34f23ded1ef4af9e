"""A day at the pool without hardware: who passes when, and sensors that show it at ports of their own."""
