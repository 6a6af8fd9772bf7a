"""A small tea shop on django-oscar whose checkout pays at Florin's cashier."""
