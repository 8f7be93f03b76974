# The tests ask real servers which of them leads.
set(PINFOLD_TEST_LIBRARIES PkgConfig::nats)
