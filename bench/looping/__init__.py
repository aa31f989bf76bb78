"""A month of customers who react to answers of known quality, and what is learned from them."""
