"""Engine: may this be done? Cedar packs in, `Permitted` or `Refused` out; the only mint of a `Grant`."""
