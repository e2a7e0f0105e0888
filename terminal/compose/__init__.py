"""Where concrete devices are named: a configuration and a state directory become a terminal."""
