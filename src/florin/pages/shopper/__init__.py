"""A shopper's own pages: what she has, her orders, her bill, and the code that she shows at a till."""
