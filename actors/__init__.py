"""One room per operation, all of one shape, and what they share: the registry, the leases, the reports."""
