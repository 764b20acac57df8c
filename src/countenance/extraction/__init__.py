"""Engine: photograph -> samples -> templates, by model pack, in subprocesses that hold no keys and open no files."""
