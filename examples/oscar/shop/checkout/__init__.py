"""Oscar's checkout, forked: it ends at the cashier, and orders are paid when the gateway says so."""
