"""What a notebook holds: a rig that speaks, shows itself and checks exercises."""
