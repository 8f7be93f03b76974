# The API is tested over the real engine and store.
set(PINFOLD_TEST_LIBRARIES pinfold_store pinfold_engine)
