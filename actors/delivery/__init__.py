"""Delivery: one loop and one actor for every kind of message that leaves through an outbox.

It knows no operation. An operation brings a `courier.Courier` (what its messages are made of, and how one leaves) and a
`trade.Trade` (its channel, its words, its limits); all that must be right for each of them alike is here: the durable
mark, what is given back, what a kill leaves, when the next run is due.
"""
