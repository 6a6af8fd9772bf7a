"""Pages: what people see. The cashier, a shopper's own pages and the merchant's, on Django under WSGI.

A page sends commands to the engine (`engine.py`) and reads money with `florin.queries`; its own tables (`pages_*`: who
signs in, with which PIN) are all that its database role may change. A view asks one question, shapes the answer into a
small dataclass in words and amounts ready to print, and renders; a template has no query and no arithmetic. Every page
works without JavaScript, in Chinese and in English (`texts/`), and loads nothing from anywhere else.
"""
