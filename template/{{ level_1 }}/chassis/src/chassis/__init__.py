"""What every service of this project stands on."""
