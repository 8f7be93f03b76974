# The chain test changes the database behind the store's back.
set(PINFOLD_TEST_LIBRARIES soci)
