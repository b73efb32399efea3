"""What a notebook uses: a rig that prints, shows itself and checks exercises."""
