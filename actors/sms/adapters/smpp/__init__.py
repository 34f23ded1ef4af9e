"""SMS over SMPP 3.4: a connection straight to an operator's or aggregator's message centre."""
