# The chain tests change the database behind the store's back.
set(PINFOLD_TEST_LIBRARIES soci)
set(PINFOLD_TEST_SERVERS postgres)
