"""Payments: through Stripe and PayPal, whose pages take the card data; none of it comes here.

The business API opens a payment and asks for refunds. What became of it is never told by a request:
a webhook only wakes a worker, which asks the provider what is so now, and the data service writes
that down if the payment can have come to it. What nobody knows is `unknown`, and is looked up.
"""
