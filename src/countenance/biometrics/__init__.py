"""Ground floor: the vocabulary of face biometrics, after ISO/IEC 2382-37 and 19795-1. Values only, no I/O."""
