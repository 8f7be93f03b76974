// Carries the precompiled header (cmake/pinfold.cmake); has no code of its own.
