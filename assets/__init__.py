"""What is not code: catalogues of sentences, icons."""
