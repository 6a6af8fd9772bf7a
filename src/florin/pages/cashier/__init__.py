"""The cashier: where a shopper pays a trade. `page.py` shapes what is shown, `views.py` takes the form to the engine."""
