#include "base/crypto.hpp"
#include "store/store.hpp"

namespace pinfold::store {

std::string Process::unique_process_name() { return random_token(120); }

}  // namespace pinfold::store
