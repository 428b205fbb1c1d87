rule "Pump cavitation"
