"""Client of the e-mail marketing service Doppler: plain Python, no ``env``."""
