"""What made a result: the code a consumer imports, and the machine it ran on."""
