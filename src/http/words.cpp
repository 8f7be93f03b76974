#include "http/words.hpp"

namespace pinfold {
const std::vector<EmbeddedFile>& pages_files();
}

namespace pinfold::http {

Words words_of(std::string_view page, std::string_view language) { return read_words(pages_files(), page, language); }

}  // namespace pinfold::http
