local pump = { title = "Pump cavitation" }
