"""Path: request -> verify -> access | erase | suppress -> receipt."""
